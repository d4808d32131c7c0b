/** The real daemon under clients that mean no good: many, silent, greedy, deaf, or somebody else's. Others are served meanwhile. */
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, readdirSync, readFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import { beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { limits } from "../../daemon/ipc/limits.ts"
import { eventually, Home, Wire } from "./home.ts"

const home = new Home()
const path = join(home.state, "run", "sock")
let pid = 0

const descriptors = () => readdirSync(`/proc/${pid}/fd`).length
const rssMib = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024
const isServed = async () => {
  const wire = home.socket().request(1, "status")
  const { type } = await wire.answer(1)
  wire.socket.end()
  await wire.untilClosed()
  return type === "result"
}
/** What a daemon opens as it goes on is no leak. */
const slack = 10
/** The kernel queues some hundreds that nobody has accepted yet. */
const atOnce = 250
const opened = async (count: number): Promise<ReadonlyArray<Socket>> => {
  const sockets: Array<Socket> = []
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(atOnce, count - sockets.length) }, () => connect(path))
    await Promise.all(some.map((socket) => once(socket, "connect")))
    await isServed()
    sockets.push(...some)
  }
  return sockets
}
const request = (id: number, method: string, params: object) => `${JSON.stringify({ type: "request", data: { id, method, params } })}\n`

/** Asks, and never reads. */
const deaf = (bytes: string): Socket => {
  const socket = connect(path).pause()
  socket.on("error", () => undefined)
  socket.write(bytes)
  return socket
}

beforeAll(async () => {
  await home.sky("daemon", "start")
  pid = await home.daemonPid()
})

describe("many connections", () => {
  it("a thousand at once are answered, and leave no descriptor behind", async () => {
    const before = descriptors()
    const wires = (await opened(1000)).map((socket) => new Wire(socket))
    for (const wire of wires) wire.request(1, "daemon.status")
    for (const wire of wires) expect((await wire.answer(1)).data.value.pid).toBe(pid)
    expect(await isServed()).toBe(true)
    for (const { socket } of wires) socket.destroy()
    await eventually(() => descriptors() <= before + slack)
  })
  it("one too many is told so, by the name of the limit, and sky says it; when there is room again it is served", async () => {
    const silent = await opened(limits.connectionsMax - 1)
    const last = connect(path)
    await once(last, "connect")
    const late = home.socket()
    expect((await late.until(({ type }) => type === "failure")).data).toMatchObject({
      id: null,
      error: { tag: "LimitExceeded", message: expect.stringContaining("1024 connections"), fields: { limit: "connectionsMax", most: 1024 } }
    })
    await late.untilClosed()
    expect(await home.sky("status")).toMatchObject({ code: 1, err: expect.stringContaining("1024 connections are taken") })
    for (const socket of [...silent, last]) socket.destroy()
    await eventually(async () => (await home.sky("status")).code === 0)
  })
})

