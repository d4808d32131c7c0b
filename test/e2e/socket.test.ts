/** The socket as scripts use it, and as careless and hostile clients do. */
import { connect } from "node:net"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { eventually, Home, sleep } from "./home.ts"

const home = new Home()
const launch = (clusterName: string, task: object = {}) => ({ clusterName, task })

beforeAll(async () => {
  await home.sky("daemon", "start")
})

describe("a script on the socket", () => {
  it("asks in one line and gets one line", async () => {
    const { data, type } = await home.socket().request(1, "status").answer(1)
    expect({ data, type }).toEqual({ type: "result", data: { id: 1, at: expect.any(Number), value: { clusters: [], notFound: [] } } })
  })
  it("may say hello in the same write, and learns protocol, version and the log's id", async () => {
    const wire = home
      .socket()
      .send({ type: "hello", data: { protocol: { min: 1, max: 1 } } }, { type: "request", data: { id: "s", method: "status" } })
    expect((await wire.until(({ type }) => type === "hello")).data).toMatchObject({
      protocol: { min: 1, max: 1 },
      log: expect.stringMatching(/^[0-9A-Z]{26}$/)
    })
    expect((await wire.answer("s")).type).toBe("result")
  })
  it("is told the schema of every method", async () => {
    const { data } = await home.socket().request(1, "describe").answer(1)
    expect(Object.keys(data.value.methods)).toEqual(expect.arrayContaining(["launch", "exec", "status", "events.follow", "describe"]))
    expect(data.value.methods.stop.params.properties).toHaveProperty("clusterName")
  })
  it("gets its reply after it has closed its half", async () => {
    const wire = home.socket().request(1, "daemon.status")
    wire.socket.end()
    expect((await wire.answer(1)).data.value.pid).toBe(await home.daemonPid())
    await wire.untilClosed()
  })
  it("has many requests answered on one connection", async () => {
    const wire = home.socket()
    for (let id = 0; id < 200; id++) wire.request(id, "status")
    for (let id = 0; id < 200; id++) expect((await wire.answer(id)).type).toBe("result")
  })
})

describe("a request id", () => {
  it("sent twice is one operation and one answer", async () => {
    const [a, b] = [home.socket(), home.socket()]
    a.request(1, "launch", launch("once", { run: "true" }), { requestId: "same" })
    b.request(1, "launch", launch("once", { run: "true" }), { requestId: "same" })
    const answers = [await a.answer(1), await b.answer(1)].map(({ data }) => data.value)
    expect(answers[0]).toMatchObject({ cluster: "once", jobId: 1 })
    expect(answers[1]).toEqual(answers[0])
    const again = await home
      .socket()
      .request(1, "launch", launch("once", { run: "true" }), { requestId: "same" })
      .answer(1)
    expect(again.data.value).toMatchObject({ cluster: "once", jobId: 1 })
    const events = await home.json("events", "--tail", "1000")
    expect(events.filter((fact: { event: { requestId?: string } }) => fact.event.requestId === "same")).toHaveLength(1)
    expect(home.nodes()).toHaveLength(1)
  })
  it("with another request is a conflict", async () => {
    const { data, type } = await home.socket().request(1, "launch", launch("other"), { requestId: "same" }).answer(1)
    expect({ type, tag: data.error.tag, exitCode: data.error.exitCode }).toEqual({ type: "failure", tag: "RequestConflict", exitCode: 6 })
  })
  it("stays known when the daemon has started again", async () => {
    await home.sky("daemon", "restart")
    const again = await home
      .socket()
      .request(1, "launch", launch("once", { run: "true" }), { requestId: "same" })
      .answer(1)
    expect(again.data.value).toMatchObject({ cluster: "once", jobId: 1 })
  })
})

it("two clients that launch the same name at once get one cluster, and both get a job", async () => {
  const wires = Array.from({ length: 6 }, (_, i) => home.socket().request(1, "launch", launch("shared", { run: `echo ${i}` })))
  const ids = await Promise.all(wires.map(async (wire) => (await wire.answer(1)).data.value.jobId))
  expect(ids.toSorted()).toEqual([1, 2, 3, 4, 5, 6])
  expect((await home.json("status", "shared")).length).toBe(1)
  expect(home.nodes()).toHaveLength(2)
})

