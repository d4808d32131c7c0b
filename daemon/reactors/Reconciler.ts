/**
 * Keeps doing `plan` until every cluster is where it is wanted. A cluster has a fiber while its plan is not empty and none when
 * it rests; clusters run side by side. When the plan of a running cluster changes, what is being done is dropped and looked at again.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { ClusterId } from "../../events/ids.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { clusterOf, rowOf } from "../../projections/clusters.ts"
import { unfinishedOf } from "../../projections/jobs.ts"
import { CloudError } from "../clouds/Cloud.ts"
import { Clouds, cloudOf } from "../clouds/Clouds.ts"
import { streamOf } from "../commands/decision.ts"
import { Identity } from "../life/Identity.ts"
import { EventLog } from "../log/EventLog.ts"
import { Ongoing } from "../requests/Ongoing.ts"
import { SyncError } from "../sync/SyncError.ts"
import { Aways } from "./away.ts"
import { AgentError } from "./couriers/AgentLink.ts"
import { Couriers } from "./couriers/Couriers.ts"
import type { Facts } from "./facts.ts"
import { inWords, isEnding, isForbidden, looksAfter, messageOf, saidBy } from "./failure.ts"
import { backoffMs, giveUp, giveUpDefect, retryMs } from "./give-up.ts"
import { makeInherited } from "./inherited.ts"
import { lostWithHead } from "./lost-head.ts"
import { makeOpenings } from "./openings.ts"
import { perform } from "./perform.ts"
import { type Action, plan } from "./plan.ts"
import { Reactors } from "./Reactors.ts"
import { isAskedAgain, lastAsked, type Slot } from "./slots.ts"

/** In place of a plan, where making one failed. */
const defect = "defect"

