/**
 * JSON lines over a socket, as the daemon's: `{type, data}` per line. A frame over 16 MiB or one that is no JSON ends the
 * connection; both sides of the agent use this, and so does the head towards its workers.
 */
import type { Duplex } from "node:stream"

const frameMaxBytes = 16 * 1024 * 1024

export interface Frame {
  readonly type: string
  readonly data: { readonly id?: string | number; readonly [field: string]: unknown }
}

export const writeFrame = (socket: Duplex, type: string, data: object): boolean =>
  socket.destroyed || !socket.writable ? false : socket.write(`${JSON.stringify({ type, data })}\n`)

const parse = (line: string): Frame | null => {
  try {
    const frame = JSON.parse(line)
    return typeof frame?.type === "string" && typeof frame.data === "object" && frame.data !== null ? frame : null
  } catch {
    return null
  }
}

/** `onBad` is called once, then nothing more is read. */
export const readFrames = (socket: Duplex, onFrame: (frame: Frame) => void, onBad: (why: string) => void) => {
  let parts: Array<Buffer> = []
  let size = 0
  let bad = false
  const fail = (why: string) => {
    bad = true
    parts = []
    onBad(why)
  }
  const line = (bytes: Buffer) => {
    const text = bytes.toString("utf8").trim()
    if (text === "") return
    const frame = parse(text)
    if (frame === null) fail("this line is not a JSON frame {type, data}")
    else onFrame(frame)
  }
  socket.on("data", (chunk: Buffer) => {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0 && !bad; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at))
      from = at + 1
      const whole = Buffer.concat(parts)
      parts = []
      size = 0
      line(whole)
    }
    if (bad) return
    parts.push(chunk.subarray(from))
    size += chunk.length - from
    if (size > frameMaxBytes) fail(`a frame is longer than ${frameMaxBytes} bytes`)
  })
}
