/** The daemon's log was put back from an older backup: it gives numbers and positions again that this agent has met before. */
import * as fs from "node:fs"
import { afterAll, expect, it } from "vitest"
import { cleanUp, cluster, Follower, job, read } from "./harness.ts"

afterAll(cleanUp)

const other = (id: number, run: string) => job(id, run, { runTimestamp: `sky-2026-01-02-00-00-00-${String(id).padStart(6, "0")}` })

it("a job is told from another one under its number, whether that has ended or still runs, and after a restart of the agent", async () => {
  const { head } = await cluster()
  const follower = await Follower.of(head)
  const client = await head.client()
  const jobs = [job(1, "echo first"), job(2, "sleep 600")]
  await client.call("submit", { jobs })
  await follower.fact("JobStarted", 2)
  const { runTimestamp } = await follower.fact("JobEnded", 1)
  expect(runTimestamp).toBe(jobs[0]!.runTimestamp)
  const others = [other(1, "touch ~/ran"), other(2, "touch ~/ran")]
  const answer = { taken: [3], refused: [], others: [1, 2] }
  expect(await client.call("submit", { jobs: [...others, other(3, "true")] })).toEqual(answer)
  await follower.fact("JobEnded", 3)
  await head.kill()
  await head.start()
  const again = await head.client()
  expect(await again.call("submit", { jobs })).toEqual({ taken: [], refused: [] })
  expect(await again.call("submit", { jobs: others })).toEqual({ taken: [], refused: [], others: [1, 2] })
  expect(fs.existsSync(head.home("ran"))).toBe(false)
  await again.call("cancel", { jobs: [2] })
})

it("the output of a job is not shown as that of another one under its number", async () => {
  const { head } = await cluster()
  const client = await head.client()
  await client.call("submit", { jobs: [job(1, "echo first")] })
  await expect(client.call("logs", { job: 1, runTimestamp: other(1, "").runTimestamp, follow: true })).rejects.toMatchObject({
    tag: "JobDoesNotExist"
  })
  await client.call("logs", { job: 1, runTimestamp: job(1, "").runTimestamp, follow: true })
  expect(client.output().toString()).toBe("first\n")
})

it("an autostop of a node that was started since is told as one that is past: it stops nothing again", async () => {
  const { head } = await cluster({ minuteMs: 50 })
  await (await head.client()).call("autostop", { setting: 7, idleMinutes: 0, down: false })
  await head.gone()
  expect(read(`${head.root}/agent/journal.jsonl`)).toContain("AutostopFired")
  head.boot()
  // It holds still, and would end this node too before the job is there.
  head.env.SKYD_AGENT_MINUTE_MS = "60000"
  await head.start()
  const follower = await Follower.of(head)
  await (await head.client()).call("submit", { jobs: [job(1, "true")] })
  await follower.fact("JobEnded", 1)
  expect(follower.entries.map(({ fact, n }) => [n, fact._tag])).toEqual([
    [1, "AutostopFired"],
    [2, "JobStarted"],
    [3, "JobEnded"]
  ])
  expect(follower.entries[0]!.fact).toMatchObject({ past: true })
})
