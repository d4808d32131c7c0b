/** Another head takes over: what the one before it had ordered is gone from every node before anything of the new one starts there. */
import * as fs from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { endProcesses } from "../../agent/leftovers.ts"
import { isGone, processOf } from "../../agent/processes.ts"
import { cleanUp, cluster, eventually, Follower, job, read, TestNode } from "./harness.ts"

afterAll(cleanUp)

type Cluster = Awaited<ReturnType<typeof cluster>>

const pidsOf = (node: TestNode, file: string) => read(node.home(file)).trim().split("\n").map(Number)
const live = (pid: number) => !isGone(processOf(pid))

/** Says its pid, and hears no TERM: it ends when it is told to. */
const deaf = "trap '' TERM; echo $$ >> ~/old; until test -e ~/go; do sleep 0.02; done"
/** Fails when anything of the old run is still there; a zombie is not. */
const checking =
  "for pid in $(cat ~/old 2> /dev/null); do if grep -q . /proc/$pid/cmdline 2> /dev/null; then exit 9; fi; done; echo $$ >> ~/new"

const begun = async ({ head, nodes }: Cluster, run: string, more: object = {}) => {
  const follower = await Follower.of(head)
  await (await head.client()).call("submit", { jobs: [job(1, run, { numNodes: nodes.length, ...more })] })
  await follower.fact("JobStarted")
  await eventually(() => nodes.every((node) => read(node.home("old")).endsWith("\n")))
}

/** Its machine is gone, with all that ran on it. */
const vanish = async ({ head }: Cluster) => {
  await head.kill()
  fs.writeFileSync(head.home("go"), "")
  await endProcesses({ folder: head.root, job: `${head.identity.cluster}/` })
  fs.rmSync(head.root, { recursive: true })
}

const replace = async ({ head, nodes }: Cluster) => {
  const identity = { ...head.identity, node: `${head.identity.node}-b`, socket: `${head.identity.socket}b` }
  const fresh = new TestNode(identity, `${head.root}-b`, head.env)
  const peers = [fresh, ...nodes.slice(1)].map(({ peer }) => peer)
  nodes.push(fresh)
  await fresh.start()
  await (await fresh.client()).call("configure", { peers })
  return fresh
}

describe("a head on another machine", () => {
  it("runs a job again on all nodes, when nothing of the first run is left on any, whoever is killed meanwhile", async () => {
    const old = await cluster({ nodes: 2 })
    await begun(old, deaf)
    const worker = old.nodes[1]!
    const first = pidsOf(worker, "old")
    await vanish(old)
    const head = await replace(old)
    await (await head.client()).call("submit", { jobs: [job(1, checking, { numNodes: 2 })] })
    await eventually(() => read(join(worker.root, "agent/records.jsonl")).includes('"endingRank"'))
    expect(first.every(live)).toBe(true)
    await worker.kill()
    await worker.start()
    fs.writeFileSync(worker.home("go"), "")
    expect(await (await Follower.of(head)).fact("JobEnded")).toMatchObject({ status: "SUCCEEDED", returnCodes: [0, 0] })
    expect(first.some(live)).toBe(false)
    expect(pidsOf(worker, "new")).toHaveLength(1)
  }, 30_000)

  it("gives work to a worker that still ran a job of another number", async () => {
    const old = await cluster({ nodes: 2, cpus: 0.5 })
    await begun(old, "echo $$ >> ~/old; sleep 60")
    await vanish(old)
    const head = await replace(old)
    await (await head.client()).call("submit", { jobs: [job(7, checking, { numNodes: 2 })] })
    expect(await (await Follower.of(head)).fact("JobEnded")).toMatchObject({ status: "SUCCEEDED", returnCodes: [0, 0] })
  })

  it("is not taken in by how a rank of the first run had ended", async () => {
    const old = await cluster({ nodes: 2 })
    await begun(old, 'echo $$ >> ~/old; if [ "$SKYPILOT_NODE_RANK" = 0 ]; then sleep 60; fi')
    const worker = old.nodes[1]!
    await eventually(() => read(join(worker.root, "agent/ranks/job-1.1/exit")).trim() === "0")
    await vanish(old)
    await worker.kill()
    const head = await replace(old)
    await (await head.client()).call("submit", { jobs: [job(1, 'exit "$SKYPILOT_NODE_RANK"', { numNodes: 2 })] })
    await worker.start()
    expect(await (await Follower.of(head)).fact("JobEnded")).toMatchObject({ status: "FAILED", returnCodes: [expect.any(Number), 1] })
    await eventually(() => fs.readdirSync(join(worker.root, "agent/ranks")).length === 0)
  })

  it("is not disturbed by the old one, should that still be about", async () => {
    const old = await cluster({ nodes: 2 })
    const journal = old.head.ready?.ok ? old.head.ready.hello.journal : ""
    const head = await replace(old)
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, "until test -e ~/go; do sleep 0.02; done", { numNodes: 2 })] })
    await follower.fact("JobStarted")
    const worker = old.nodes[1]!
    const client = await worker.client()
    const said = { key: "job-1", rank: 1, head: journal, script: "touch ~/two", environment: {}, secrets: {}, log: "sky_logs/two" }
    for (const method of ["rank.start", "rank.end", "rank.forget", "exit"])
      await expect(client.call(method as never, { ...said, key: method === "rank.start" ? "job-2" : "job-1" } as never)).rejects.toThrow(
        "another head"
      )
    for (const node of [head, worker]) fs.writeFileSync(node.home("go"), "")
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "SUCCEEDED", returnCodes: [0, 0] })
    expect(fs.existsSync(worker.home("two"))).toBe(false)
  })
})

