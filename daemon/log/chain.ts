/**
 * The bytes of the log, for ever. A value is a format byte (1), the record's raw 32-byte hash and its JSON;
 * `hash = sha256(previous raw hash ‖ the JSON bytes as stored)`, so nothing is ever printed again to be checked.
 * The first previous hash is the sha256 of the log id's 26 ASCII bytes.
 */
import { createHash, hash } from "node:crypto"

const format = 1
const hashBytes = 32
const headerBytes = 1 + hashBytes
/** An event's JSON, in bytes. */
export const eventMaxBytes = 256 * 1024

export const genesis = (log: string): Buffer => createHash("sha256").update(log, "ascii").digest()

/** A buffer for each event would cost more than its hash. */
let linked = Buffer.allocUnsafe(hashBytes + eventMaxBytes)
const linkedBytes = (previous: Uint8Array, json: Uint8Array): Buffer => {
  const size = previous.length + json.length
  if (linked.length < size) linked = Buffer.allocUnsafe(size)
  linked.set(previous)
  linked.set(json, previous.length)
  return linked.subarray(0, size)
}

export const link = (previous: Uint8Array, json: Uint8Array): Buffer => hash("sha256", linkedBytes(previous, json), "buffer")

export const pack = (hash: Uint8Array, json: Uint8Array): Buffer => Buffer.concat([Buffer.of(format), hash, json])

export interface Unpacked {
  readonly hash: Buffer
  readonly json: Buffer
}

/** `undefined` when the bytes are not a value of this format. */
export const unpack = (value: Uint8Array): Unpacked | undefined => {
  if (value.length <= headerBytes || value[0] !== format) return undefined
  const { buffer, byteOffset: at, length } = value
  return { hash: Buffer.from(buffer, at + 1, hashBytes), json: Buffer.from(buffer, at + headerBytes, length - headerBytes) }
}

/** Whether an event is the one that was linked to the one before. */
export const follows = (previous: Uint8Array, { hash: own, json }: Unpacked): boolean =>
  hash("sha256", linkedBytes(previous, json), "binary") === own.toString("latin1")

/**
 * The event that must come after `at`, whose raw hash is this one, by its number, its format and the chain; `undefined`: why not,
 * check-next.ts tells.
 */
export const unpackNext = (at: number, hash: Uint8Array, seq: number, value: Uint8Array): Unpacked | undefined => {
  if (seq !== at + 1) return undefined
  const bytes = unpack(value)
  return bytes !== undefined && follows(hash, bytes) ? bytes : undefined
}
