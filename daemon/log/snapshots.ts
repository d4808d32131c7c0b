/** Which kept states may be used, and which are worth keeping. */
import * as Effect from "effect/Effect"
import { unpack } from "./chain.ts"
import type { LogStore } from "./LogStore.ts"
import { readSnapshot, type Snapshot } from "./snapshot.ts"

/** One state is kept of each so many events, for questions about the past; of the last ones the newest two. */
const apart = 50_000
const newest = 2
const stretchOf = (seq: number) => Math.floor(seq / apart)

/** Whether it is the first state of its stretch. */
export const isMark = (before: number, seq: number): boolean => stretchOf(seq) > stretchOf(before)

/** The chain's hash at a position. */
export const hashAt = (store: LogStore["Service"], seq: number) =>
  Effect.map(store.get(seq), (value) => (value === undefined ? undefined : unpack(value)?.hash))

/** The newest at or before a position that is of our own code, as it was written, and of this very history. */
export const newestSnapshot = Effect.fn("newestSnapshot")(function* (store: LogStore["Service"], upTo: number) {
  const kept = yield* store.snapshots
  for (const seq of kept.filter((at) => at <= upTo).reverse()) {
    const bytes = yield* store.snapshot(seq)
    const snapshot: Snapshot | "rotten" | "foreign" = bytes === undefined ? "rotten" : readSnapshot(bytes, seq)
    if (snapshot === "foreign") continue
    if (snapshot !== "rotten" && (yield* hashAt(store, seq))?.equals(snapshot.hash)) return snapshot
    const why = snapshot === "rotten" ? "is not what was written" : "is of another history"
    yield* Effect.logWarning(`The snapshot at event ${seq} ${why}: it is not used.`)
  }
  return undefined
})

/** Of the positions of all that are kept, ascending. */
export const superfluous = (kept: ReadonlyArray<number>): ReadonlyArray<number> =>
  kept.slice(0, -newest).filter((seq, i) => !isMark(kept[i - 1] ?? 0, seq))
