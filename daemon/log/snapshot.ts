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

type Path = ReadonlyArray<string | number>

/** A map stands as an array of its pairs, and where one stands is told apart: a key that means a map could be one of a user's own. */
const plain = (value: unknown, path: Path, found: (map: Path) => void): unknown => {
  if (HashMap.isHashMap(value)) {
    const pairs = plain([...(value as HashMap.HashMap<unknown, unknown>)], path, found)
    // After those in it.
    found(path)
    return pairs
  }
  if (Array.isArray(value)) return value.map((inner, i) => plain(inner, [...path, i], found))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, [...path, key], found)]))
}
/** In place, and nothing else is looked at: a start waits for it. */
const revive = (world: unknown, maps: ReadonlyArray<Path>) => {
  const root = { world }
  for (const path of maps) {
    const steps = ["world", ...path]
    const last = steps.pop()!
    const holder = steps.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], root) as Record<string, unknown>
    // Not assigned: `__proto__` is a key like any.
    Object.defineProperty(holder, last, { value: HashMap.fromIterable(holder[last] as ReadonlyArray<[unknown, unknown]>) })
  }
  return root.world as World.World
}

export const printSnapshot = ({ hash, world }: Snapshot): Buffer => {
  const maps: Array<Path> = []
  const whole = plain(world, [], (map) => maps.push(map))
  const json = Buffer.from(JSON.stringify({ code, seq: world.at, hash: hash.toString("hex"), maps, world: whole }))
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
    const { hash, maps, world } = JSON.parse(json.toString()) as {
      readonly hash: string
      readonly maps: ReadonlyArray<Path>
      readonly world: unknown
    }
    return { hash: Buffer.from(hash, "hex"), world: revive(world, maps) }
  } catch {
    return "rotten"
  }
}
