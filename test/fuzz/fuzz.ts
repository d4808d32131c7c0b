/** Sends frames to a daemon over its socket, many to a connection, and holds its answers against what it owes. */
import { connect } from "node:net"
import { type Dice, dice } from "./dice.ts"
import { type Answer, complaint, type Expected, expected } from "./expect.ts"
import { type FrameSource, frameSource } from "./frames.ts"

const framesPerConnection = 60
const connectionsAtOnce = 8
/** Far longer than any answer takes: one that is not there then never comes. */
const answerMaxMs = 30_000
const shownMaxChars = 2000

export interface Fuzz {
  readonly socket: string
  readonly frames: number
  readonly seed: number
  /** Clusters that may exist. */
  readonly names: ReadonlyArray<string>
  /** Methods that a run cannot go on after. */
  readonly skip?: ReadonlyArray<string>
  /** Called when all that was sent is answered, with what was asked and answered since. */
  readonly onRound?: (conversations: ReadonlyArray<Conversation>, sent: number) => void
}

export interface Conversation {
  readonly bytes: Buffer
  readonly owed: Expected
  readonly answers: ReadonlyArray<Answer>
}

/** A daemon that broke a promise: with the seed, and the bytes that it was sent. */
export class Broken extends Error {
  constructor(what: string, seed: number, bytes: Buffer | undefined) {
    const shown = bytes === undefined ? "" : `\nIt was sent: ${JSON.stringify(bytes.toString("latin1")).slice(0, shownMaxChars)}`
    super(`${what}\nSeed ${seed}: npm run fuzz -- --seed ${seed}${shown}`)
  }
}

/** All of it in a few pieces, whatever lies at the edges; then what runs without end is left, and our side is closed. */
const converse = (path: string, bytes: Buffer, owed: Expected, cuts: ReadonlyArray<number>): Promise<ReadonlyArray<Answer>> =>
  new Promise((done, fail) => {
    const socket = connect({ path, allowHalfOpen: true })
    let text = ""
    const timer = setTimeout(() => {
      socket.destroy()
      fail(new Error(`no end of the answers: ${text.slice(-shownMaxChars)}`))
    }, answerMaxMs)
    let isThere = false
    socket.once("connect", () => {
      isThere = true
    })
    // The daemon may close while we still write to it; what it said before is there all the same.
    socket.on("error", (cause) => isThere || fail(cause))
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk
    })
    socket.on("end", () => socket.end())
    socket.on("close", () => {
      clearTimeout(timer)
      done(
        text
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Answer)
      )
    })
    let from = 0
    for (const to of [...cuts, bytes.length]) {
      socket.write(bytes.subarray(from, to))
      from = to
    }
    const leave = owed.breaks ? [] : [...owed.left].map((id) => `{"type":"detach","data":{"id":${id}}}\n`)
    socket.end(leave.join(""))
  })

const batch = (source: FrameSource, d: Dice, most: number) => {
  const frames: Array<Buffer> = []
  const size = 1 + d.below(most)
  while (frames.length < size) {
    const frame = source.next()
    frames.push(frame)
    // What comes after it is not read.
    if (expected(frame).breaks) break
  }
  const bytes = Buffer.concat(frames)
  const cuts = d.chance(0.3) ? Array.from({ length: 3 }, () => d.below(bytes.length)).toSorted((a, b) => a - b) : []
  return { frames, bytes, cuts, owed: expected(bytes) }
}

export const fuzz = async ({ frames, names, onRound, seed, skip, socket }: Fuzz): Promise<void> => {
  const d = dice(seed)
  const source = await frameSource(d, seed, names, skip)
  let latest: Buffer | undefined
  let crash: Error | undefined
  const crashed = (cause: Error) => {
    crash ??= cause
  }
  process.on("uncaughtException", crashed)
  try {
    for (let sent = 0; sent < frames; ) {
      const batches = Array.from({ length: connectionsAtOnce }, () => batch(source, d, framesPerConnection))
      const round = await Promise.all(
        batches.map(async ({ bytes, cuts, owed }): Promise<Conversation> => {
          const answers = await converse(socket, bytes, owed, cuts).catch((cause: Error) => {
            throw new Broken(crash === undefined ? cause.message : `it crashed: ${crash.stack}`, seed, bytes)
          })
          const wrong = complaint(owed, answers)
          if (wrong !== undefined) throw new Broken(wrong, seed, bytes)
          latest = bytes
          return { bytes, owed, answers }
        })
      )
      if (crash !== undefined) throw new Broken(`it crashed: ${crash.stack}`, seed, Buffer.concat(batches.map(({ bytes }) => bytes)))
      for (const { frames: some } of batches) sent += some.length
      onRound?.(round, sent)
    }
  } catch (cause) {
    throw cause instanceof Broken ? cause : new Broken(String(cause), seed, latest)
  } finally {
    process.off("uncaughtException", crashed)
  }
}
