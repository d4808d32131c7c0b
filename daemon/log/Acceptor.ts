/**
 * What the log has accepted: it runs ahead of the disk by at most one group. A decision is made on it, by the one writer, so two
 * clients never decide on the same state; it is safe because groups reach the disk in order, and a write that fails ends the daemon.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Event } from "../../events/Event.ts"
import { type OperationId, Seq } from "../../events/ids.ts"
import { freedKeysOf, type Key, keysOf, nameOf, requestKey } from "../../events/keys.ts"
import type { Actor, Recorded, StreamName } from "../../events/Recorded.ts"
import { clusterOfStream, rowNamed, rowOf } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import * as World from "../World.ts"
import { eventMaxBytes, genesis, link, pack } from "./chain.ts"
import type { Entry } from "./LogStore.ts"
import { whyUnsound } from "./sound.ts"

/** A key moved after the decision was made. Decide again; by then the world contains what moved it. */
class KeyMoved extends Schema.TaggedError<KeyMoved>()("KeyMoved", {
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
  /**
   * The keys that the decision read, each with the position that it had: a cluster's last fact, the birth of the cluster that has the name,
   * the fact that took the request; 0 for none. They are held against the events: an index on disk helps to find, and decides nothing.
   */
  readonly expect: ReadonlyArray<readonly [Key, number]>
}

export type AppendError = KeyMoved | EventTooLarge

interface Packed {
  readonly recorded: Recorded
  readonly entry: Entry
}

/** A request that ended long ago has none: whoever records one looks for it first. */
const positionOf = ({ clusters, operations }: World.World, key: Key): number => {
  const id = clusterOfStream(key)
  if (id !== undefined) return rowOf(clusters, id)?.lastSeq ?? 0
  const name = nameOf(key)
  if (name !== "") return rowNamed(clusters, name)?.createdSeq ?? 0
  return operationOf(operations, key.slice(requestKey("").length))?.requestedSeq ?? 0
}

export class Acceptor {
  world: World.World
  private hash: Buffer

  constructor(world: World.World, hash: Buffer) {
    this.world = world
    this.hash = hash
  }

  /**
   * Numbers, prints and chains the facts of one append, or says why not. Throws where one could not be read again: none of them is taken.
   */
  accept(append: Append, atMs: number): Result.Result<ReadonlyArray<Packed>, AppendError> {
    for (const [key, expected] of append.expect) {
      const actual = positionOf(this.world, key)
      if (actual !== expected) return Result.fail(new KeyMoved({ key, expected, actual }))
    }
    let { hash, world } = this
    const packed: Array<Packed> = []
    for (const [stream, event, operation] of append.events) {
      const said: Recorded = {
        seq: Seq.make(world.at + 1),
        atMs,
        stream,
        operation: operation ?? append.operation,
        causedBy: Seq.make(append.causedBy),
        actor: append.actor,
        event
      }
      const text = JSON.stringify(said)
      const json = Buffer.from(text)
      if (json.length > eventMaxBytes) return Result.fail(new EventTooLarge({ bytes: json.length }))
      // What is folded is what every later reader gets.
      const recorded: Recorded = JSON.parse(text)
      const unsound = whyUnsound(recorded)
      if (unsound !== undefined) throw new Error(unsound)
      hash = link(event._tag === "LogCreated" ? genesis(event.log) : hash, json)
      packed.push({
        recorded,
        entry: { seq: recorded.seq, value: pack(hash, json), keys: keysOf(recorded), freed: freedKeysOf(recorded) }
      })
      world = World.apply(world, recorded)
    }
    this.hash = hash
    this.world = world
    return Result.succeed(packed)
  }
}