describe("many jobs at once", () => {
  it("each has a log of its own", async () => {
    const wire = home.socket()
    const first = (await home.json("queue", "shared")).length + 1
    for (let i = 0; i < 20; i++) wire.request(i, "exec", { clusterName: "shared", task: { run: "echo I am $SKYPILOT_INTERNAL_JOB_ID" } })
    for (let i = 0; i < 20; i++) await wire.answer(i)
    await eventually(async () => (await home.json("queue", "shared", "-s")).length === 0)
    for (let id = first; id < first + 20; id++) {
      const reader = home.socket().request(1, "logs", { clusterName: "shared", jobId: id })
      await reader.answer(1)
      const text = reader.frames.filter(({ type }) => type === "log").map(({ data }) => data.text)
      expect(text.join("")).toBe(`I am ${id}\n`)
    }
  })
  it("a backlog of more than any frame holds is told in pieces, also after a restart, and cancelled", async () => {
    const big = { clusterName: "shared", task: { run: `sleep 600 #${"x".repeat(90_000)}` } }
    const wire = home.socket()
    for (let i = 0; i < 120; i++) wire.request(i, "exec", big)
    for (let i = 0; i < 120; i++) expect((await wire.answer(i)).type).toBe("result")
    await home.sky("daemon", "restart")
    expect((await home.sky("cancel", "-a", "-y", "shared")).code).toBe(0)
    expect((await home.sky("exec", "shared", "echo through")).out).toContain("through")
    const events = await home.json("events", "--tail", "400")
    expect(events.filter(({ event }: { event: { _tag: string } }) => event._tag === "RuntimeLost")).toEqual([])
  })
  it("two launches of a new name that differ in their nodes: the larger wins, or is refused, and no job is lost", async () => {
    const wires = [2, 1].map((num_nodes) => home.socket().request(1, "launch", launch("race", { num_nodes, run: "true" })))
    const answers = await Promise.all(wires.map((wire) => wire.answer(1)))
    const [row] = await home.json("status", "race")
    if (answers[0]!.type === "result") expect(row.numNodes).toBe(2)
    await eventually(async () => (await home.json("queue", "race")).every(({ status }: { status: string }) => status === "SUCCEEDED"))
  })
})

describe("bad input is answered and changes nothing", () => {
  const refusals: ReadonlyArray<readonly [string, object, string]> = [
    ["an unknown method", { id: 1, method: "lunch" }, "Did you mean 'launch'?"],
    ["an unknown field", { id: 1, method: "launch", params: { task: { runn: "x" } } }, "unknown field 'runn' in task. Did you mean 'run'?"],
    ["a wrong type", { id: 1, method: "launch", params: { task: { num_nodes: "2" } } }, "task.num_nodes"],
    ["num_nodes: 0", { id: 1, method: "launch", params: { task: { num_nodes: 0 } } }, "from 1 to 1024"],
    [
      "a fraction where a whole number is meant",
      { id: 1, method: "autostop", params: { clusterName: "once", idleMinutes: 1.5 } },
      "idleMinutes: expected a whole number, got 1.5"
    ],
    ["an invalid name", { id: 1, method: "launch", params: { clusterName: "-x", task: {} } }, "Invalid cluster name"],
    ["a relative workdir", { id: 1, method: "exec", params: { clusterName: "once", task: { workdir: "etc", run: "ls" } } }, "not absolute"],
    [
      "an env that no program can be given",
      { id: 1, method: "launch", params: { task: { envs: { A: "x".repeat(128 * 1024 - 1) } } } },
      "an env holds less than 128 KiB"
    ],
    ["a zero byte", { id: 1, method: "launch", params: { task: { run: "a\u0000b" } } }, "zero byte"],
    [
      "a task that no fact can hold",
      { id: 1, method: "launch", params: { task: { envs: { A: "x".repeat(120_000), B: "y".repeat(120_000) } } } },
      "larger than"
    ],
    ["a request id with odd characters", { id: 1, method: "launch", params: { task: {} }, requestId: "a/b" }, "requestId"]
  ]
  it.each(refusals)("%s", async (_, data, words) => {
    const before = (await home.json("daemon", "status")).head
    const wire = home.socket().send({ type: "request", data })
    const answer = await wire.answer(1)
    expect(answer.type).toBe("failure")
    expect(answer.data.error).toMatchObject({ message: expect.stringContaining(words), exitCode: 2 })
    expect((await home.json("daemon", "status")).head).toBe(before)
  })
  it("what is too long to be repeated is answered all the same", async () => {
    const { data } = await home
      .socket()
      .request(1, "stop", { clusterName: "x".repeat(1_048_000) })
      .answer(1)
    expect(data.error).toMatchObject({ tag: "ClusterDoesNotExist" })
    expect(data.error.message.length).toBeLessThan(10_000)
  })

  it("an unknown frame type is answered, and the connection goes on", async () => {
    const wire = home.socket().send({ type: "nonsense", data: { id: 7 } })
    expect((await wire.answer(7)).data.error.message).toContain("no frame type 'nonsense'")
    expect((await wire.request(8, "status").answer(8)).type).toBe("result")
  })
  const bad: ReadonlyArray<readonly [string, string, string]> = [
    ["bytes that are no JSON", "not json\n", "not JSON"],
    ["JSON that is no object", "[1,2]\n", "not a JSON object"],
    ["an object without a type", '{"data":{}}\n', 'no "type"'],
    ["a frame that is too long", `{"type":"request","data":"${"x".repeat(1_100_000)}"}\n`, "longer than"],
    ["a frame that never ends", "x".repeat(1_100_000), "longer than"],
    ["a last line without its end", '{"type":"request"', "no end of line"]
  ]
  it.each(bad)("%s: said, then the connection ends; others are served", async (_, bytes, words) => {
    const wire = home.socket()
    wire.socket.write(bytes)
    if (words === "no end of line") wire.socket.end()
    expect((await wire.until(({ type }) => type === "failure")).data.error).toMatchObject({
      tag: "BadFrame",
      message: expect.stringContaining(words)
    })
    await wire.untilClosed()
    expect((await home.socket().request(1, "status").answer(1)).type).toBe("result")
  })
  it("a bad frame after a good one: the good one is answered first", async () => {
    const wire = home.socket()
    wire.socket.write('{"type":"request","data":{"id":1,"method":"status"}}\nrubbish\n')
    expect((await wire.answer(1)).type).toBe("result")
    expect((await wire.until(({ type }) => type === "failure")).data.error.tag).toBe("BadFrame")
    await wire.untilClosed()
  })
})

