/** Autostop with the real agent; a minute takes 200 ms here. The rules themselves are in pure.test.ts. */
import * as fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import os from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it, vi } from "vitest"
import { Autostop, awakeMs } from "../../agent/Autostop.ts"
import { bootId } from "../../agent/processes.ts"
import { emptyState } from "../../agent/state.ts"
import { cleanUp, cluster, Follower, job, read } from "./harness.ts"

afterAll(cleanUp)

const minuteMs = 200
const ended = (root: string) => JSON.parse(read(join(root, "ended")) || "null")
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe("autostop", () => {
  it.each([
    [false, "Stopped"],
    [true, "Down"]
  ])("with down %s ends all nodes of an idle cluster and writes %s", async (down, how) => {
    const { nodes, head } = await cluster({ nodes: 2, minuteMs })
    const follower = await Follower.of(head)
    await (await head.client()).call("autostop", { setting: 1, idleMinutes: 1, down })
    expect(await follower.fact("AutostopFired")).toMatchObject({ idleMinutes: 1, down, idleSinceMs: expect.any(Number) })
    await Promise.all(nodes.map((node) => node.gone()))
    expect(ended(head.root)).toMatchObject({ how, by: "autostop" })
    expect(ended(nodes[1]!.root)).toMatchObject({ how })
    expect(fs.existsSync(head.identity.socket)).toBe(false)
    head.boot()
    expect(await head.start()).toMatchObject({ lastEntry: 1 })
  })

  it("autostop-12: 0 minutes stop an idle cluster at the next look", async () => {
    const { head } = await cluster({ minuteMs })
    await (await head.client()).call("autostop", { setting: 1, idleMinutes: 0, down: false })
    await head.gone()
    expect(ended(head.root)).toMatchObject({ how: "Stopped" })
  })

  it("autostop-03, launch-13: does not fire while a job runs or waits, nor during setup, and counts from the end", async () => {
    const { head } = await cluster({ cpus: 0.5, minuteMs })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("autostop", { setting: 1, idleMinutes: 1, down: false })
    const script = "sleep 0.5"
    await client.call("setup", { operation: "op", runTimestamp: "sky-s", script, envs: {}, secrets: {}, accelerators: 0 })
    await follower.fact("SetupEnded")
    await client.call("submit", { jobs: [job(1, "sleep 0.5"), job(2, "true")] })
    await follower.fact("AutostopFired")
    const last = follower.entries.at(-2)!
    expect(last.fact).toMatchObject({ _tag: "JobEnded", job: 2 })
    expect(follower.entries.at(-1)!.atMs - last.atMs).toBeGreaterThan(minuteMs - 20)
    await head.gone()
  })

  it("is not put off by a restart of the agent", async () => {
    const { head } = await cluster({ minuteMs: 1000 })
    const follower = await Follower.of(head)
    await (await head.client()).call("autostop", { setting: 1, idleMinutes: 2, down: false })
    const setAt = Date.now()
    expect(follower.facts).toEqual([])
    await head.kill()
    await head.start()
    const fired = await (await Follower.of(head)).fact("AutostopFired")
    expect(fired.idleSinceMs).toBeLessThanOrEqual(setAt)
    await head.gone()
  })

  it("autostop-05: survives stop and start, which set idleness to zero", async () => {
    const { head } = await cluster({ minuteMs: 1000 })
    const client = await head.client()
    await client.call("autostop", { setting: 1, idleMinutes: 1, down: false })
    await pause(500)
    await client.call("exit", { how: "Stopped" })
    await head.gone()
    await pause(700)
    head.boot()
    const startedAt = Date.now()
    await head.start()
    const fired = await (await Follower.of(head)).fact("AutostopFired")
    expect(fired.idleSinceMs).toBeGreaterThanOrEqual(startedAt)
    await head.gone()
  })

  it("down waits for its journal to be read, where that goes with the machine", async () => {
    const { head } = await cluster({ powersOff: true, minuteMs })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("autostop", { setting: 1, idleMinutes: 0, down: true })
    await follower.fact("AutostopFired")
    await pause(400)
    expect(head.process!.exitCode).toBeNull()
    await client.call("journal.acknowledge", { upTo: 1 })
    await head.gone()
    expect(ended(head.root)).toMatchObject({ how: "Down" })
  })

  it("takes no job once it has fired", async () => {
    const { head } = await cluster({ minuteMs })
    const client = await head.client()
    client.call("autostop", { setting: 1, idleMinutes: 0, down: false }).catch(() => {})
    await (await Follower.of(head)).fact("AutostopFired").catch(() => {})
    await expect(client.call("submit", { jobs: [job(1, "true")] })).rejects.toThrow()
    await head.gone()
  })

  it("leaves a node that was started its first minute, in which it can be told otherwise and given work", async () => {
    const { head } = await cluster({ minuteMs: 1000 })
    const client = await head.client()
    await client.call("autostop", { setting: 1, idleMinutes: 0, down: false })
    await head.gone()
    head.boot()
    const startedAt = Date.now()
    await head.start()
    await head.kill()
    await pause(300)
    await head.start()
    const again = await head.client()
    const follower = await Follower.of(head)
    await pause(300)
    await again.call("submit", { jobs: [job(1, "sleep 1")] })
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "SUCCEEDED" })
    await head.gone()
    expect(Date.now() - startedAt).toBeLessThan(2600)
  })

  it("counts that minute from the start of the node, not of the agent", async () => {
    const { head } = await cluster({ minuteMs: 1500 })
    const startedAt = Date.now()
    await (await head.client()).call("autostop", { setting: 1, idleMinutes: 0, down: false })
    await pause(1000)
    await head.kill()
    await head.start()
    await head.gone()
    expect(Date.now() - startedAt).toBeLessThan(2400)
  })

  /** Of a cluster that does nothing and whose node was started long ago. */
  const ofAnIdleHead = (idleMinutes: number, idleSinceMs: number) => {
    const setting = { setting: 1, idleMinutes, down: false }
    const state = { ...emptyState("c", "n"), setting, idleSinceMs, idleBoot: bootId(), startedMs: -1e9 }
    const told: Array<string> = []
    const head = {
      store: { state },
      busy: false,
      onStep: () => {},
      reports: { tell: async ({ _tag }: { _tag: string }) => told.push(_tag) },
      folder: { identity: { cloud: "local" } }
    }
    const left = Promise.withResolvers<void>()
    return { autostop: new Autostop(head as never, false, async () => left.resolve()), left, told }
  }

  it("does not count the time that the machine slept, nor a step of the wall clock", async () => {
    const { autostop, told } = ofAnIdleHead(10, awakeMs() - 60_000)
    const upS = os.uptime()
    const atMs = Date.now()
    const slept = [vi.spyOn(os, "uptime").mockReturnValue(upS + 8 * 3600), vi.spyOn(Date, "now").mockReturnValue(atMs + 86_400_000)]
    syncBuiltinESMExports()
    autostop.look()
    for (const spy of slept) spy.mockRestore()
    syncBuiltinESMExports()
    expect(told).toEqual([])
  })

  it("waits for a request that is being worked on", async () => {
    const { autostop, left, told } = ofAnIdleHead(0, 0)
    await autostop.during(async () => {
      autostop.look()
      await pause(50)
      expect(told).toEqual([])
    })
    await left.promise
    expect(told).toEqual(["AutostopFired"])
  })

  it("does not wait for who only looks", async () => {
    const { head } = await cluster({ minuteMs })
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "true")] })
    await client.call("logs", { job: 1, follow: true })
    await Follower.of(head)
    await client.call("autostop", { setting: 1, idleMinutes: 0, down: false })
    await head.gone()
  })

  it("tells of it each time, also when an agent was killed in between", async () => {
    const { head } = await cluster({ minuteMs })
    await (await head.client()).call("autostop", { setting: 1, idleMinutes: 1, down: false })
    for (const fired of [1, 2]) {
      await head.gone()
      head.boot()
      expect(await head.start()).toMatchObject({ lastEntry: fired })
      await head.kill()
      await head.start()
    }
    await head.gone()
  })

  it("tells who reads it only after the next start that it fired, and that this is past", async () => {
    const { head } = await cluster({ minuteMs: 1000 })
    await (await head.client()).call("autostop", { setting: 1, idleMinutes: 1, down: false })
    await head.gone()
    head.boot()
    await head.start()
    const follower = await Follower.of(head)
    expect(await follower.fact("AutostopFired")).toMatchObject({ idleMinutes: 1, down: false, past: true })
    await head.gone()
  })

  it("activity puts it off, a cancelled setting never fires", async () => {
    const { head } = await cluster({ minuteMs })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("autostop", { setting: 1, idleMinutes: 2, down: false })
    for (let n = 0; n < 5; n++) {
      await pause(150)
      await client.call("activity", {})
    }
    expect(follower.facts).toEqual([])
    await client.call("autostop", { setting: 2, idleMinutes: -1, down: true })
    await pause(600)
    expect(follower.facts).toEqual([])
  })
})
