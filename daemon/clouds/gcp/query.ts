/**
 * What became of nodes, by one list of all zones. How those ended that are off or gone their operations tell: they are asked until they do,
 * and seldom where that takes long.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isOurs, notOurs, orUnknown, statesBy } from "../../rented/found.ts"
import type { Missed } from "../../rented/missed.ts"
import { steadyMs } from "../../steady-ms.ts"
import { CloudError, type NodeRef, type NodeState } from "../Cloud.ts"
import { unknownState } from "../unknown-state.ts"
import type { Gcp } from "./client.ts"
import { type Ending, endedKey, endingOfOff, forgotten, inWords, isForgotten, isOver } from "./endings.ts"
import { endingAs, type Found, foundIn, namedAs } from "./found.ts"
import type { Instances } from "./Instances.ts"
import type { Operations } from "./operations.ts"
import type { GcpSettings } from "./settings.ts"
import { phaseOf, stateOf } from "./states.ts"

interface QueryOptions {
  readonly gcp: Pick<Gcp, "heardAtMs">
  readonly instances: Instances
  readonly operations: Operations
  readonly settings: Effect.Effect<Pick<GcpSettings, "selfDelete" | "useInternalIps">, CloudError>
  readonly missed: Missed
}

const atOnce = 8
/** How machines ended that are off is asked until it is told. */
const endsMax = 10_000
/** An operation may be listed a while after what it did. Of one that was to end with its shutdown nothing is said before. */
const toldWithinMs = 600_000
/** What GCP has not told within that it may have forgotten. */
const seldomMs = 600_000

/** Of steadyMs: when it was first seen so, and from when on that is asked (again). */
interface End {
  readonly sinceMs: number
  readonly askAtMs: number
  readonly ending: Ending | undefined
}