describe("streams", () => {
  it("events.follow brings each fact once, from a position on, without a gap", async () => {
    const wire = home.socket().request("f", "events.follow", { after: 0 })
    await home.sky("exec", "once", "true")
    const { head } = await home.json("daemon", "status")
    await wire.until(({ data, type }) => type === "event" && data.event.seq >= head)
    const seqs = wire.frames.filter(({ type }) => type === "event").map(({ data }) => data.event.seq)
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1))
  })
  it("detach ends a stream and nothing else", async () => {
    const wire = home.socket().request("f", "events.follow", { after: 0 })
    await wire.until(({ type }) => type === "event")
    wire.send({ type: "detach", data: { id: "f" } })
    await sleep(100)
    const before = wire.frames.length
    await home.sky("exec", "once", "true")
    expect((await wire.request(2, "status").answer(2)).type).toBe("result")
    expect(wire.frames.slice(before).filter(({ type }) => type === "event")).toEqual([])
  })
  it("a reader that does not read holds nobody up, and gets all of it when it does", async () => {
    const lines = 400_000
    await home.sky("exec", "once", `seq ${lines}`)
    const { id } = (await home.json("queue", "once"))[0]
    const wire = home.socket()
    wire.socket.pause()
    wire.request(1, "logs", { clusterName: "once", jobId: id, follow: true })
    await sleep(500)
    const fast = await home.socket().request(2, "status").answer(2)
    expect(fast.type).toBe("result")
    wire.socket.resume()
    await wire.answer(1)
    const text = wire.frames
      .filter(({ type }) => type === "log")
      .map(({ data }) => data.text)
      .join("")
    expect(text.length).toBe(Array.from({ length: lines }, (_, i) => String(i + 1).length + 1).reduce((a, b) => a + b))
  })
  it("a client that vanishes takes nothing with it", async () => {
    const wire = home.socket().request(1, "launch", launch("vanish", { setup: "sleep 0.5", run: "true" }))
    await eventually(async () => (await home.json("status")).some(({ name }: { name: string }) => name === "vanish"))
    wire.socket.destroy()
    await eventually(async () => (await home.json("queue", "vanish"))[0]?.status === "SUCCEEDED")
  })
})

it("a connection that never speaks and one that sends a byte now and then disturb nobody", async () => {
  const idle = Array.from({ length: 50 }, () => connect(join(home.state, "run", "sock")))
  const slow = home.socket()
  for (const byte of '{"type":"request","data":{"id":1,"method":"status"}}\n') {
    slow.socket.write(byte)
    await sleep(2)
  }
  expect((await slow.answer(1)).type).toBe("result")
  for (const socket of idle) socket.destroy()
})
