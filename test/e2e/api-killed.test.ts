/**
 * The daemon is killed while the SDK waits or reads. Each time on a state folder of its own: one that dies often leaves its clusters alone.
 */
import { describe, expect, it } from "vitest"
import { startProgram, use } from "./api.ts"
import { eventually, Home, kill } from "./home.ts"

const quiet = { streamLogs: false } as const
const lines = (to: number) => Array.from({ length: to }, (_, i) => `line ${i + 1}\n`).join("")

const withCluster = async () => {
  const home = new Home()
  const sky = use(home)
  await sky.launch(new sky.Task(), { clusterName: "a", ...quiet })
  const counting = (to: number) => new sky.Task({ run: `for i in $(seq ${to}); do echo line $i; sleep 0.05; done` })
  return { home, sky, counting }
}

describe("over a daemon that is killed", () => {
  it("tailLogs goes on, without a gap and without a double", async () => {
    const { counting, home, sky } = await withCluster()
    const { jobId } = await sky.exec(counting(40), "a", { detachRun: true, ...quiet })
    let text = ""
    for await (const piece of sky.tailLogs("a", { jobId })) {
      if (text === "") kill(await home.daemonPid())
      text += piece.text
    }
    expect(text).toBe(lines(40))
    expect(await sky.jobStatus("a", { jobIds: [jobId!] })).toEqual({ [jobId!]: "SUCCEEDED" })
  })

  it("events go on", async () => {
    const { home, sky } = await withCluster()
    const seqs: Array<number> = []
    let head = 0
    for await (const { seq } of sky.events()) head = seq
    const restarted = (async () => {
      kill(await home.daemonPid())
      await sky.exec(new sky.Task({ run: "true" }), "a", quiet)
    })()
    for await (const { event, seq } of sky.events({ follow: true, after: head })) {
      seqs.push(seq)
      if (event._tag === "JobEnded") break
    }
    await restarted
    expect(seqs).toEqual(seqs.map((_, i) => head + 1 + i))
  })

  it("launch goes on and runs once", async () => {
    const { home, sky } = await withCluster()
    const task = new sky.Task({ setup: "echo set-up >> ~/setups; sleep 0.5", run: "cat ~/setups; sleep 1" })
    const going = sky.launch(task, { clusterName: "k", ...quiet })
    await eventually(
      async () => (await sky.status({ clusterNames: "k" }))[0]?.status === "UP" || (await sky.queue("k").catch(() => [])).length > 0
    )
    kill(await home.daemonPid())
    expect(await going).toMatchObject({ jobId: 1, handle: { clusterName: "k" } })
    expect(await sky.queue("k")).toMatchObject([{ jobId: 1, status: "SUCCEEDED" }])
    let text = ""
    for await (const piece of sky.tailLogs("k")) text += piece.text
    expect(text).toBe("set-up\n")
  })

  it("exec goes on and prints each line once", async () => {
    const { home } = await withCluster()
    const text = `const task = new sky.Task({ run: "for i in $(seq 20); do echo line $i; sleep 0.1; done" })
      await sky.exec(task, "a")`
    const { child, ended } = startProgram(home, text)
    await new Promise<void>((seen) => child.stdout.once("data", () => seen()))
    kill(await home.daemonPid())
    const { code, out } = await ended
    expect([code, out.replaceAll(/\(.*?\) /g, "")]).toEqual([0, lines(20)])
  })
})
