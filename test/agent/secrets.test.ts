/** Secrets that a node has lost end what needs them, with the reason: nothing runs without, and the agent lives. */
import * as fs from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { lostSecrets } from "../../agent/submission.ts"
import { cleanUp, cluster, Follower, job, read, type TestNode } from "./harness.ts"

afterAll(cleanUp)

const secrets = { TOKEN: "s3cret" }
const go = (file: string) => `until test -e ~/${file}; do sleep 0.02; done`
const fileOf = (node: TestNode, key: string) => join(node.root, "agent/secrets", `${key}.json`)

/** One job runs, and the next one waits behind it when the agent is killed. */
const waiting = async () => {
  const { head } = await cluster({ cpus: 0.5 })
  const jobs = [job(1, go("go")), job(2, 'echo "ran with $TOKEN" > ~/two', { secrets })]
  await (await head.client()).call("submit", { jobs })
  await (await Follower.of(head)).fact("JobStarted", 1)
  await head.kill()
  return head
}

const losses: ReadonlyArray<readonly [string, (path: string) => void]> = [
  ["is gone", (path) => fs.rmSync(path)],
  ["was cut short", (path) => fs.truncateSync(path, 8)],
  ["is empty", (path) => fs.truncateSync(path, 0)]
]

describe("a file of secrets that", () => {
  it.each(losses)("%s ends its waiting job as FAILED, and the next job runs", async (_, lose) => {
    const head = await waiting()
    lose(fileOf(head, "job-2"))
    await head.start()
    fs.writeFileSync(head.home("go"), "")
    const follower = await Follower.of(head)
    expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "FAILED", reason: lostSecrets })
    await (await head.client()).call("submit", { jobs: [job(3, "true", { secrets })] })
    expect(await follower.fact("JobEnded", 3)).toMatchObject({ status: "SUCCEEDED" })
    expect(read(head.home("two"))).toBe("")
  })

  it.each(losses)("%s ends a setup that has not begun on every node", async (_, lose) => {
    const { nodes, head } = await cluster({ nodes: 2 })
    await nodes[1]!.kill()
    const script = "echo ran >> ~/ran; sleep 60"
    await (await head.client()).call("setup", { operation: "op", runTimestamp: "s", script, envs: {}, secrets, accelerators: 0 })
    await head.kill()
    lose(fileOf(head, "setup-op"))
    await Promise.all([head.start(), nodes[1]!.start()])
    expect(await (await Follower.of(head)).fact("SetupEnded")).toMatchObject({ reason: lostSecrets, lastLines: [] })
    expect(read(nodes[1]!.home("ran"))).toBe("")
  })

  it("is gone does not end a job that runs already", async () => {
    const { head } = await cluster()
    await (await head.client()).call("submit", { jobs: [job(1, go("go"), { secrets })] })
    await (await Follower.of(head)).fact("JobStarted", 1)
    await head.kill()
    fs.rmSync(fileOf(head, "job-1"))
    await head.start()
    fs.writeFileSync(head.home("go"), "")
    expect(await (await Follower.of(head)).fact("JobEnded", 1)).toMatchObject({ status: "SUCCEEDED" })
  })

  it("an older agent kept is found, though its records do not say that there is one", async () => {
    const head = await waiting()
    const records = join(head.root, "agent/records.jsonl")
    fs.writeFileSync(records, read(records).replaceAll(/,"hasSecrets":(true|false)/g, ""))
    await head.start()
    fs.writeFileSync(head.home("go"), "")
    expect(await (await Follower.of(head)).fact("JobEnded", 2)).toMatchObject({ status: "SUCCEEDED" })
    expect(read(head.home("two"))).toBe("ran with s3cret\n")
  })
})
