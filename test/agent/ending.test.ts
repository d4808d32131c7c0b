/** Cancel, halt, exit, and a folder that is gone: nothing of a job is left. With real process trees. */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { endProcesses, markedEnvironment } from "../../agent/leftovers.ts"
import { environmentOf, processOf } from "../../agent/processes.ts"
import { cleanUp, cluster, eventually, Follower, job, read, type TestNode } from "./harness.ts"

afterAll(cleanUp)

const pidsIn = (node: TestNode, file: string) => read(node.home(file)).trim().split("\n").map(Number)
const gone = (pid: number) => processOf(pid) === null || processOf(pid)!.state === "Z"

const escapees = `
setsid sh -c 'echo $$ >> ~/pids; sleep 60' &
( ( sh -c 'echo $$ >> ~/pids; sleep 60' & ) & )
sh -c 'trap "" TERM; echo $$ >> ~/pids; while :; do sleep 1; done' &
env -i HOME="$HOME" PATH="$PATH" sh -c 'echo $$ >> ~/pids; sleep 60' &
until [ "$(wc -l < ~/pids)" = 4 ]; do sleep 0.02; done
touch ~/up
`

describe("cancel", () => {
  it("ends a child in its own session, a double fork, one that ignores TERM and one without environment", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, `${escapees} wait`)] })
    await eventually(() => fs.existsSync(head.home("up")))
    const pids = pidsIn(head, "pids")
    expect(pids.some(gone)).toBe(false)
    await client.call("cancel", { jobs: [1] })
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "CANCELLED", reason: null })
    expect(pids.every(gone)).toBe(true)
  }, 25_000)

  it("drops a pending job at once, and changes nothing of one that has ended", async () => {
    const { head } = await cluster({ cpus: 0.5 })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "sleep 60"), job(2, "true")] })
    await client.call("cancel", { jobs: [2] })
    expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "CANCELLED", returnCodes: [], reason: null })
    await client.call("cancel", { jobs: [1] })
    await follower.fact("JobEnded", 1)
    const entries = follower.entries.length
    await client.call("cancel", { jobs: [1, 2, 77] })
    expect(follower.entries).toHaveLength(entries)
  })

  it("takes a job that was submitted in the same breath", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    const submitted = client.call("submit", { jobs: [job(1, "sleep 60")] })
    await client.call("cancel", { jobs: [1] })
    await submitted
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "CANCELLED" })
  })

  it("launch-33: ends a detached setup's process tree", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "true", { setup: "setsid sh -c 'echo $$ > ~/pids; sleep 60' & sleep 60" })] })
    await eventually(() => read(head.home("pids")) !== "")
    await client.call("cancel", { jobs: [1] })
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "CANCELLED" })
    expect(pidsIn(head, "pids").every(gone)).toBe(true)
  })
})

describe("a job that has ended", () => {
  it("leaves nothing behind that keeps its place, and then the next one starts", async () => {
    const { head } = await cluster({ cpus: 0.5 })
    const follower = await Follower.of(head)
    const client = await head.client()
    const run = "setsid sh -c 'echo $$ > ~/pids; sleep 60' & until test -s ~/pids; do sleep 0.01; done"
    await client.call("submit", {
      jobs: [job(1, run), job(2, 'read p < ~/pids; grep -q "^State:.[^Z]" /proc/$p/status && exit 9; exit 0')]
    })
    expect(await follower.fact("JobEnded", 1)).toMatchObject({ status: "SUCCEEDED" })
    expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "SUCCEEDED" })
  })
})

describe("halt", () => {
  it("fails every job of the cluster, then takes none until the node is started again", async () => {
    const { nodes, head } = await cluster({ nodes: 2, cpus: 0.5 })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "sleep 60", { numNodes: 2 }), job(2, "true")] })
    await follower.fact("JobStarted", 1)
    const { lastEntry } = await client.call("halt", { reason: "the cluster is being stopped" })
    await follower.client.until(() => (follower.entries.length === lastEntry ? true : undefined))
    const ends = follower.facts.filter(({ _tag }) => _tag === "JobEnded")
    expect(ends).toMatchObject([
      { job: 2, status: "FAILED", returnCodes: [], reason: "the cluster is being stopped" },
      { job: 1, status: "FAILED", returnCodes: [137, 137], reason: "the cluster is being stopped" }
    ])
    await expect(client.call("submit", { jobs: [job(3, "true")] })).rejects.toMatchObject({ tag: "Halted" })
    await head.kill()
    expect(await head.start()).toMatchObject({ halted: true })
    for (const node of nodes) await (await node.client()).call("exit", { how: "Stopped" })
    await Promise.all(nodes.map((node) => node.gone()))
    for (const node of nodes) node.boot()
    expect(await head.start()).toMatchObject({ halted: false })
    expect(await (await head.client()).call("submit", { jobs: [job(3, "true")] })).toEqual({ taken: [3], refused: [] })
  })

  it("is over once the cluster is wanted again, and stays over when the agent dies", async () => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("halt", { reason: "the cluster was torn down" })
    await client.call("resume", {})
    expect(await client.call("submit", { jobs: [job(1, "true")] })).toEqual({ taken: [1], refused: [] })
    await head.kill()
    expect(await head.start()).toMatchObject({ halted: false })
  })
})

describe("exit", () => {
  it("ends what runs, writes how, answers, and ends the agent; the folder takes none until it is started", async () => {
    const { head } = await cluster()
    const client = await head.client()
    const script = "setsid sh -c 'echo $$ > ~/pids; sleep 60' &"
    await client.call("setup", { operation: "op", runTimestamp: "sky-s", script, envs: {}, secrets: {}, accelerators: 0 })
    await (await Follower.of(head)).fact("SetupEnded")
    await eventually(() => read(head.home("pids")) !== "")
    expect(pidsIn(head, "pids").some(gone)).toBe(false)
    expect(await client.call("exit", { how: "Down" })).toEqual({})
    await head.gone()
    expect(pidsIn(head, "pids").every(gone)).toBe(true)
    expect(JSON.parse(read(join(head.root, "ended")))).toEqual({ how: "Down", by: "request", atMs: expect.any(Number) })
    await expect(head.start()).rejects.toThrow(/must be started by its cloud/)
  })
})

describe("a process of another user", () => {
  it.runIf(process.getuid?.() === 0)("is not read, and not ended for what its environment says", async () => {
    const { head } = await cluster()
    const id = head.identity.cluster
    const folder = head.root
    const other = spawn("sleep", ["60"], {
      uid: 65534,
      detached: true,
      env: markedEnvironment({ folder, job: `${id}/1` }),
      stdio: "ignore"
    })
    await eventually(() => read(`/proc/${other.pid}/comm`) === "sleep\n")
    expect(environmentOf(other.pid!)).toBe("")
    await endProcesses({ folder, job: `${id}/` })
    expect(gone(other.pid!)).toBe(false)
    other.kill("SIGKILL")
  })
})

describe("a folder that is gone", () => {
  it("takes its jobs and its agent with it", async () => {
    const { head } = await cluster()
    await (await head.client()).call("submit", { jobs: [job(1, "echo $$ > ~/pids; sleep 60")] })
    await eventually(() => read(head.home("pids")) !== "")
    const [pid] = pidsIn(head, "pids")
    fs.renameSync(head.root, `${head.root}-trash`)
    await head.gone()
    expect(gone(pid!)).toBe(true)
  }, 20_000)
})
