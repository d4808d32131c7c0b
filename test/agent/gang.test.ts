/** Jobs over several nodes, with real agents. */
import * as fs from "node:fs"
import { afterAll, describe, expect, it } from "vitest"
import { cleanUp, cluster, eventually, Follower, job, read } from "./harness.ts"

afterAll(cleanUp)

const go = (file: string) => `until test -e ~/${file}; do sleep 0.02; done`

describe("a gang", () => {
  it("task-19: runs the same text on each node, with ranks and addresses", async () => {
    const { nodes, head } = await cluster({ nodes: 2 })
    const client = await head.client()
    const run = 'echo "$SKYPILOT_NODE_RANK of $SKYPILOT_NUM_NODES"; echo "$SKYPILOT_NODE_IPS"'
    await client.call("submit", { jobs: [job(1, run, { numNodes: 2 })] })
    expect(await client.call("logs", { job: 1, follow: true })).toEqual({ status: "SUCCEEDED", returnCodes: [0, 0], reason: null })
    expect(client.output(0).toString()).toBe("0 of 2\n127.0.1.1\n127.0.1.2\n")
    expect(client.output(1).toString()).toBe("1 of 2\n127.0.1.1\n127.0.1.2\n")
    const started = await (await Follower.of(head)).fact("JobStarted")
    const [first, second] = started.ranks
    expect(client.prefixes().sort()).toEqual([`(head, rank=0, pid=${first!.pid}) `, `(worker1, rank=1, pid=${second!.pid}, ip=127.0.1.2) `])
    const file = "sky_logs/sky-2026-01-01-00-00-00-000001/tasks/1-worker1.log"
    expect(read(nodes[1]!.home(file))).toContain("1 of 2")
  })

  it("ends as a whole when one rank fails: its peers are killed and recorded as 137", async () => {
    const { head } = await cluster({ nodes: 2 })
    const follower = await Follower.of(head)
    const run = 'if [ "$SKYPILOT_NODE_RANK" = 1 ]; then exit 3; fi; sleep 60'
    await (await head.client()).call("submit", { jobs: [job(1, run, { numNodes: 2 })] })
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "FAILED", returnCodes: [137, 3], reason: "exit 3 on rank 1" })
  })

  it("does not mind that one rank is over long before another", async () => {
    const { nodes, head } = await cluster({ nodes: 2 })
    const follower = await Follower.of(head)
    const run = `if [ "$SKYPILOT_NODE_RANK" = 1 ]; then touch ~/up; ${go("go")}; fi`
    await (await head.client()).call("submit", { jobs: [job(1, run, { numNodes: 2 })] })
    await eventually(() => fs.existsSync(nodes[1]!.home("up")))
    await new Promise((resolve) => setTimeout(resolve, 200))
    fs.writeFileSync(nodes[1]!.home("go"), "")
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "SUCCEEDED", returnCodes: [0, 0] })
  })

  it("exec-07: a job of one node runs where there is room", async () => {
    const { nodes, head } = await cluster({ nodes: 2, cpus: 0.5 })
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, go("go")), job(2, "touch ~/here")] })
    expect((await follower.fact("JobStarted", 2)).ranks).toMatchObject([{ rank: 0, nodeRank: 1 }])
    await follower.fact("JobEnded", 2)
    expect(fs.existsSync(nodes[1]!.home("here"))).toBe(true)
    fs.writeFileSync(head.home("go"), "")
    await follower.fact("JobEnded", 1)
  })

  it("goes on while a worker's agent is killed and started again, and its exit and log are known", async () => {
    const { nodes, head } = await cluster({ nodes: 2 })
    const follower = await Follower.of(head)
    const run = `echo one; if [ "$SKYPILOT_NODE_RANK" = 1 ]; then ${go("go")}; echo two; exit 4; fi`
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, run, { numNodes: 2 })] })
    await follower.fact("JobStarted")
    const logs = client.call("logs", { job: 1, follow: true, rank: 1 })
    await client.until(() => (client.output(1).toString() === "one\n" ? true : undefined))
    await nodes[1]!.kill()
    fs.writeFileSync(nodes[1]!.home("go"), "")
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(follower.facts).toHaveLength(1)
    await nodes[1]!.start()
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "FAILED", returnCodes: [0, 4], reason: "exit 4 on rank 1" })
    expect(await logs).toMatchObject({ status: "FAILED" })
    expect(client.output(1).toString()).toBe("one\ntwo\n")
  })

  it("ends its log when it ends, also when a worker that was done is gone for good", async () => {
    const { nodes, head } = await cluster({ nodes: 2 })
    const follower = await Follower.of(head)
    const client = await head.client()
    const worker = await nodes[1]!.client()
    worker.call("rank.watch" as never, {} as never, "watch").catch(() => {})
    await client.call("submit", { jobs: [job(1, `if [ "$SKYPILOT_NODE_RANK" = 0 ]; then ${go("go")}; fi`, { numNodes: 2 })] })
    await follower.fact("JobStarted")
    await worker.until(() => worker.frames.find(({ data }) => (data.view as { quiet?: boolean } | undefined)?.quiet))
    await nodes[1]!.kill()
    const logs = client.call("logs", { job: 1, follow: true })
    await client.until(() => client.prefixes()[1])
    fs.writeFileSync(head.home("go"), "")
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "SUCCEEDED", returnCodes: [0, 0] })
    expect(await logs).toMatchObject({ status: "SUCCEEDED" })
  })

  it("is adopted by a head that was killed and started again", async () => {
    const { nodes, head } = await cluster({ nodes: 2 })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, go("go"), { numNodes: 2 })] })
    await follower.fact("JobStarted")
    await head.kill()
    fs.writeFileSync(nodes[1]!.home("go"), "")
    await head.start()
    fs.writeFileSync(head.home("go"), "")
    const again = await Follower.of(head)
    expect(await again.fact("JobEnded")).toMatchObject({ status: "SUCCEEDED", returnCodes: [0, 0] })
    expect(again.facts.map(({ _tag }) => _tag)).toEqual(["JobStarted", "JobEnded"])
  })

  it("is cancelled on all nodes", async () => {
    const { head } = await cluster({ nodes: 2 })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "sleep 60", { numNodes: 2 }), job(2, "true", { numNodes: 2 })] })
    await follower.fact("JobStarted", 1)
    await client.call("cancel", { jobs: [1] })
    expect(await follower.fact("JobEnded", 1)).toMatchObject({ status: "CANCELLED", returnCodes: [137, 137] })
    expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "SUCCEEDED" })
  })

  it("is cancelled at once while a worker that has not been told of it is away, and is not begun there later", async () => {
    const { nodes, head } = await cluster({ nodes: 2 })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "true", { numNodes: 2 })] })
    await follower.fact("JobEnded", 1)
    await nodes[1]!.kill()
    await client.call("submit", { jobs: [job(2, "touch ~/two; sleep 60", { numNodes: 2 }), job(3, "touch ~/three", { numNodes: 2 })] })
    await eventually(() => fs.existsSync(head.home("two")))
    await client.call("cancel", { jobs: [2] })
    expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "CANCELLED", returnCodes: [137, 137] })
    await nodes[1]!.start()
    expect(await follower.fact("JobEnded", 3)).toMatchObject({ status: "SUCCEEDED" })
    expect(["two", "three"].map((file) => fs.existsSync(nodes[1]!.home(file)))).toEqual([false, true])
  })

  it("that was placed by an agent before this one is cancelled when its worker is back: who knows how far it came", async () => {
    const { nodes, head } = await cluster({ nodes: 2 })
    const first = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, `touch ~/up; ${go("never")}`, { numNodes: 2 })] })
    await first.fact("JobStarted")
    await nodes[1]!.kill()
    await head.kill()
    await head.start()
    const follower = await Follower.of(head)
    const again = await head.client()
    await again.call("cancel", { jobs: [1] })
    await again.call("submit", { jobs: [job(2, "sleep 0.3")] })
    await follower.fact("JobEnded", 2)
    expect(follower.facts.filter((fact) => "job" in fact && fact.job === 1).map(({ _tag }) => _tag)).toEqual(["JobStarted"])
    await nodes[1]!.start()
    expect(await follower.fact("JobEnded", 1)).toMatchObject({ status: "CANCELLED", returnCodes: [137, 137] })
  })

  it("and setups run exactly once on each node, whichever agent is killed, and whenever", async () => {
    const { nodes, head } = await cluster({ nodes: 2, cpus: 2 })
    const ids = Array.from({ length: 24 }, (_, index) => index + 1)
    const spec = (id: number) => {
      const setup = id % 3 === 0 ? `echo ${id} >> ~/setups` : null
      return job(id, `echo ${id} >> ~/ran; sleep 0.0${id % 7}`, { numNodes: 1 + (id % 2), setup })
    }
    const submit = async () => (await head.client()).call("submit", { jobs: ids.map(spec) }).catch(() => {})
    submit()
    for (const [round, pauseMs] of [20, 7, 55, 31, 80, 3, 44, 12].entries()) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      const node = nodes[round % 2]!
      await node.kill()
      await node.start()
      if (node === head) submit()
    }
    const follower = await Follower.of(head)
    await Promise.all(ids.map((id) => follower.fact("JobEnded", id)))
    const ends = follower.facts.flatMap((fact) => (fact._tag === "JobEnded" ? [[fact.job, fact.status]] : []))
    expect(ends.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual(ids.map((id) => [id, "SUCCEEDED"]))
    const numbers = (file: string) => nodes.map((node) => read(node.home(file)).trim().split("\n").map(Number))
    expect(numbers("setups").map((all) => all.sort((a, b) => a - b))).toEqual([0, 1].map(() => ids.filter((id) => id % 3 === 0)))
    expect(
      numbers("ran")
        .flat()
        .sort((a, b) => a - b)
    ).toEqual(ids.flatMap((id) => (id % 2 === 1 ? [id, id] : [id])))
  })
})
