/** What became of nodes, by one list of all zones; of those that are off or gone their operations are asked, once. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isOurs, notOurs, orUnknown, statesBy } from "../../rented/found.ts"
import type { Missed } from "../../rented/missed.ts"
import { steadyMs } from "../../steady-ms.ts"
import { CloudError, type NodeRef, type NodeState, unknownState } from "../Cloud.ts"
import type { Instance } from "./api.ts"
import { type Ending, endingsOf, inWords, isForgotten } from "./endings.ts"
import { endingAs, type Found, foundIn, namedAs } from "./found.ts"
import type { Instances } from "./Instances.ts"
import type { Operations } from "./operations.ts"
import type { GcpSettings } from "./settings.ts"
import { phaseOf, stateOf } from "./states.ts"

interface QueryOptions {
  readonly instances: Instances
  readonly operations: Operations
  readonly settings: Effect.Effect<Pick<GcpSettings, "selfDelete" | "useInternalIps">, CloudError>
  readonly missed: Missed
}

const atOnce = 8
/** How machines ended that are off is asked once. */
const endingsMax = 10_000
/** An operation may be listed a while after what it did. */
const toldWithinMs = 60_000
/** Before that nothing is forgotten, however little is listed: a machine goes for good by it. */
const forgottenAfterMs = 600_000

export const makeQuery = ({ instances, missed, operations, settings }: QueryOptions) => {
  /** How those ended that are off, by their names and when that was. What is not told a while after that will not be. */
  const endings = new Map<string, Ending | undefined>()
  const endedKey = ({ lastStopTimestamp, name }: Instance) => `${name} ${lastStopTimestamp}`
  const stopOf = ({ lastStopTimestamp }: Instance) => Date.parse(lastStopTimestamp ?? "") || 0
  const learn = Effect.fn("Query.learn")(function* (zone: string, off: ReadonlyArray<Found>, nowMs: number) {
    const news = off.filter(({ instance }) => !endings.has(endedKey(instance)))
    const known = yield* operations.ofNames(
      zone,
      news.map(({ instance }) => instance.name!)
    )
    const found = endingsOf(known)
    for (const { instance: one, label } of news) {
      const name = one.name!
      const atMs = stopOf(one)
      // One that was suspended has no such time: that is no shutdown of its own.
      const isLost = !found.has(name) && atMs > 0 && isForgotten(known, name, atMs)
      if (!found.has(name) && nowMs - atMs < (isLost && label.endsItself ? forgottenAfterMs : toldWithinMs)) continue
      endings.set(endedKey(one), isLost ? { how: "forgotten", by: null, atMs, failure: null } : found.get(name))
    }
    for (const old of endings.keys()) if (endings.size > endingsMax) endings.delete(old)
  })

  const unlisted = (ref: NodeRef, ending: Ending | undefined, steadyNowMs: number, selfDelete: string | null): NodeState => {
    const gone = (reason: string): NodeState => ({
      ...unknownState(ref, reason),
      state: "missing",
      ...(ending && { endedAtMs: ending.atMs })
    })
    if (ending !== undefined) return gone(`deleted: ${inWords(ending, selfDelete)}`)
    if (missed.isLong(ref.node, steadyNowMs)) return gone("GCP does not list it any more")
    return unknownState(ref, `GCP does not list ${ref.host ?? ref.node} at the moment`)
  }

  return Effect.fn("Query")(function* (refs: ReadonlyArray<NodeRef>) {
    const { selfDelete, useInternalIps } = yield* settings
    const nowMs = yield* Clock.currentTimeMillis
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
      const learnt = yield* Effect.result(learn(zone, off, nowMs))
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
        const key = endedKey(found.instance)
        // Whether its cluster ends with it follows from why it is off. That it is off its list says, whoever does not tell why.
        const isUntold = phaseOf(found.instance) === "stopped" && !endings.has(key)
        if (isUntold && (found.label.endsItself || Result.isFailure(learnt))) {
          const why = Result.isFailure(learnt) ? `: ${learnt.failure.message}` : ""
          return { ...unknownState(ref, `GCP does not say yet why it is off${why}`), off: true }
        }
        return stateOf(found.instance, found.label, endings.get(key), useInternalIps)
      })
      return yield* Effect.forEach(those, (ref) => orUnknown(ref, stateNow(ref)))
    })
    return yield* statesBy(refs, { placeOf: ({ zone }) => zone, concurrency: atOnce, ask: inZone })
  })
}
