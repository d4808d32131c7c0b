/**
 * What the log has accepted: it runs ahead of the disk by at most one group. A decision is made on it, by the one writer, so two
 * clients never decide on the same state; it is safe because groups reach the disk in order, and a write that fails ends the daemon.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Event } from "../../events/Event.ts"
import { type OperationId, Seq } from "../../events/ids.ts"
import { freedKeysOf, type Key, keysOf, nameOf } from "../../events/keys.ts"
import type { Actor, Recorded, StreamName } from "../../events/Recorded.ts"
import { clusterOfStream, rowNamed, rowOf } from "../../projections/clusters.ts"
import * as World from "../World.ts"
import { eventMaxBytes, genesis, link, pack } from "./chain.ts"
import type { Entry } from "./LogStore.ts"

/** A key moved after the decision was made. Decide again; by then the world contains what moved it. */
export class KeyMoved extends Schema.TaggedError<KeyMoved>()("KeyMoved", {
  key: Schema.String,
  expected: Schema.Natural,
  actual: Schema.Natural
}) {
  override get message() {
    return `${this.key} is at ${this.actual}, not ${this.expected}.`
  }
}

/** When a fact is larger than the log takes. */
export class EventTooLarge extends Schema.TaggedError<EventTooLarge>()("EventTooLarge", { bytes: Schema.Natural }) {
  override get message() {
    return `A fact of ${this.bytes} bytes is larger than the log takes (${eventMaxBytes}).`
  }
}

export interface Append {
  /** A third part names another operation than the append's own: one that this one ends. */
  readonly events: ReadonlyArray<readonly [StreamName, Event] | readonly [StreamName, Event, OperationId]>
  readonly operation: OperationId | null
  readonly causedBy: number
  readonly actor: Actor
  /** Every key that the decision read, with the position that it had. */
  readonly expect: ReadonlyArray<readonly [Key, number]>
}

export type AppendError = KeyMoved | EventTooLarge

interface Packed {
  readonly recorded: Recorded
  readonly entry: Entry
}

export class Acceptor {
  world: World.World
  private hash: Buffer
  private readonly positions = new Map<Key, number>()
  private readonly stored: (key: Key) => Effect.Effect<number>

  /** `stored`: the position of a key on disk. */
  constructor(world: World.World, hash: Buffer, stored: (key: Key) => Effect.Effect<number>) {
    this.world = world
    this.hash = hash
    this.stored = stored
  }

  /** Numbers, prints and chains the facts of one append, or says why not. */
  accept(append: Append, atMs: number): Effect.Effect<Result.Result<ReadonlyArray<Packed>, AppendError>> {
    return Effect.gen({ self: this }, function* () {
      for (const [key, expected] of append.expect) {
        const actual = this.positions.get(key) ?? (yield* this.stored(key))
        if (actual !== expected) return Result.fail(new KeyMoved({ key, expected, actual }))
      }
      let { hash } = this
      const packed: Array<Packed> = []
      for (const [stream, event, operation] of append.events) {
        const recorded: Recorded = {
          seq: Seq.make(this.world.at + packed.length + 1),
          atMs,
          stream,
          operation: operation ?? append.operation,
          causedBy: Seq.make(append.causedBy),
          actor: append.actor,
          event
        }
        const json = Buffer.from(JSON.stringify(recorded))
        if (json.length > eventMaxBytes) return Result.fail(new EventTooLarge({ bytes: json.length }))
        hash = link(event._tag === "LogCreated" ? genesis(event.log) : hash, json)
        packed.push({
          recorded,
          entry: { seq: recorded.seq, value: pack(hash, json), keys: keysOf(recorded), freed: freedKeysOf(recorded) }
        })
      }
      this.hash = hash
      for (const { entry, recorded } of packed) {
        this.world = World.apply(this.world, recorded)
        for (const key of entry.keys) this.positions.set(key, entry.seq)
        for (const key of entry.freed) this.positions.set(key, 0)
      }
      return Result.succeed(packed)
    })
  }

  /** What is on disk is found in its index, unless it has moved again since. Each command asks for a live cluster's stream and name: they stay. */
  forget(entries: ReadonlyArray<Entry>): void {
    for (const { freed, keys, seq } of entries) {
      for (const key of keys) if (this.positions.get(key) === seq && !this.isLive(key)) this.positions.delete(key)
      for (const key of freed) if (this.positions.get(key) === 0) this.positions.delete(key)
    }
  }

  private isLive(key: Key): boolean {
    const { clusters } = this.world
    const id = clusterOfStream(key)
    const row = id === undefined ? rowNamed(clusters, nameOf(key)) : rowOf(clusters, id)
    return row !== undefined
  }
}
