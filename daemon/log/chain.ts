/**
 * The bytes of the log, for ever. A value is a format byte (1), the record's raw 32-byte hash and its JSON;
 * `hash = sha256(previous raw hash ‖ the JSON bytes as stored)`, so nothing is ever printed again to be checked.
 * The first previous hash is the sha256 of the log id's 26 ASCII bytes.
 */
import { createHash, hash } from "node:crypto"

const format = 1
const headerBytes = 33
/** An event's JSON, in bytes. */
export const eventMaxBytes = 256 * 1024

export const genesis = (log: string): Buffer => createHash("sha256").update(log, "ascii").digest()

export const link = (previous: Uint8Array, json: Uint8Array): Buffer => hash("sha256", Buffer.concat([previous, json]), "buffer")

export const pack = (hash: Uint8Array, json: Uint8Array): Buffer => Buffer.concat([Buffer.of(format), hash, json])

export interface Unpacked {
  readonly hash: Buffer
  readonly json: Buffer
}

/** `undefined` when the bytes are not a value of this format. */
export const unpack = (value: Uint8Array): Unpacked | undefined => {
  if (value.length <= headerBytes || value[0] !== format) return undefined
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return { hash: bytes.subarray(1, headerBytes), json: bytes.subarray(headerBytes) }
}
