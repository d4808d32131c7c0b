/** Streaming output with the real agent: bytes come as they were written. */
import * as fs from "node:fs"
import { dirname } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { incompleteTail } from "../../agent/stream-rank.ts"
import { cleanUp, cluster, eventually, Follower, job } from "./harness.ts"

afterAll(cleanUp)

const shown = async (run: string, more: { tail?: number } = {}) => {
  const { head } = await cluster()
  await (await head.client()).call("submit", { jobs: [job(1, run)] })
  await (await Follower.of(head)).fact("JobEnded")
  const client = await head.client()
  await client.call("logs", { job: 1, follow: true, ...more })
  return client
}

describe("logs", () => {
  it("pass carriage returns, bytes that are no UTF-8 and a last line without newline as they are", async () => {
    const client = await shown(String.raw`printf 'a\rb\n\377\376\000 ä€😀\nno end'`)
    expect(client.output()).toEqual(Buffer.concat([Buffer.from("a\rb\n"), Buffer.from([255, 254, 0]), Buffer.from(" ä€😀\nno end")]))
    expect(client.frames.filter(({ type, data }) => type === "log" && data.text !== "").every(({ data }) => data.base64)).toBe(true)
  })

  it("cut long output between characters, in few frames", async () => {
    const client = await shown("head -c 300000 /dev/zero | tr '\\0' x; for i in $(seq 20000); do echo 'ä€😀'; done")
    const frames = client.frames.filter(({ type }) => type === "log")
    expect(frames.every(({ data }) => data.text !== undefined)).toBe(true)
    expect(frames.length).toBeLessThan(20)
    expect(client.output().toString()).toBe("x".repeat(300_000) + "ä€😀\n".repeat(20_000))
  })

  it.each([
    [3, "8\n9\nlast"],
    [1, "last"],
    [0, ""],
    [100, "1\n2\n3\n4\n5\n6\n7\n8\n9\nlast"]
  ])("show the last %i lines", async (tail, expected) => {
    expect((await shown("seq 1 9; printf last", { tail })).output().toString()).toBe(expected)
  })

  it("go on where each file was; a tail is of those that showed nothing yet", async () => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "seq 4 7", { setup: "printf '1\n€\n3\n'" })] })
    await (await Follower.of(head)).fact("JobEnded")
    await client.call("logs", { job: 1, follow: true, tail: 2 })
    const told = client.frames.flatMap(({ type, data }) => (type === "log" ? [[data.source as string, data.to as number]] : []))
    const [setup, run] = ["setup", "run"].map((name) => `sky_logs/sky-2026-01-01-00-00-00-000001/tasks/${name}.log`)
    expect(told).toEqual([
      [setup, 2],
      [setup, 8],
      [run, 4],
      [run, 8]
    ])
    const again = await head.client()
    await again.call("logs", { job: 1, follow: true, tail: 1, from: { [setup!]: 6, [run!]: null } })
    expect(again.output().toString()).toBe("3\n7\n")
  })

  it("begin where the window began, also when nothing of it had come before the agent was killed", async () => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("submit", {
      jobs: [job(1, "seq 3; touch ~/up; until test -e ~/go; do sleep 0.02; done; seq 4 6; touch ~/wrote; sleep 60")]
    })
    await eventually(() => fs.existsSync(head.home("up")))
    client.call("logs", { job: 1, follow: true, tail: 0 }).catch(() => {})
    const { source, to } = (await client.until(() => client.frames.find(({ type }) => type === "log")))!.data
    await head.kill()
    fs.writeFileSync(head.home("go"), "")
    await eventually(() => fs.existsSync(head.home("wrote")))
    await head.start()
    const again = await head.client()
    again.call("logs", { job: 1, follow: true, tail: 0, from: { [source as string]: to as number } }).catch(() => {})
    await again.until(() => (again.output().toString() === "4\n5\n6\n" ? true : undefined))
  })

  it("find the last lines of a huge file at once", async () => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "true")] })
    await (await Follower.of(head)).fact("JobEnded")
    const path = head.home("sky_logs/sky-2026-01-01-00-00-00-000001/tasks/run.log")
    fs.mkdirSync(dirname(path), { recursive: true })
    fs.truncateSync(path, 5 * 1024 ** 3)
    fs.appendFileSync(path, "\nthe end\n")
    const bytesRead = () => Number(/rchar: (\d+)/.exec(fs.readFileSync(`/proc/${head.process!.pid}/io`, "utf8"))![1])
    const before = bytesRead()
    await client.call("logs", { job: 1, follow: false, tail: 1 })
    expect(client.output().toString()).toBe("the end\n")
    expect(bytesRead() - before).toBeLessThan(16 * 1024 ** 2)
  })

  it("follow a job from before it starts to its end, line by line as they come", async () => {
    const { head } = await cluster({ cpus: 0.5 })
    const client = await head.client()
    const go = (file: string) => `until test -e ~/${file}; do sleep 0.02; done`
    await client.call("submit", { jobs: [job(1, go("one")), job(2, `echo up; ${go("two")}; echo down`)] })
    const answer = client.call("logs", { job: 2, follow: true })
    expect(client.output().toString()).toBe("")
    fs.writeFileSync(head.home("one"), "")
    await client.until(() => (client.output().toString() === "up\n" ? true : undefined))
    fs.writeFileSync(head.home("two"), "")
    expect(await answer).toEqual({ status: "SUCCEEDED", returnCodes: [0], reason: null })
    expect(client.output().toString()).toBe("up\ndown\n")
  })

  it("without follow show what is there, and no status while it runs", async () => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "echo up; sleep 60")] })
    client.call("logs", { job: 1, follow: true }, "stream").catch(() => {})
    await client.until(() => (client.output().toString() === "up\n" ? true : undefined))
    const other = await head.client()
    expect(await other.call("logs", { job: 1, follow: false })).toEqual({ status: null, returnCodes: [], reason: null })
    expect(other.output().toString()).toBe("up\n")
    client.socket.write(`${JSON.stringify({ type: "detach", data: { id: "stream" } })}\n`)
    await client.until(() => client.frames.find(({ type, data }) => type === "result" && data.id === "stream"))
  })

  it("of a job that does not exist are refused by name", async () => {
    const { head } = await cluster()
    await expect((await head.client()).call("logs", { job: 9, follow: true })).rejects.toMatchObject({ tag: "JobDoesNotExist" })
  })

  it.each([1, -1, 0.5])("of a rank that the job does not have are refused, and the ranks are named: %d", async (rank) => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "true")] })
    const wrong = { tag: "ValueError", message: `job 1 has no rank ${rank}: it has rank 0` }
    await expect(client.call("logs", { job: 1, rank, follow: true })).rejects.toMatchObject(wrong)
    await (await Follower.of(head)).fact("JobEnded")
    await expect(client.call("logs", { job: 1, rank, follow: false })).rejects.toMatchObject(wrong)
    expect(await client.call("logs", { job: 1, rank: 0, follow: false })).toMatchObject({ status: "SUCCEEDED" })
  })

  it("of a gang and of setups name all ranks", async () => {
    const { head } = await cluster({ nodes: 2 })
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "true", { numNodes: 2 }), job(2, "true", { setup: "echo $SKYPILOT_SETUP_NODE_RANK" })] })
    const message = (id: number) => `job ${id} has no rank 2: it has ranks 0 to 1`
    for (const id of [1, 2])
      await expect(client.call("logs", { job: id, rank: 2, follow: true })).rejects.toMatchObject({
        tag: "ValueError",
        message: message(id)
      })
    await client.call("logs", { job: 2, rank: 1, follow: true })
    expect(client.output(1).toString()).toBe("1\n")
  })

  it("wait for a slow reader without holding memory or the job", async () => {
    const { head } = await cluster()
    const client = await head.client()
    const slow = await head.client()
    const bytes = 40 * 1024 * 1024
    await client.call("submit", { jobs: [job(1, `head -c ${bytes} /dev/zero | tr '\\0' x`)] })
    slow.socket.pause()
    const answer = slow.call("logs", { job: 1, follow: true })
    await (await Follower.of(head)).fact("JobEnded")
    const rss = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${head.process!.pid}/status`, "utf8"))![1])
    expect(rss).toBeLessThan(150 * 1024)
    slow.socket.resume()
    expect(await answer).toMatchObject({ status: "SUCCEEDED" })
    expect(slow.output().length).toBe(bytes)
  })
})

describe("the cut between characters", () => {
  it.each(["a", "ä", "€", "😀"])("falls before %s unless it is whole", (character) => {
    const bytes = Buffer.from(`x${character}`)
    expect(incompleteTail(bytes)).toBe(0)
    for (let missing = 1; missing < bytes.length - 1; missing++) {
      const part = bytes.subarray(0, bytes.length - missing)
      expect(incompleteTail(part)).toBe(part.length - 1)
    }
  })
})
