/**
 * Autostop lives on the node. Here a minute lasts 1.5 seconds (the agent's own test aid), so that the real programs can be watched;
 * the rules of the count are shown on a test clock in test/agent.
 */
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { eventually, Home, isAlive, kill, processesOf } from "./home.ts"

const home = new Home({ SKYD_AGENT_MINUTE_MS: "1500" })
const rowOf = async (name: string) => (await home.json("status")).find((row: { name: string }) => row.name === name)
const stopDaemon = async () => {
  const pid = await home.daemonPid()
  kill(pid)
  await eventually(() => !isAlive(pid))
}

describe("autostop", () => {
  it("launch-12, autostop-01, status-24: the cluster stops by itself when idle, and the daemon knows why", async () => {
    await home.sky("launch", "-y", "-c", "a", "-i", "1", "true")
    const row = await eventually(
      () => rowOf("a"),
      (is) => is.status === "STOPPED"
    )
    expect(row.reason).toContain("idle for 1 minute")
    expect(processesOf(home.nodes()[0]!)).toEqual([])
    expect((await home.json("events", "a")).map(({ event }: { event: { _tag: string } }) => event._tag)).toContain("AutostopFired")
  })
  it("fires with the daemon stopped; the daemon learns of it when it is back, and does not start the node again", async () => {
    await home.sky("start", "-y", "a", "-i", "2")
    const agent = home.agentPid()
    await stopDaemon()
    await eventually(() => !isAlive(agent))
    expect(
      await eventually(
        () => rowOf("a"),
        (is) => is.status === "STOPPED"
      )
    ).toMatchObject({ reason: expect.stringContaining("idle for 2 minutes") })
    expect(processesOf(home.nodes()[0]!)).toEqual([])
  })
  it("launch-16, exec-14, autostop-02: with down it is torn down, also after a job that failed", async () => {
    await home.sky("launch", "-y", "-c", "gone", "--down", "exit 3")
    await eventually(async () => (await rowOf("gone")) === undefined)
    await home.sky("launch", "-y", "-c", "gone", "true")
    const call = await home
      .socket()
      .request(1, "exec", { clusterName: "gone", task: { run: "true" }, down: true })
      .answer(1)
    expect(call.data.value.jobId).toBe(2)
    expect(await rowOf("gone")).toMatchObject({ autostop: 1, toDown: true })
    await eventually(async () => (await rowOf("gone")) === undefined)
    expect(home.nodes()).toHaveLength(1)
  })
  it("autodown fires with the daemon stopped: the folder is swept when it is back", async () => {
    await home.sky("launch", "-y", "-c", "swept", "-i", "1", "--down", "true")
    const before = home.nodes()
    await stopDaemon()
    await eventually(() => before.some((path) => existsSync(join(path, "ended"))))
    await eventually(async () => (await rowOf("swept")) === undefined)
    expect(home.nodes()).toHaveLength(before.length - 1)
  })
})

describe("a node that ends otherwise", () => {
  const rebooted = new Home({ SKYD_LOCAL_BOOT_ID: "boot-1" })
  const removed = new Home()
  it("another boot of the machine: STOPPED with the reason, its jobs FAILED", async () => {
    const other = rebooted
    await other.sky("launch", "-y", "-d", "-c", "b", "sleep 300")
    const pids = [await other.daemonPid(), other.agentPid()]
    for (const pid of [...pids, ...processesOf(other.nodes()[0]!)]) kill(pid)
    await eventually(() => pids.every((pid) => !isAlive(pid)))
    other.env["SKYD_LOCAL_BOOT_ID"] = "boot-2"
    const row = await eventually(
      async () => (await other.json("status", "b"))[0],
      ({ status }) => status === "STOPPED"
    )
    expect(row.reason).toContain("the machine was restarted")
    expect((await other.json("queue", "b"))[0]).toMatchObject({ status: "FAILED", reason: expect.stringContaining("restarted") })
    expect((await other.sky("start", "-y", "b")).code).toBe(0)
    expect((await other.sky("exec", "b", "echo back")).out).toContain("back")
  })
  it("its folder is removed by hand: jobs end, and the cluster is gone from the list with the reason in its history", async () => {
    const other = removed
    await other.sky("launch", "-y", "-d", "-c", "c", "sleep 301")
    const folder = other.nodes()[0]!
    rmSync(folder, { recursive: true, force: true })
    await eventually(() => processesOf(folder).length === 0)
    await eventually(async () => (await other.json("status")).length === 0)
  })
})
