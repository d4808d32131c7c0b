/** The socket's sense of time and room, with a clock of the test's: the daemon's own code in this process, its socket real. */
import { once } from "node:events"
import { connect } from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest"
import { limits } from "../../daemon/ipc/limits.ts"
import { Wire } from "../e2e/home.ts"
import { type InProcess, startInProcess } from "../fuzz/in-process.ts"

let daemon: InProcess
beforeAll(async () => {
  daemon = await startInProcess()
})
afterAll(() => daemon.end())
afterEach(() => void vi.useRealTimers())

const opened = async () => {
  const socket = connect(daemon.socket)
  await once(socket, "connect")
  return new Wire(socket)
}
/** Until the daemon has read what was written before. */
const isServed = async () => (await (await opened()).request(1, "status").answer(1)).type === "result"
const refusal = async (wire: Wire) => (await wire.until(({ type }) => type === "failure")).data.error

describe("a frame without an end", () => {
  it("has its time from its first byte: a byte now and then wins none", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    const wire = await opened()
    for (let ms = 0; ms < limits.halfFrameMaxMs; ms += 1000) {
      expect(wire.frames).toEqual([])
      wire.socket.write("x")
      await isServed()
      vi.advanceTimersByTime(1000)
    }
    expect(await refusal(wire)).toMatchObject({ tag: "BadFrame", message: "a frame was not finished in time" })
    await wire.untilClosed()
  })
  it("has its own time when others came before it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    const wire = await opened()
    for (let i = 0; i < 4; i++) {
      wire.socket.write('{"type":')
      await isServed()
      vi.advanceTimersByTime(limits.halfFrameMaxMs - 1)
      wire.socket.write('"ping"}\n')
      await wire.until(() => wire.frames.length === i + 1)
    }
    expect(wire.frames.every(({ type }) => type === "ping")).toBe(true)
    wire.socket.destroy()
  })
  it("shares a bound with those of all connections", async () => {
    const half = "x".repeat(limits.frameMaxBytes)
    const wires = await Promise.all(Array.from({ length: limits.halfFramesMaxBytes / limits.frameMaxBytes + 1 }, opened))
    for (const wire of wires) wire.socket.write(half)
    const told = await Promise.race(wires.map(refusal))
    expect(told.message).toContain(`hold ${limits.halfFramesMaxBytes} bytes`)
    expect(await isServed()).toBe(true)
    for (const { socket } of wires) socket.destroy()
  })
})
