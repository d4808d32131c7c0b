/** How a log is read: by number, on from a position, by stream; whole, or as far as it is proven. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Recorded, StreamName } from "../../events/Recorded.ts"
import type { LogStore, Stored, StoreError } from "./LogStore.ts"
import { type LogUnreadable, readRecord } from "./read-record.ts"

type Records = Stream.Stream<Recorded, StoreError | LogUnreadable>

export interface Reading {
  readonly requestSeq: LogStore["Service"]["requestSeq"]
  readonly event: (seq: number) => Effect.Effect<Recorded | undefined, StoreError | LogUnreadable>
  readonly read: (from: number) => Records
  readonly readStream: (stream: StreamName, from: number) => Records
}

const sound = (stored: Stored) => Effect.fromResult(readRecord(stored))

/** A plain loop: an effect for each record would cost more than the record. */
const soundPage = (page: ReadonlyArray<Stored>): Result.Result<ReadonlyArray<Recorded>, LogUnreadable> => {
  const records: Array<Recorded> = []
  for (const stored of page) {
    const record = readRecord(stored)
    if (Result.isFailure(record)) return Result.fail(record.failure)
    records.push(record.success)
  }
  return Result.succeed(records)
}

/** `end`: what lies beyond is not even looked at. */
export const readingOf = (store: LogStore["Service"], end = Number.POSITIVE_INFINITY): Reading => ({
  requestSeq: store.requestSeq,
  event: (seq) =>
    seq > end
      ? Effect.succeed(undefined)
      : Effect.flatMap(store.get(seq), (value) => (value === undefined ? Effect.succeed(undefined) : sound({ seq, value }))),
  read: (from) =>
    (from > end ? Stream.empty : store.scan(from)).pipe(
      Stream.map((page) => (page.at(-1)!.seq > end ? page.filter(({ seq }) => seq <= end) : page)),
      Stream.takeUntil((page) => (page.at(-1)?.seq ?? end) >= end),
      Stream.mapEffect((page) => Effect.fromResult(soundPage(page))),
      Stream.flatMap(Stream.fromIterable)
    ),
  readStream: (stream, from) =>
    store.scanStream(stream, from).pipe(
      Stream.takeWhile(({ seq }) => seq <= end),
      Stream.mapEffect(sound)
    )
})
