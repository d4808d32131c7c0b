/**
 * The bytes of files on their way to a machine: frames of a kind (1 byte), a length (4 bytes) and that many bytes. A file begins with what
 * it was when it was opened; its bytes end where reading ended, so that a file may shrink, grow or vanish meanwhile and nothing is guessed.
 */
import type { Input } from "./Input.ts"
import { refused } from "./MachineError.ts"

const frame = { file: 1, bytes: 2, end: 3, gone: 4, done: 5 } as const

const headBytes = 5
export const bytesHeadBytes = headBytes
const bytesMax = 16 * 1024 * 1024

export interface FileHead {
  /** Which entry of the list. */
  readonly index: number
  readonly mode: number
  readonly mtimeMs: number
}

const headOf = (kind: number, length: number) => {
  const head = Buffer.allocUnsafe(headBytes)
  head.writeUInt8(kind)
  head.writeUInt32BE(length, 1)
  return head
}

export const fileFrame = ({ index, mode, mtimeMs }: FileHead): Buffer => {
  const body = Buffer.allocUnsafe(16)
  body.writeUInt32BE(index)
  body.writeUInt32BE(mode, 4)
  body.writeDoubleBE(mtimeMs, 8)
  return Buffer.concat([headOf(frame.file, body.length), body])
}

/** Before so many bytes of a file, at a place in `buffer`. */
export const writeBytesHead = (buffer: Buffer, at: number, length: number): void => {
  buffer.writeUInt8(frame.bytes, at)
  buffer.writeUInt32BE(length, at + 1)
}
export const endFrame = headOf(frame.end, 0)
export const doneFrame = headOf(frame.done, 0)

export const goneFrame = (index: number): Buffer => {
  const body = Buffer.allocUnsafe(4)
  body.writeUInt32BE(index)
  return Buffer.concat([headOf(frame.gone, body.length), body])
}

const bad = () => refused("BadStream", "What came is no stream of files.")

/** The next file to come, or the number of one that will not; null when all have come. */
export const nextFile = (input: Input): FileHead | number | null => {
  const head = input.bytes(headBytes)
  const [kind, length] = [head.readUInt8(), head.readUInt32BE(1)]
  if (kind === frame.done && length === 0) return null
  if (kind === frame.gone && length === 4) return input.bytes(length).readUInt32BE()
  if (kind !== frame.file || length !== 16) throw bad()
  const body = input.bytes(length)
  return { index: body.readUInt32BE(), mode: body.readUInt32BE(4) & 0o7777, mtimeMs: body.readDoubleBE(8) }
}

/** Gives the bytes of a file as they come, until its end. */
export const eachBytes = (input: Input, take: (bytes: Buffer) => void): void => {
  for (;;) {
    const head = input.bytes(headBytes)
    const [kind, length] = [head.readUInt8(), head.readUInt32BE(1)]
    if (kind === frame.end && length === 0) return
    if (kind !== frame.bytes || length > bytesMax) throw bad()
    for (let left = length; left > 0; ) {
      const bytes = input.atMost(left)
      take(bytes)
      left -= bytes.length
    }
  }
}
