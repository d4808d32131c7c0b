/**
 * What a disk must do for the log: numbered values, written in order, never changed, with an index by key.
 * Two implementations exist (`LevelLogStore`, `MemoryLogStore`); one suite checks both (`test/contract/log-store.contract.ts`).
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { Key } from "../../events/keys.ts"
import type { LogDamaged } from "./LogDamaged.ts"

/** When the disk did not do what the log needs. Nothing was acknowledged. */
export class LogUnavailable extends Schema.TaggedError<LogUnavailable>()("LogUnavailable", {
  operation: Schema.Literals(["open", "write", "read"]),
  message: Schema.String
}) {}

/** When another process holds the store. */
export class LogLocked extends Schema.TaggedError<LogLocked>()("LogLocked", { message: Schema.String }) {}

export type StoreError = LogUnavailable | LogDamaged

export interface Entry {
  readonly seq: number
  readonly value: Uint8Array
  /** The keys that it moves: its stream, a name that it takes, a request that it begins. */
  readonly keys: ReadonlyArray<Key>
  /** The keys that it gives back. */
  readonly freed: ReadonlyArray<Key>
}

export interface Stored {
  readonly seq: number
  readonly value: Uint8Array
}

/** An entry of the index, as it is found: what it is filed under, and the event that it names; 0 where that is none. */
export interface Indexed {
  readonly key: string
  readonly seq: number
}

interface Page {
  readonly values: ReadonlyArray<Stored>
  readonly index: ReadonlyArray<Indexed>
}

export class LogStore extends Context.Service<
  LogStore,
  {
    /** Why the real one did not open, in whose place this empty one stands. */
    readonly standsFor?: LogDamaged
    /** Whether an event stands in what was hit of a table. */
    readonly isHit?: (seq: number) => boolean
    /** Where threads find it; undefined where none may read it. */
    readonly location?: string
    /** All or nothing, values and index together, and on disk before it succeeds. */
    readonly write: (entries: ReadonlyArray<Entry>) => Effect.Effect<void, StoreError>
    /** Values with `from <= seq`, ascending, as of now, in pages. */
    readonly scan: (from: number) => Stream.Stream<ReadonlyArray<Stored>, StoreError>
    /** All that is stored, as of one moment: values with `from <= seq`, ascending, then the index of them all. */
    readonly everything: (from: number) => Stream.Stream<Page, StoreError>
    /** Those of one stream, ascending, as of now. */
    readonly scanStream: (stream: Key, from: number) => Stream.Stream<Stored, StoreError>
    readonly get: (seq: number) => Effect.Effect<Uint8Array | undefined, StoreError>
    readonly last: Effect.Effect<Stored | undefined, StoreError>
    /** The event that began a request, by the index, which may be damaged; `undefined`: it has none. */
    readonly requestSeq: (requestId: string) => Effect.Effect<number | undefined, StoreError>
    /** States that were kept beside the log, by position, ascending. Nothing depends on them. */
    readonly snapshots: Effect.Effect<ReadonlyArray<number>, StoreError>
    readonly snapshot: (seq: number) => Effect.Effect<Uint8Array | undefined, StoreError>
    readonly keepSnapshot: (seq: number, bytes: Uint8Array) => Effect.Effect<void, LogUnavailable>
    readonly dropSnapshot: (seq: number) => Effect.Effect<void, LogUnavailable>
  }
>()("skyd/daemon/log/LogStore") {}