export const makeQuery = ({ gcp, instances, missed, operations, settings }: QueryOptions) => {
  /** Of those that are off, by what tells this end from the one before it. */
  const ends = new Map<string, End>()
  const learn = Effect.fn("Query.learn")(function* (zone: string, off: ReadonlyArray<Found>, steadyNowMs: number) {
    for (const { instance } of off) {
      const key = endedKey(instance)
      if (!ends.has(key)) ends.set(key, { sinceMs: steadyNowMs, askAtMs: steadyNowMs, ending: undefined })
      if (ends.size > endsMax) ends.delete(ends.keys().next().value!)
    }
    const untold = off.filter(({ instance }) => {
      const { askAtMs = steadyNowMs, ending } = ends.get(endedKey(instance)) ?? {}
      return ending === undefined && askAtMs <= steadyNowMs
    })
    const known = yield* operations.ofNames(
      zone,
      untold.map(({ instance }) => instance.name!)
    )
    for (const { instance } of untold) {
      const isLost = isForgotten(instance, known, gcp.heardAtMs())
      const ending = endingOfOff(instance, known) ?? (isLost ? forgotten(instance) : undefined)
      const key = endedKey(instance)
      const { sinceMs = steadyNowMs } = ends.get(key) ?? {}
      const askAtMs = steadyNowMs + (steadyNowMs - sinceMs < toldWithinMs ? 0 : seldomMs)
      ends.set(key, { sinceMs, askAtMs, ending })
    }
  })

  const unlisted = (ref: NodeRef, ending: Ending | undefined, steadyNowMs: number, selfDelete: string | null): NodeState => {
    const gone = (reason: string): NodeState => ({
      ...unknownState(ref, reason),
      state: "missing",
      ...(ending && isOver(ending) && { endedAtMs: ending.atMs })
    })
    if (ending !== undefined && isOver(ending)) return gone(`deleted: ${inWords(ending, selfDelete)}`)
    if (missed.isLong(ref.node, steadyNowMs)) return gone("GCP does not list it any more")
    return unknownState(ref, `GCP does not list ${ref.host ?? ref.node} at the moment`)
  }

  return Effect.fn("Query")(function* (refs: ReadonlyArray<NodeRef>) {
    const { selfDelete, useInternalIps } = yield* settings
    const steadyNowMs = yield* steadyMs
    const logs = [...new Set(refs.map(({ tags }) => tags.log))]
    const lists = yield* Effect.forEach(logs, (log) => instances.ofLog(log), { concurrency: "unbounded" })
    const byNode = (node: string) => lists.map((list) => foundIn(list.instances, node)).find((found) => found !== undefined)
    const silentOf = ({ zone }: NodeRef) => lists.map(({ silent }) => silent.get(zone ?? "")).find((why) => why !== undefined)
    const inZone = Effect.fnUntraced(function* (zone: string, those: ReadonlyArray<NodeRef>) {
      // One of another log is in none of these lists.
      const strangers = those.filter((ref) => byNode(ref.node) === undefined && silentOf(ref) === undefined)
      const named = yield* Effect.forEach(
        strangers,
        (ref) => (ref.host === null ? Effect.succeed(Result.succeed(undefined)) : Effect.result(instances.named(zone, ref.host))),
        { concurrency: atOnce }
      )
      const alone = new Map(strangers.map((ref, i) => [ref, named[i]!]))
      const foundOf = (ref: NodeRef): Found | CloudError | undefined => {
        const listed = byNode(ref.node)
        const answer = alone.get(ref)
        if (listed === undefined && answer !== undefined && Result.isFailure(answer)) return answer.failure
        const lone = answer === undefined || Result.isFailure(answer) ? undefined : namedAs(ref, answer.success)
        const found = listed === undefined ? lone : isOurs(ref, listed.label) ? listed : notOurs(ref, listed.label)
        return found === undefined || found instanceof CloudError ? found : endingAs(ref, found)
      }
      const off = those
        .map(foundOf)
        .flatMap((found) => (found === undefined || found instanceof CloudError ? [] : found))
        .filter(({ instance }) => phaseOf(instance) === "stopped")
      const learnt = yield* Effect.result(learn(zone, off, steadyNowMs))
      const ended = yield* Effect.result(
        operations.endings(
          zone,
          strangers.flatMap((ref) => (foundOf(ref) === undefined && ref.host !== null ? [ref.host] : []))
        )
      )
      const stateNow = Effect.fnUntraced(function* (ref: NodeRef): Effect.fn.Return<NodeState, CloudError> {
        const found = foundOf(ref)
        const silent = silentOf(ref)
        if (found === undefined)
          return silent === undefined
            ? unlisted(ref, (yield* Effect.fromResult(ended)).get(ref.host ?? ""), steadyNowMs, selfDelete)
            : unknownState(ref, `${zone}: ${silent}`)
        // An error as well: the minute begins anew with it.
        missed.seen(ref.node)
        if (found instanceof CloudError) return yield* found
        const { ending, sinceMs = steadyNowMs } = ends.get(endedKey(found.instance)) ?? {}
        // Whether its cluster ends with it follows from why it is off. That it is off its list says, whoever does not tell why.
        const isUntold = phaseOf(found.instance) === "stopped" && found.instance.status !== "SUSPENDED" && ending === undefined
        const isAwaited = found.label.endsItself && steadyNowMs - sinceMs < toldWithinMs
        if (isUntold && (isAwaited || Result.isFailure(learnt))) {
          const why = Result.isFailure(learnt) ? `: ${learnt.failure.message}` : ""
          return { ...unknownState(ref, `GCP does not say yet why it is off${why}`), off: true }
        }
        return stateOf(found.instance, found.label, ending, useInternalIps)
      })
      return yield* Effect.forEach(those, (ref) => orUnknown(ref, stateNow(ref)))
    })
    return yield* statesBy(refs, { placeOf: ({ zone }) => zone, concurrency: atOnce, ask: inZone })
  })
}