describe("a head that has lost what it knew", () => {
  it.each(["agent/records.jsonl", "agent/journal.jsonl", "agent"])(
    "without %s begins with nothing of the old run anywhere",
    async (lost) => {
      const old = await cluster({ nodes: 2 })
      await begun(old, "echo $$ >> ~/old; sleep 60")
      const { head, nodes } = old
      const before = head.ready?.ok ? head.ready.hello.journal : ""
      const first = nodes.flatMap((node) => pidsOf(node, "old"))
      await head.kill()
      fs.rmSync(join(head.root, lost), { recursive: true })
      expect((await head.start()).journal).not.toBe(before)
      const client = await head.client()
      await client.call("configure", { peers: nodes.map(({ peer }) => peer) })
      expect(await client.call("submit", { jobs: [job(1, checking, { numNodes: 2 })] })).toEqual({ taken: [1], refused: [] })
      expect(await (await Follower.of(head)).fact("JobEnded")).toMatchObject({ status: "SUCCEEDED", returnCodes: [0, 0] })
      expect(first.some(live)).toBe(false)
    }
  )
})

describe("a worker whose machine is gone", () => {
  it("ends the job and the setup that had a part there, also for a head that begins anew; what needs one node runs on the head", async () => {
    for (const restarts of [false, true]) {
      const old = await cluster({ nodes: 2 })
      const { head, nodes } = old
      await begun(old, "echo $$ >> ~/old; sleep 600")
      const lost = nodes[1]!
      const setup = { operation: "op", runTimestamp: "sky-s", script: "sleep 600", envs: {}, secrets: {}, accelerators: 0 }
      await (await head.client()).call("setup", setup)
      await lost.kill()
      if (restarts) {
        await head.kill()
        await head.start()
      }
      const client = await head.client()
      for (const _ of [1, 2]) await client.call("lost", { nodes: [lost.peer.node, head.peer.node] })
      const follower = await Follower.of(head)
      expect(await follower.fact("JobEnded", 1)).toMatchObject({
        status: "FAILED",
        returnCodes: [137, 137],
        reason: "one of its nodes was lost"
      })
      expect(await follower.fact("SetupEnded")).toMatchObject({ reason: "one of its nodes was lost" })
      await client.call("submit", { jobs: [job(2, "true"), job(3, "true", { numNodes: 2 })] })
      expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "SUCCEEDED" })
      // That waits for another worker.
      await client.call("cancel", { jobs: [3] })
      expect(await follower.fact("JobEnded", 3)).toMatchObject({ status: "CANCELLED" })
    }
  })
})

describe("a worker on another machine", () => {
  it("ends the job and the setup that had a part on the one before, and takes the next", async () => {
    const old = await cluster({ nodes: 2 })
    const { head, nodes } = old
    await begun(old, "echo $$ >> ~/old; sleep 60")
    const client = await head.client()
    const setup = { operation: "op", runTimestamp: "sky-s", script: "sleep 60", envs: {}, secrets: {}, accelerators: 0 }
    await client.call("setup", setup)
    const other = nodes[1]!
    await other.kill()
    const fresh = new TestNode(
      { ...other.identity, node: `${other.identity.node}-b`, socket: `${other.identity.socket}b` },
      `${other.root}-b`,
      other.env
    )
    nodes.push(fresh)
    await fresh.start()
    await client.call("configure", { peers: [head.peer, fresh.peer] })
    const follower = await Follower.of(head)
    expect(await follower.fact("JobEnded", 1)).toMatchObject({
      status: "FAILED",
      returnCodes: [137, 137],
      reason: "one of its nodes was lost"
    })
    expect(await follower.fact("SetupEnded")).toMatchObject({ reason: "one of its nodes was lost" })
    expect(read(fresh.home("old"))).toBe("")
    await client.call("submit", { jobs: [job(2, "true", { numNodes: 2 })] })
    expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "SUCCEEDED" })
  })
})

describe("the same head", () => {
  it("keeps the work of a worker that noted no head yet: an older agent", async () => {
    const { head, nodes } = await cluster({ nodes: 2 })
    const worker = nodes[1]!
    await begun({ head, nodes }, "echo $$ >> ~/old; until test -e ~/go; do sleep 0.02; done")
    for (const node of nodes) {
      await node.kill()
      const path = join(node.root, "agent/records.jsonl")
      const lines = read(path).split("\n")
      fs.writeFileSync(
        path,
        lines
          .filter((line) => !line.includes('"heeded"'))
          .join("\n")
          .replaceAll('"head":null,', "")
      )
      expect(read(path)).not.toContain('"head"')
    }
    for (const node of nodes) await node.start()
    for (const node of [head, worker]) fs.writeFileSync(node.home("go"), "")
    expect(await (await Follower.of(head)).fact("JobEnded")).toMatchObject({ status: "SUCCEEDED", returnCodes: [0, 0] })
    expect(pidsOf(worker, "old")).toHaveLength(1)
  })
})
