/** The journal, alone on a file and behind a real agent's socket. */
import * as fs from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { Journal } from "../../agent/Journal.ts"
import type { JournalEntry, JournalFact } from "../../sdk/agent/protocol.ts"
import { cleanUp, cluster, Follower, job, read } from "./harness.ts"

const folder = fs.mkdtempSync(join(tmpdir(), "skyd-j-"))
afterAll(async () => {
  fs.rmSync(folder, { recursive: true, force: true })
  await cleanUp()
})

let files = 0
const path = () => join(folder, `${files++}.jsonl`)
const fact = (job: number): JournalFact => ({ _tag: "JobSettingUp", job })
const seen = (journal: Journal, after = 0) => {
  const entries: Array<JournalEntry> = []
  journal.follow(after, (more) => entries.push(...more))
  return entries
}

describe("a journal", () => {
  it("has an id of 26 characters and numbers its entries from 1 on without a gap", async () => {
    const journal = new Journal(path(), false)
    expect(journal.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    const entries = seen(journal)
    await Promise.all([journal.append(fact(7)), journal.append(fact(8)), journal.append(fact(9))])
    expect(entries.map(({ n, fact }) => [n, fact])).toEqual([1, 2, 3].map((n) => [n, fact(n + 6)]))
  })

  it("is read again as it was, and resumes after any entry", async () => {
    const file = path()
    const first = new Journal(file, false)
    for (const id of [1, 2, 3]) await first.append(fact(id))
    const second = new Journal(file, false)
    expect([second.id, second.lastEntry]).toEqual([first.id, 3])
    expect(seen(second, 1).map(({ n }) => n)).toEqual([2, 3])
    await second.append(fact(4))
    expect(read(file).trim().split("\n")).toHaveLength(5)
  })

  it("cuts a torn last line off: nobody has seen it", async () => {
    const file = path()
    await new Journal(file, false).append(fact(1))
    fs.appendFileSync(file, '{"n":2,"atMs":1,"fa')
    const journal = new Journal(file, false)
    expect(journal.lastEntry).toBe(1)
    await journal.append(fact(2))
    expect(seen(new Journal(file, false)).map(({ n }) => n)).toEqual([1, 2])
  })

  it.each(["not json", '{"n":7,"atMs":1,"fact":{}}'])("is a new one when it is damaged before its end: %s", async (line) => {
    const file = path()
    const first = new Journal(file, false)
    await first.append(fact(1))
    fs.appendFileSync(file, `${line}\n`)
    const second = new Journal(file, false)
    expect([second.id === first.id, second.lastEntry]).toEqual([false, 0])
  })

  it("keeps the number of an entry that holds nothing: the daemon finds it missing", async () => {
    const file = path()
    const first = new Journal(file, false)
    await first.append(fact(1))
    fs.appendFileSync(file, '{"n":2,"atMs":1,"fact":null}\n')
    const second = new Journal(file, false)
    expect([second.id, second.lastEntry]).toEqual([first.id, 2])
  })

  it("forgets what is acknowledged once it is big, and never numbers again", async () => {
    const file = path()
    const journal = new Journal(file, false)
    const big: JournalFact = { _tag: "JobEnded", job: 1, status: "FAILED", returnCodes: [1], reason: "x".repeat(10_000) }
    for (let n = 1; n <= 30; n++) await journal.append(big)
    let synced = 0
    journal.acknowledge(29, () => synced++)
    expect(synced).toBe(1)
    expect(fs.statSync(file).size).toBeLessThan(20_000)
    const again = new Journal(file, false)
    expect([again.id, again.lastEntry, again.allAcknowledged]).toEqual([journal.id, 30, false])
    expect(seen(again).map(({ n }) => n)).toEqual([30])
    again.acknowledge(1_000_000, () => {})
    await again.append(big)
    expect([again.lastEntry, again.allAcknowledged]).toEqual([31, false])
  })
})

describe("an agent's socket", () => {
  it("keeps entries until they are acknowledged, over restarts, and resumes where the reader was", async () => {
    const { head } = await cluster()
    const first = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, "true"), job(2, "true")] })
    await first.fact("JobEnded", 1)
    await first.fact("JobEnded", 2)
    await head.kill()
    expect(await head.start()).toMatchObject({ lastEntry: 4 })
    const second = await Follower.of(head, 2)
    await second.client.until(() => (second.entries.length === 2 ? true : undefined))
    expect(second.entries.map(({ n }) => n)).toEqual([3, 4])
    await (await head.client()).call("journal.acknowledge", { upTo: 4 })
  })

  it("in which an entry holds nothing does not keep the agent from starting", async () => {
    const { head } = await cluster()
    await (await head.client()).call("submit", { jobs: [job(1, "true")] })
    await (await Follower.of(head)).fact("JobEnded")
    await head.kill()
    fs.appendFileSync(join(head.root, "agent/journal.jsonl"), '{"n":3,"atMs":1,"fact":null}\n')
    expect((await head.start()).lastEntry).toBe(3)
  })

  it("refuses who looks for another cluster or node, unknown methods, and lines that are no frames", async () => {
    const { head } = await cluster()
    const client = await head.client()
    const { cluster: id, node } = head.identity
    expect(await client.call("hello", { cluster: id, node })).toMatchObject({
      cluster: id,
      node,
      rank: 0,
      build: expect.stringMatching(/^[0-9a-f]{64}$/)
    })
    await expect(client.call("hello", { cluster: id, node: "other" })).rejects.toMatchObject({ tag: "AnotherNode" })
    await expect(client.call("toString" as never, {} as never)).rejects.toMatchObject({ tag: "ValueError" })
    await expect(client.call("submit", {} as never)).rejects.toMatchObject({ tag: "InternalError" })
    client.socket.write("nonsense\n")
    await client.until(() => client.frames.find(({ type, data }) => type === "failure" && data.id === null))
    await new Promise<void>((resolve) => (client.closed ? resolve() : client.socket.once("close", () => resolve())))
    expect(await (await head.client()).call("hello", { cluster: id, node })).toMatchObject({ node })
  })

  it("takes a frame of 12 MiB", async () => {
    const { head } = await cluster()
    const filler = "x".repeat(12 * 1024 * 1024)
    expect(await (await head.client()).call("activity", { filler })).toEqual({})
  })

  it("closes on a frame over 16 MiB, and goes on", async () => {
    const { head } = await cluster()
    const socket = connect(head.identity.socket)
    socket.on("error", () => {})
    socket.resume()
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()))
    socket.write("x".repeat(17 * 1024 * 1024))
    await closed
    expect(await (await head.client()).call("activity", {})).toEqual({})
  })

  it("lets only its owner in", async () => {
    const { head } = await cluster()
    expect(fs.statSync(head.identity.socket).mode & 0o777).toBe(0o700)
    expect(fs.statSync(join(head.root, "agent")).mode & 0o777).toBe(0o700)
  })
})
