/** How a log is read: by number, event after event, by stream; whole, or as far as it is proven. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Recorded, StreamName } from "../../events/Recorded.ts"
import { checkNext, missing } from "./check-next.ts"
import type { LogDamaged } from "./LogDamaged.ts"
import type { LogStore, Stored, StoreError } from "./LogStore.ts"
import { type LogUnreadable, readJson, readRecord } from "./read-record.ts"
import { hashAt } from "./snapshots.ts"

type Records = Stream.Stream<Recorded, StoreError | LogUnreadable>

export interface Reading {
  readonly requestSeq: LogStore["Service"]["requestSeq"]
  readonly event: (seq: number) => Effect.Effect<Recorded | undefined, StoreError | LogUnreadable>
  /**
   * All events of these positions, each of which follows from the one before; the first that does not is a failure, and so is one that is
   * not there.
   */
  readonly read: (from: number, to: number) => Records
  readonly readStream: (stream: StreamName, from: number) => Records
}

const sound = (stored: Stored) => Effect.fromResult(readRecord(stored))

/** The chain from one event on: the hash before it is taken as it is stored. */
class Chain {
  at: number
  hash: Buffer | undefined

  constructor(at: number, hash: Buffer | undefined) {
    this.at = at
    this.hash = hash
  }

  /**
   * A plain loop: an effect for each record would cost more than the record. What stands before the first that does not follow is sound.
   */
  take(page: ReadonlyArray<Stored>, to: number): Records {
    const records: Array<Recorded> = []
    for (const stored of page) {
      if (stored.seq > to) break
      const result = this.next(stored)
      if (Result.isFailure(result)) return Stream.concat(Stream.fromIterable(records), Stream.fail(result.failure))
      records.push(result.success)
    }
    return Stream.fromIterable(records)
  }

  private next(stored: Stored): Result.Result<Recorded, LogDamaged | LogUnreadable> {
    const checked = checkNext(this, stored, undefined)
    if (Result.isFailure(checked)) return Result.fail(checked.failure)
    this.at = stored.seq
    this.hash = checked.success.hash
    return readJson(stored.seq, checked.success.json)
  }
}

const read = (store: LogStore["Service"], from: number, to: number): Records =>
  Stream.unwrap(
    Effect.gen(function* () {
      const before = from === 1 ? undefined : yield* hashAt(store, from - 1)
      if (from > 1 && before === undefined) return yield* missing(from - 1)
      const chain = new Chain(from - 1, before)
      return store.scan(from).pipe(
        Stream.takeUntil((page) => page.at(-1)!.seq >= to),
        Stream.flatMap((page) => chain.take(page, to)),
        Stream.concat(Stream.suspend(() => (chain.at < to ? Stream.fail(missing(chain.at + 1)) : Stream.empty)))
      )
    })
  )

/** `end`: what lies beyond is not even looked at. */
export const readingOf = (store: LogStore["Service"], end = Number.POSITIVE_INFINITY): Reading => ({
  requestSeq: store.requestSeq,
  event: (seq) =>
    seq > end
      ? Effect.succeed(undefined)
      : Effect.flatMap(store.get(seq), (value) => (value === undefined ? Effect.succeed(undefined) : sound({ seq, value }))),
  read: (from, to) => (from > to ? Stream.empty : read(store, from, to)),
  readStream: (stream, from) =>
    store.scanStream(stream, from).pipe(
      Stream.takeWhile(({ seq }) => seq <= end),
      Stream.mapEffect(sound)
    )
})
