/** One way through the log for all that is asked of it: event by event, as far as it is proven. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Damage, Head as HeadView } from "../../sdk/protocol/audit.ts"
import { AuditError } from "../../sdk/protocol/errors.ts"
import { checkEnd } from "../log/check-next.ts"
import type { Head } from "../log/head-file.ts"
import { LogDamaged } from "../log/LogDamaged.ts"
import type { Indexed, LogStore, Stored } from "../log/LogStore.ts"
import type { Trace } from "./IndexProof.ts"
import { damageOf } from "./Proof.ts"
import { type Proven, proveRun } from "./prove-run.ts"
import { proveAhead } from "./provers.ts"

/** A log as it was found. */
export interface FoundLog {
  /** Undefined where it is gone, or does not open. */
  readonly store: LogStore["Service"] | undefined
  /** What its witness says; undefined where that is gone or torn. */
  readonly said: Head | undefined
  /** What could be seen of it without reading. */
  readonly damage: Damage | null
  /** Told when a walk has come to the end and found no damage. */
  readonly whenSound?: () => void
}

export const unavailable = ({ message }: { readonly message: string }) =>
  new AuditError({ message: `The log cannot be read: ${message}`, hint: "Nothing is known to be damaged: try it again." })

class Stopped {
  readonly damage: Damage | null
  constructor(damage: Damage | null) {
    this.damage = damage
  }
}

interface Visitor {
  /** Each event that is proven; false: no further. */
  readonly event?: (stored: Stored) => boolean
  /** What a run of them leaves in the index. */
  readonly trace?: (trace: Trace) => void
  /** What is found in the index, after all events. */
  readonly index?: (entry: Indexed) => Damage | null
  /** After each page; false: no further. */
  readonly page?: (at: number) => Effect.Effect<boolean, AuditError>
}

/**
 * Where a table is not what was written, that is what there is to say of what it does not yield, and of what it yields as something else:
 * which of the two depends on where in an event the first byte lies that was hit.
 */
const isOfTable = ({ kind, seq }: Damage, { damage, store }: FoundLog): boolean =>
  damage?.kind === "store-unreadable" && (kind === "gap" || kind === "store-unreadable" || store?.isHit?.(seq) === true)

/** How far it is proven, and what the first damage is. */
export const walk = Effect.fnUntraced(function* (found: FoundLog, visitor: Visitor) {
  const { said, store } = found
  let head: HeadView | null = null
  const at = () => head?.seq ?? 0
  const visit = (values: ReadonlyArray<Stored>, index: ReadonlyArray<Indexed>, proven: Proven): Stopped | undefined => {
    // The log's id stands in its first event.
    if (proven.head !== null) head = { ...proven.head, log: head?.log ?? proven.head.log }
    for (const stored of values) {
      if (stored.seq > at()) break
      if (visitor.event?.(stored) === false) return new Stopped(null)
    }
    visitor.trace?.(proven.trace)
    if (proven.damage !== null) return new Stopped(proven.damage)
    for (const entry of index) {
      const damage = visitor.index?.(entry)
      if (damage) return new Stopped(damage)
    }
    return undefined
  }
  const take = Effect.fnUntraced(function* (values: ReadonlyArray<Stored>, index: ReadonlyArray<Indexed>, proven: Proven) {
    const stopped = visit(values, index, proven)
    const goesOn = visitor.page === undefined || (yield* visitor.page(at()))
    if (!goesOn) return yield* Effect.fail(new Stopped(null))
    if (stopped !== undefined) return yield* Effect.fail(stopped)
    // Others have their turn.
    yield* Effect.yieldNow
  })
  const proveAll = Effect.fnUntraced(function* (store: LogStore["Service"]) {
    const last = yield* store.last
    const isKept = visitor.event !== undefined
    yield* proveAhead(store, { said, isKept }, last?.seq ?? 0, (values, proven) => take(values, [], proven))
    const from = at() + 1
    const rest = visitor.index === undefined ? Stream.map(store.scan(from), (values) => ({ values, index: [] })) : store.everything(from)
    yield* Stream.runForEach(rest, ({ index, values }) =>
      Effect.suspend(() =>
        take(values, index, proveRun({ said, at: at(), hash: head === null ? undefined : Buffer.from(head.hash, "hex"), values }))
      )
    )
  })
  // Before the events are read, which may grow meanwhile.
  const kept = store === undefined ? [] : yield* Effect.orElseSucceed(store.snapshots, () => [])
  const stopped = yield* (store === undefined ? Effect.void : proveAll(store)).pipe(
    Effect.as(undefined),
    Effect.catch((error) => {
      if (error instanceof Stopped) return Effect.succeed(error)
      if (error instanceof LogDamaged)
        return Effect.succeed(new Stopped({ ...damageOf(error), seq: error.damage === "index" ? 0 : at() + 1 }))
      return Effect.fail(error instanceof AuditError ? error : unavailable(error))
    })
  )
  const end = stopped === undefined ? checkEnd(at(), said, kept) : undefined
  // What ends it early is said first; then what is wrong with the whole.
  const early = stopped?.damage && isOfTable(stopped.damage, found) ? { ...found.damage!, seq: at() + 1 } : stopped?.damage
  const damage = early ?? found.damage ?? (end === undefined ? null : damageOf(end))
  if (stopped === undefined && damage === null) found.whenSound?.()
  return { events: at(), head: head as HeadView | null, damage }
})
