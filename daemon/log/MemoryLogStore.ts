/** The log in memory, for tests: hand the same disk to the next daemon, and it is what survived. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { type Key, requestKey } from "../../events/keys.ts"
import { type Entry, type Indexed, LogStore } from "./LogStore.ts"
import { Witness } from "./Witness.ts"

export type MemoryDisk = Array<Entry>

const indexOf = (disk: MemoryDisk): ReadonlyArray<Indexed> => {
  const moved = new Map<Key, number>()
  const index: Array<Indexed> = []
  for (const { freed, keys, seq } of disk) {
    for (const key of keys) {
      if (key.startsWith("request/") || key.startsWith("name/")) moved.set(key, seq)
      else index.push({ key, seq })
    }
    for (const key of freed) moved.delete(key)
  }
  for (const [key, seq] of moved) index.push({ key, seq })
  return index
}

/** The id of every log in memory. */
export const memoryLog = "0".repeat(26)

export const layer = (disk: MemoryDisk = []) => Layer.merge(storeOf(disk), Witness.blind(memoryLog))

const storeOf = (disk: MemoryDisk, kept = new Map<number, Uint8Array>()) =>
  Layer.succeed(LogStore, {
    snapshots: Effect.sync(() => [...kept.keys()].sort((a, b) => a - b)),
    snapshot: (seq) => Effect.sync(() => kept.get(seq)),
    keepSnapshot: (seq, bytes) => Effect.sync(() => void kept.set(seq, bytes)),
    dropSnapshot: (seq) => Effect.sync(() => void kept.delete(seq)),
    write: (entries) => Effect.sync(() => void disk.push(...entries)),
    scan: (from) =>
      Stream.suspend(() => {
        const page = disk.slice(Math.max(0, from - 1))
        return page.length === 0 ? Stream.empty : Stream.succeed(page)
      }),
    everything: (from) => Stream.suspend(() => Stream.succeed({ values: disk.slice(from - 1), index: indexOf(disk) })),
    scanStream: (stream, from) =>
      Stream.suspend(() => Stream.fromIterable(disk.filter(({ keys, seq }) => seq >= from && keys.includes(stream)))),
    get: (seq) => Effect.sync(() => disk[seq - 1]?.value),
    last: Effect.sync(() => disk.at(-1)),
    requestSeq: (requestId) => Effect.sync(() => disk.find(({ keys }) => keys.includes(requestKey(requestId)))?.seq)
  })
