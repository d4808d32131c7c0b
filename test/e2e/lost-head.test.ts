/** The head's machine vanishes while jobs run, with the real daemon and real agents: no run is half old and half new. */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { eventually, Home, isAlive, kill } from "./home.ts"

const home = new Home()

interface Job {
  readonly id: number
  readonly status: string
  readonly reason: string | null
}
const jobs = (): Promise<ReadonlyArray<Job>> => home.json("queue", "t")
const jobOf = async (id: number) => (await jobs()).find((job) => job.id === id)!
const identityOf = (node: string) => JSON.parse(readFileSync(join(node, "node.json"), "utf8"))
const lines = (node: string, file: string) => {
  const path = join(node, "home", file)
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : []
}

it("a head that vanishes: what ran is FAILED with the reason and gone everywhere, what waited runs once on all nodes", async () => {
  const task = (name: string, run: string) => home.file(name, `num_nodes: 2\nrun: ${run}\n`)
  const long = task("long.yaml", "echo $$ >> ~/ran; sleep 600")
  await home.sky("launch", "-y", "-d", "-c", "t", long)
  const head = home.nodes().find((node) => identityOf(node).rank === 0)!
  // As many as fit, at half a CPU each.
  const fitting = 2 * identityOf(head).cpus
  for (let id = 2; id <= fitting; id++) await home.sky("exec", "-d", "t", long)
  const ran = () => home.nodes().flatMap((node) => lines(node, "ran").map(Number))
  const old = await eventually(ran, (pids) => pids.length === 2 * fitting)
  await eventually(jobs, (all) => all.every(({ status }) => status === "RUNNING"))
  await home.sky("exec", "-d", "t", task("short.yaml", "echo once >> ~/once"))
  const waits = fitting + 1
  expect((await jobOf(waits)).status).toBe("PENDING")
  expect(old.every(isAlive)).toBe(true)

  kill(home.agentPid(home.nodes().indexOf(head)))
  rmSync(head, { recursive: true })
  await eventually(async () => (await home.json("status"))[0].status === "INIT")
  expect(await home.sky("start", "-y", "t")).toMatchObject({ code: 0 })

  const ended = await eventually(
    () => jobOf(waits),
    (job) => job.status === "SUCCEEDED"
  )
  expect(ended.reason).toBeNull()
  for (const node of home.nodes()) expect(lines(node, "once")).toEqual(["once"])
  for (let id = 1; id < waits; id++) expect(await jobOf(id)).toMatchObject({ status: "FAILED", reason: "its head node was lost" })
  expect(old.some(isAlive)).toBe(false)
})

it("a head whose agent has lost its records: the same, by itself", async () => {
  const id = Math.max(...(await jobs()).map((job) => job.id)) + 1
  await home.sky("exec", "-d", "t", home.file("again.yaml", "num_nodes: 2\nrun: echo $$ >> ~/again; sleep 600\n"))
  const again = () => home.nodes().flatMap((node) => lines(node, "again").map(Number))
  const old = await eventually(again, (pids) => pids.length === 2)
  await eventually(
    () => jobOf(id),
    (job) => job.status === "RUNNING"
  )
  const head = home.nodes().findIndex((node) => identityOf(node).rank === 0)
  kill(home.agentPid(head))
  rmSync(join(home.nodes()[head]!, "agent/records.jsonl"))
  await eventually(
    () => jobOf(id),
    (job) => job.status === "FAILED"
  )
  expect(await jobOf(id)).toMatchObject({ reason: "its head node was lost" })
  await eventually(() => !old.some(isAlive))
  await eventually(async () => (await home.json("status"))[0].status === "UP")
  expect(again()).toEqual(old)
})