describe("who asks and does not read", () => {
  const asks = 1000
  const clients = 20

  it("costs the daemon little: no page is made before it is wanted", async () => {
    await home.sky("launch", "-y", "-c", "big")
    const wire = home.socket()
    // Large facts, so that a page of the log is soon full.
    for (let i = 0; i < 20; i++) wire.request(i, "exec", { clusterName: "big", task: { run: `true #${"x".repeat(90_000)}` } })
    for (let i = 0; i < 20; i++) await wire.answer(i)
    const before = { rssMib: rssMib(), descriptors: descriptors() }
    const all = (method: string, params: object) => Array.from({ length: asks }, (_, id) => request(id, method, params)).join("")
    const sockets = Array.from({ length: clients }, () => deaf(all("events", {})))
    sockets.push(deaf(all("describe", {})), deaf(all("events.follow", { after: 0 })), deaf(all("logs", { clusterName: "big" })))
    const leave = () => {
      for (const socket of sockets) socket.destroy()
    }
    onTestFinished(leave)
    for (let i = 0; i < 20; i++) expect(await isServed()).toBe(true)
    // What they ask for is many gigabytes.
    expect(rssMib() - before.rssMib).toBeLessThan(600)
    leave()
    await eventually(() => descriptors() <= before.descriptors + slack)
    expect(await home.daemonPid()).toBe(pid)
  })
  it("is not read from either, and gets every answer when it reads", async () => {
    const pings = 600_000
    const socket = deaf('{"type":"ping"}\n'.repeat(pings))
    expect(await isServed()).toBe(true)
    let bytes = 0
    socket.on("data", (chunk) => {
      bytes += chunk.length
    })
    socket.resume()
    await eventually(() => bytes === pings * '{"type":"ping","data":{}}\n'.length)
    socket.destroy()
  })
  it("may have so many streams and no more", async () => {
    const wire = home.socket()
    for (let id = 0; id <= limits.streamsMax; id++) wire.request(id, "events.follow")
    expect((await wire.answer(limits.streamsMax)).data.error).toMatchObject({ tag: "LimitExceeded", fields: { limit: "streamsMax" } })
    expect((await wire.request("s", "status").answer("s")).type).toBe("result")
  })
})

describe("what is odd", () => {
  it("an id that no reply can carry is refused, and nothing is done", async () => {
    const wire = home.socket()
    wire.socket.write(`{"type":"request","data":{"id":1e999,"method":"daemon.stop"}}\n`)
    wire.request("x".repeat(300), "daemon.stop").request(1, "status")
    expect((await wire.answer(1)).type).toBe("result")
    const ids = wire.frames.filter(({ type }) => type === "failure").map(({ data }) => [data.id, data.error.message])
    expect(ids).toEqual(Array(2).fill([null, expect.stringContaining("an id is")]))
    expect(await home.daemonPid()).toBe(pid)
  })
  it("a method's name of a million characters is answered like any other that is not there", async () => {
    const { data } = await home.socket().request(1, "s".repeat(1_000_000)).answer(1)
    expect(data.error.message).toContain("There is no method 'sss")
  })
  it("a bad frame beside a stream without end is told, and ends both", async () => {
    const wire = home.socket().request(1, "events.follow")
    wire.socket.write("rubbish\n")
    expect((await wire.until(({ type }) => type === "failure")).data.error.tag).toBe("BadFrame")
    await wire.untilClosed()
  })
  it("a bad frame from who never closes its side leaves no descriptor", async () => {
    const before = descriptors()
    const wires = Array.from({ length: 50 }, () => new Wire(connect({ path, allowHalfOpen: true })))
    for (const { socket } of wires) socket.write("rubbish\n")
    for (const wire of wires) expect((await wire.until(({ type }) => type === "failure")).data.error.tag).toBe("BadFrame")
    await eventually(() => descriptors() <= before + slack)
    for (const { socket } of wires) socket.destroy()
  })
})

const nobody = 65_534
const program = `require("node:net").connect(process.argv[1]).on("error", (e) => { console.log(e.code); process.exit() }).on("connect", () => { console.log("in"); process.exit() })`
const asNobody = () => spawnSync(process.execPath, ["-e", program, path], { uid: nobody, gid: nobody, cwd: "/", env: {}, encoding: "utf8" })
const isRoot = process.getuid?.() === 0
if (!isRoot) console.warn("SKIPPED: that other users are kept out is tested by root only")

it.skipIf(!isRoot)("another user is kept out by the folder, whatever is above it", async () => {
  chmodSync(home.path, 0o755)
  expect(asNobody()).toMatchObject({ stdout: "EACCES\n" })
  // The folder it is: without it they would be in.
  chmodSync(home.state, 0o755)
  chmodSync(join(home.state, "run"), 0o755)
  chmodSync(path, 0o777)
  expect(asNobody()).toMatchObject({ stdout: "in\n" })
  chmodSync(home.state, 0o700)
  chmodSync(join(home.state, "run"), 0o700)
})