export class Reconciler extends Context.Service<Reconciler, { readonly wake: (cluster: ClusterId) => void }>()(
  "skyd/daemon/reactors/Reconciler"
) {
  static readonly layer = Layer.effect(
    Reconciler,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const log = yield* EventLog
  const clouds = yield* Clouds
  const couriers = yield* Couriers
  const reactors = yield* Reactors
  const identity = yield* Identity
  const ongoing = yield* Ongoing
  const run = yield* FiberMap.runtime(yield* FiberMap.make<ClusterId>())<never>()
  const openings = yield* makeOpenings(log.world().operations)
  const slots = new Map<ClusterId, Slot>()
  /** How often the plan of a cluster has failed since it last rested. */
  const defects = new Map<ClusterId, number>()
  const aways = new Aways()
  const inherited = yield* makeInherited(log.world().clusters)
  const rest = (cluster: ClusterId) => {
    slots.delete(cluster)
    defects.delete(cluster)
    aways.forget(cluster)
  }

  const look = (cluster: ClusterId) => {
    const { clusters, jobs } = log.world()
    const row = rowOf(clusters, cluster)
    const action = row && reactors.actOn(row) ? plan(row, jobs) : undefined
    return row !== undefined && action !== undefined ? { row, action, key: JSON.stringify(action) } : undefined
  }

  const record = Effect.fn("Reconciler.record")(function* (cluster: ClusterId, lastSeq: number, { decided, events, operation }: Facts) {
    if (events.length === 0) return
    const stream = streamOf(cluster)
    yield* log.decide(({ clusters, jobs }) => {
      const row = rowOf(clusters, cluster)
      if (row === undefined) return Result.succeed(undefined)
      const lost = lostWithHead(row, unfinishedOf(jobs, cluster), events)
      return Result.succeed({
        events: [...events, ...lost].map((event) =>
          "_tag" in event ? ([stream, event] as const) : ([stream, event[0], event[1]] as const)
        ),
        operation,
        causedBy: lastSeq,
        actor: identity.actor,
        expect: decided ? [[stream, lastSeq]] : []
      })
    })
  })

  /** A step that failed is said, and tried again after a while; a defect too, and the other clusters go on. */
  const fail = Effect.fn("Reconciler.fail")(function* (cluster: ClusterId, action: Action, slot: Slot, cause: Cause.Cause<unknown>) {
    const error = Cause.squash(cause)
    const before = rowOf(log.world().clusters, cluster)
    const ends = isEnding(action)
    // Who ends a cluster does not wait for what its cloud is at.
    const goesOn = error instanceof CloudError && error.goesOn === true && !ends
    slot.tries = goesOn ? 1 : slot.tries + 1
    const nowMs = Math.trunc(yield* Clock.currentTimeMillis)
    const away = before && (yield* aways.note(before, action, error, nowMs))
    if (looksAfter.has(action._tag)) {
      yield* couriers.observe(cluster)
      if (look(cluster)?.key !== slot.key) return
    }
    const row = rowOf(log.world().clusters, cluster)
    if (row === undefined) return
    const expected = error instanceof CloudError || error instanceof AgentError || error instanceof SyncError
    const failed = { ...saidBy(error), tries: slot.tries, nowMs, away, goesOn }
    if (!expected)
      yield* Effect.logError("a reactor failed", Cause.pretty(cause)).pipe(Effect.annotateLogs({ cluster: row.name, action: action._tag }))
    const refused = error instanceof CloudError && (error.kind === "Refused" || (ends && isForbidden(error)))
    const final = refused || error instanceof SyncError
    const facts = expected
      ? giveUp(row, action, { ...failed, final, notOpened: openings.isRefused(action) })
      : giveUpDefect(row, { ...failed, message: `skyd itself failed at ${inWords(action)}: ${failed.message}` })
    yield* record(cluster, row.lastSeq, facts)
    slot.failedFor = lastAsked(rowOf(log.world().clusters, cluster))
    yield* Effect.sleep(retryMs(failed))
    slot.failedFor = undefined
  })

  const settle = Effect.fn("Reconciler.settle")(function* (cluster: ClusterId, slot: Slot) {
    for (let next = look(cluster); next !== undefined; next = look(cluster)) {
      const { action, key, row } = next
      if (key !== slot.key) Object.assign(slot, { key, tries: 0, done: false })
      slot.operation = workOf(row)[0]?.id
      // Done, and yet to be done: what was recorded did not change the plan. Never spin on it.
      if (slot.done) yield* Effect.sleep(backoffMs(1))
      const { clusters, jobs } = log.world()
      const hands = { clouds, cloud: cloudOf(clouds, row), couriers, jobs, log: clusters.log, user: identity.user, inherited }
      const done = Effect.flatMap(perform(row, action, hands), (facts) => record(cluster, row.lastSeq, facts))
      yield* openings.inTurn(cluster, action, done).pipe(
        Effect.tap(() => Effect.sync(() => aways.forget(cluster))),
        Effect.tap(() => Effect.sync(() => Object.assign(slot, { done: true }))),
        Effect.catchTag("KeyMoved", () => Effect.void),
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.orDie(fail(cluster, action, slot, cause))
        ),
        Effect.ensuring(Effect.sync(() => slots.get(cluster) === slot && ongoing.over(slot.operation)))
      )
    }
    rest(cluster)
  })

  /** A defect in the plan of one cluster is a fact and a reason in its row; it rests for a while, and the others go on. */
  const broken = (cluster: ClusterId, cause: Cause.Cause<unknown>) =>
    Effect.gen(function* () {
      const tries = (defects.get(cluster) ?? 0) + 1
      defects.set(cluster, tries)
      slots.set(cluster, { key: defect, tries, done: false })
      yield* Effect.logError("a reactor failed", Cause.pretty(cause)).pipe(Effect.annotateLogs({ cluster }))
      const row = rowOf(log.world().clusters, cluster)
      const nowMs = Math.trunc(yield* Clock.currentTimeMillis)
      const message = `skyd itself failed: ${messageOf(Cause.squash(cause))}`
      if (row !== undefined) yield* Effect.ignore(record(cluster, row.lastSeq, giveUpDefect(row, { message, tries, nowMs })))
      yield* Effect.sleep(backoffMs(tries))
      slots.delete(cluster)
      wake(cluster)
    })

  const guarded = (cluster: ClusterId, work: Effect.Effect<void>) =>
    Effect.catchCause(work, (cause) => (Cause.hasInterruptsOnly(cause) ? Effect.interrupt : broken(cluster, cause)))

  function wake(cluster: ClusterId) {
    const slot = slots.get(cluster)
    if (slot?.key === defect) return
    let next: ReturnType<typeof look>
    try {
      next = look(cluster)
    } catch (cause) {
      return void run(cluster, broken(cluster, Cause.die(cause)))
    }
    if (slot?.key === next?.key && !isAskedAgain(slot, next?.row)) return
    // Its fiber may end after the next one has begun to say something.
    ongoing.over(slot?.operation)
    if (next === undefined) {
      rest(cluster)
      return void run(cluster, Effect.void)
    }
    const fresh: Slot = { key: next.key, tries: 0, done: false }
    slots.set(cluster, fresh)
    run(cluster, guarded(cluster, settle(cluster, fresh)))
  }

  const stop = log.follow((group) => {
    for (const cluster of new Set(group.map(clusterOf))) if (cluster !== undefined) wake(cluster)
  })
  yield* Effect.addFinalizer(() => Effect.sync(stop))
  for (const cluster of HashMap.keys(log.world().clusters.rows)) wake(cluster)
  return Reconciler.of({ wake })
})
