/**
 * The state at a position, as bytes that cannot lie: a sha256 of all that follows, then JSON with the position, the chain's hash there and
 * the digest of the code that folds. Whatever does not match is not used; a snapshot saves time and decides nothing.
 */
import { createHash } from "node:crypto"
import * as HashMap from "effect/HashMap"
import type * as World from "../World.ts"

/** Digest of all sources that a state depends on, put in by scripts/build.ts. Sources that run unbundled share one. */
declare const STATE: string | undefined
const code: string = typeof STATE === "undefined" ? "unbundled" : STATE

export interface Snapshot {
  readonly world: World.World
  /** Raw, of the event at `world.at`. */
  readonly hash: Buffer
}

const digestBytes = 32
const digestOf = (json: Uint8Array) => createHash("sha256").update(json).digest()

/** Under this key stands a map, as an array of its pairs, or an object that has a key of this name itself: users choose theirs freely. */
const mark = "~map"
const plain = (value: unknown): unknown => {
  if (HashMap.isHashMap(value))
    return { [mark]: [...(value as HashMap.HashMap<unknown, unknown>)].map(([key, inner]) => [key, plain(inner)]) }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== "object" || value === null) return value
  const whole = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
  return Object.hasOwn(whole, mark) ? { [mark]: whole } : whole
}
/** In place, after all is parsed: what `JSON.parse` asks about each value takes longer than all the rest. */
const revived = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value
  const isMarked = Object.hasOwn(value, mark)
  const inner = (isMarked ? (value as Record<string, unknown>)[mark] : value) as Record<string, unknown>
  for (const [key, plain] of Object.entries(inner)) {
    const whole = revived(plain)
    // Not assigned: `__proto__` is a key like any.
    if (whole !== plain) Object.defineProperty(inner, key, { value: whole })
  }
  return isMarked && Array.isArray(inner) ? HashMap.fromIterable(inner) : inner
}

export const printSnapshot = ({ hash, world }: Snapshot): Buffer => {
  const json = Buffer.from(JSON.stringify({ code, seq: world.at, hash: hash.toString("hex"), world: plain(world) }))
  return Buffer.concat([digestOf(json), json])
}

/** `rotten`: not what was written. `foreign`: of other code, sound or not. */
export const readSnapshot = (bytes: Uint8Array, seq: number): Snapshot | "rotten" | "foreign" => {
  if (bytes.byteLength <= digestBytes) return "rotten"
  const json = Buffer.from(bytes.buffer, bytes.byteOffset + digestBytes, bytes.byteLength - digestBytes)
  if (!digestOf(json).equals(bytes.subarray(0, digestBytes))) return "rotten"
  const head = JSON.stringify({ code, seq }).slice(0, -1)
  if (!json.subarray(0, head.length).equals(Buffer.from(head))) return "foreign"
  try {
    const { hash, world } = revived(JSON.parse(json.toString())) as { readonly hash: string; readonly world: World.World }
    return { hash: Buffer.from(hash, "hex"), world }
  } catch {
    return "rotten"
  }
}
