/** Does deeds with real clients, and keeps what each was promised: frames that it got, or how its program ended. */
import type { ChildProcess } from "node:child_process"
import { type Frame, type Ran, sleep, type Wire } from "../e2e/home.ts"
import { argumentsOf, type Deed, paramsOf, taskOf } from "./deeds.ts"
import { endMaxMs, type StormHome } from "./StormHome.ts"

const reconnectMs = 50

export interface Tale {
  readonly deed: Deed
  /** Of a connection's; a program makes its own. */
  readonly requestId: string
  /** Every frame about it. */
  readonly frames: ReadonlyArray<Frame>
  /** Of a program. */
  readonly pid: number
  readonly ran: Ran | undefined
  readonly endless: boolean
}

const isEnd = ({ data, type }: Frame) => type === "failure" || (type === "result" && data.more !== true)

/** A connection that stands; the daemon is started when nobody answers. */
export const connected = async (home: StormHome): Promise<Wire> => {
  for (const untilMs = Date.now() + endMaxMs; Date.now() < untilMs && !home.isRed; ) {
    const wire = home.socket()
    const stands = await new Promise<boolean>((done) => {
      wire.socket.once("connect", () => done(true))
      wire.socket.once("close", () => done(false))
    })
    if (stands) return wire
    const { code, err } = await home.sky("status")
    if (code !== 0 && code !== 8) throw new Error(`sky status ended with ${code}: ${err}`)
  }
  throw new Error("no connection to the daemon comes to stand")
}

/**
 * Asks until there is an answer: a daemon that was killed takes connections until its last thread is gone, and answers none.
 * All frames of the connection that brought it.
 */
export const asked = async (home: StormHome, method: string, params: object, rest: object = {}): Promise<ReadonlyArray<Frame>> => {
  for (const untilMs = Date.now() + endMaxMs; Date.now() < untilMs; await sleep(reconnectMs)) {
    const wire = await connected(home)
    const timer = setTimeout(() => wire.socket.destroy(), endMaxMs)
    const end = await wire
      .request(1, method, params, rest)
      .answer(1)
      .catch(() => undefined)
    clearTimeout(timer)
    wire.socket.destroy()
    if (end !== undefined) return wire.frames.filter(({ data }) => data?.id === 1)
  }
  throw new Error(`${method} is not answered`)
}

const byWire = async (home: StormHome, deed: Deed): Promise<Tale> => {
  const requestId = `storm-${deed.n}`
  const frames: Array<Frame> = []
  const leftMs = Date.now() + Math.min(deed.leaveMs ?? endMaxMs, endMaxMs)
  const tale = (endless: boolean): Tale => ({ deed, requestId, frames, pid: 0, ran: undefined, endless })
  for (;;) {
    const wire = await connected(home)
    const timer = setTimeout(() => wire.socket.destroy(), Math.max(0, leftMs - Date.now()))
    wire.request(1, deed.method, paramsOf(deed, home.path), { requestId, caller: { user: "ann" } })
    await wire.answer(1).catch(() => undefined)
    clearTimeout(timer)
    wire.socket.destroy()
    frames.push(...wire.frames.filter(({ data }) => data?.id === 1))
    if (frames.some(isEnd)) return tale(false)
    if (Date.now() >= leftMs) return tale(deed.leaveMs === null)
    if (!deed.insists) return tale(false)
    await sleep(reconnectMs)
  }
}

const bySky = async (home: StormHome, deed: Deed, alive: Set<ChildProcess>): Promise<Tale> => {
  const file = home.file(`${deed.n}.yaml`, JSON.stringify(taskOf(deed, home.path)))
  const { child, ended } = home.start(...argumentsOf(deed, file))
  alive.add(child)
  let endless = false
  const timer = setTimeout(() => {
    endless = deed.leaveMs === null
    child.kill("SIGKILL")
  }, deed.leaveMs ?? endMaxMs)
  const ran = await ended
  clearTimeout(timer)
  alive.delete(child)
  return { deed, requestId: "", frames: [], pid: child.pid ?? 0, ran, endless }
}

const words = ({ by, cluster, detached, leaveMs, method, n, nodes }: Deed) =>
  `${n}: ${by} ${method} ${cluster}${method === "launch" || method === "exec" ? ` on ${nodes}` : ""}${detached ? "" : " attached"}` +
  (leaveMs === null ? "" : `, leaves after ${leaveMs} ms`)

const outcome = ({ frames, ran }: Tale): string => {
  if (ran !== undefined) return `ended with ${ran.code}: ${(ran.err || ran.out).trim().split("\n").at(-1)}`
  const { data, type } = frames.find(isEnd) ?? { type: "no end", data: frames.at(-1)?.data }
  return `${type} ${JSON.stringify(data?.value ?? data?.error?.message ?? data ?? null).slice(0, 160)}`
}

/** One client: its deeds one after the other. `alive` holds the programs that can be killed at the moment. */
export const perform = async (home: StormHome, deeds: ReadonlyArray<Deed>, alive: Set<ChildProcess>): Promise<ReadonlyArray<Tale>> => {
  const tales: Array<Tale> = []
  for (const deed of deeds) {
    await sleep(deed.pauseMs)
    if (home.isRed) break
    home.tell(words(deed))
    const tale = deed.by === "sky" ? await bySky(home, deed, alive) : await byWire(home, deed)
    home.tell(`${deed.n}: ${outcome(tale)}`)
    tales.push(tale)
  }
  return tales
}
