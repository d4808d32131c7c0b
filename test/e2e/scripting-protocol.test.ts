/** What docs/protocol.md says in words, and a client relies on. */
import { beforeAll, describe, expect, it } from "vitest"
import { Home } from "./home.ts"

const home = new Home()
beforeAll(async () => {
  await home.sky("daemon", "start")
})

const request = (id: unknown, method: string, params: object = {}) => JSON.stringify({ type: "request", data: { id, method, params } })
const head = async () => (await home.socket().request(1, "daemon.status").answer(1)).data.value.head as number

describe("frames", () => {
  it("may end with a carriage return, have blanks around them, and empty lines between them", async () => {
    const wire = home.socket()
    wire.socket.write(`\n\r\n  ${request(1, "status")} \r\n\n${request(2, "status")}\n`)
    expect([(await wire.answer(1)).type, (await wire.answer(2)).type]).toEqual(["result", "result"])
  })
  it("may be cut within a character, and bytes that are not UTF-8 become U+FFFD", async () => {
    const wire = home.socket()
    const bytes = Buffer.concat([
      Buffer.from('{"type":"request","data":{"id":"é'),
      Buffer.from([0xff]),
      Buffer.from('","method":"status"}}\n')
    ])
    for (const byte of bytes) wire.socket.write(Buffer.of(byte))
    expect((await wire.answer("é\ufffd")).type).toBe("result")
  })
  it("are answered under an id as it was: 1 and '1' are two", async () => {
    const wire = home.socket().request("1", "events.follow", { after: 0 }).request(1, "status")
    expect((await wire.answer(1)).data.value).toHaveProperty("clusters")
    expect((await wire.until(({ type }) => type === "event")).data.id).toBe("1")
  })
  it("with an id that has no answer yet are refused, and the request goes on", async () => {
    const wire = home.socket().request(1, "events.follow", { after: 0 }).request(1, "status")
    expect((await wire.until(({ type }) => type === "failure")).data).toMatchObject({ id: 1, error: { tag: "BadFrame" } })
    const before = wire.frames.length
    await home.socket().request(1, "launch", { clusterName: "one", task: {} }).answer(1)
    await wire.until((frame) => frame.type === "event" && wire.frames.indexOf(frame) >= before)
  })
})

describe("a request id", () => {
  const stop = (params: object, rest: object) => home.socket().request(1, "autostop", params, rest).answer(1)

  it("takes the same params in another order and of another caller, but null is not absent", async () => {
    const first = await stop({ clusterName: "one", idleMinutes: 5 }, { requestId: "order" })
    const again = await stop({ idleMinutes: 5, clusterName: "one" }, { requestId: "order", caller: { program: "other" } })
    expect(again.data.value).toEqual(first.data.value)
    const other = await stop({ clusterName: "one", idleMinutes: 5, down: null }, { requestId: "order" })
    expect(other.data.error.tag).toBe("RequestConflict")
  })
  it("is free after a refusal", async () => {
    const refused = await stop({ clusterName: "nope", idleMinutes: 5 }, { requestId: "free" })
    expect(refused.data.error.tag).toBe("ClusterDoesNotExist")
    expect((await stop({ clusterName: "one", idleMinutes: 6 }, { requestId: "free" })).type).toBe("result")
  })
  it("that is sent again while its operation runs brings its progress from the start", async () => {
    const launch = { clusterName: "two", task: { setup: "until [ -e gate ]; do sleep 0.05; done", run: "true" } }
    const [one, two] = [home.socket(), home.socket()]
    one.request(1, "launch", launch, { requestId: "again" })
    await one.until(({ data, type }) => type === "progress" && data.phase === "setup")
    two.request(2, "launch", launch, { requestId: "again" })
    await two.until(({ data, type }) => type === "progress" && data.phase === "setup")
    const seen = (wire: typeof one) =>
      wire.frames.filter(({ type }) => type === "progress").map(({ data }) => [data.at, data.phase, data.state])
    expect(seen(two)).toEqual(seen(one))
    await home.socket().request(1, "operations.cancel", { operation: "again" }).answer(1)
    expect((await one.answer(1)).data.error).toEqual((await two.answer(2)).data.error)
  })
  it("of a command that finds nothing to do makes no operation", async () => {
    await home.socket().request(1, "stop", { clusterName: "one" }).answer(1)
    const before = await head()
    const { data } = await home.socket().request(1, "stop", { clusterName: "one" }, { requestId: "idle" }).answer(1)
    expect(data.value).toEqual({ cluster: "one" })
    expect(await head()).toBe(before)
  })
})

describe("events", () => {
  it.each([
    [{ after: 2, limit: 2 }, [3, 4]],
    [{ limit: 1 }, [1]],
    [{ limit: 0 }, []]
  ])("%j are as many as were asked for", async (params, seqs) => {
    const { data } = await home.socket().request(1, "events", params).answer(1)
    expect(data.value.events.map(({ seq }: { seq: number }) => seq)).toEqual(seqs)
  })
  it("of one cluster are counted after the others were left out", async () => {
    const { data } = await home.socket().request(1, "events", { clusterName: "one", limit: 3 }).answer(1)
    expect(data.value.events.map(({ event }: { event: { _tag: string } }) => event._tag)).toEqual([
      "ClusterCreated",
      "OperationRequested",
      "LaunchRequested"
    ])
  })
})

describe("events.follow", () => {
  const seqs = (wire: ReturnType<Home["socket"]>) => wire.frames.filter(({ type }) => type === "event").map(({ data }) => data.event.seq)
  const begin = (clusterName: string) => home.socket().request(1, "launch", { clusterName, task: {} }).answer(1)

  it("goes on from the position of an answer, without a gap or a double", async () => {
    const { data } = await home.socket().request(1, "status").answer(1)
    const wire = home.socket().request(1, "events.follow", { after: data.at })
    await begin("three")
    const last = await head()
    await wire.until(({ data, type }) => type === "event" && data.event.seq === last)
    expect(seqs(wire)).toEqual(Array.from({ length: last - data.at }, (_, i) => data.at + 1 + i))
  })
  it("over connections and a restart adds up to the log, from whatever position each begins", async () => {
    const found: Array<number> = []
    for (const part of [5, 3, 8]) {
      const wire = home.socket().request(1, "events.follow", { after: found.at(-1) ?? 0 })
      const upTo = (found.at(-1) ?? 0) + part
      await wire.until(({ data, type }) => type === "event" && data.event.seq === upTo)
      wire.send({ type: "detach", data: { id: 1 } })
      wire.socket.destroy()
      found.push(...seqs(wire).filter((seq) => seq <= upTo))
      if (part === 3) await home.sky("daemon", "restart")
    }
    expect(found).toEqual(Array.from({ length: 16 }, (_, i) => i + 1))
  })
  it("sends nothing more of a stream that was left, and answers no detach", async () => {
    const wire = home
      .socket()
      .request(1, "events.follow")
      .send({ type: "detach", data: { id: 1 } })
    await wire.request(2, "status").answer(2)
    await begin("four")
    await wire.request(3, "status").answer(3)
    expect(wire.frames.filter(({ data }) => data.id === 1)).toEqual([])
  })
})
