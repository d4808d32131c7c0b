/** What became of nodes, by one list of all zones; of those that are off or gone their operations are asked, once. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isOurs, notOurs, statesBy } from "../../rented/found.ts"
import type { Missed } from "../../rented/missed.ts"
import { steadyMs } from "../../steady-ms.ts"
import { CloudError, type NodeRef, type NodeState, unknownState } from "../Cloud.ts"
import type { Instance } from "./api.ts"
import { type Ending, endingsOf, inWords, isForgotten } from "./endings.ts"
import { type Found, foundIn, namedAs } from "./found.ts"
import type { Instances } from "./Instances.ts"
import { endsItself } from "./names.ts"
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
  const learn = Effect.fn("Query.learn")(function* (zone: string, off: ReadonlyArray<Instance>, nowMs: number) {
    const news = off.filter((one) => !endings.has(endedKey(one)))
    const known = yield* operations.ofNames(
      zone,
      news.map(({ name }) => name!)
    )
    const found = endingsOf(known)
    for (const one of news) {
      const name = one.name!
      const atMs = stopOf(one)
      // One that was suspended has no such time: that is no shutdown of its own.
      const isLost = !found.has(name) && atMs > 0 && isForgotten(known, name, atMs)
      if (!found.has(name) && nowMs - atMs < (isLost && endsItself(one) ? forgottenAfterMs : toldWithinMs)) continue
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
        (ref) => (ref.host === null ? Effect.succeed(undefined) : instances.named(zone, ref.host)),
        { concurrency: atOnce }
      )
      const alone = new Map(strangers.map((ref, i) => [ref, named[i]]))
      const foundOf = (ref: NodeRef): Found | CloudError | undefined => {
        const listed = byNode(ref.node)
        if (listed === undefined) return namedAs(ref, alone.get(ref))
        return isOurs(ref, listed.label) ? listed : notOurs(ref, listed.label)
      }
      const off = those
        .map(foundOf)
        .flatMap((found) => (found === undefined || found instanceof CloudError ? [] : found.instance))
        .filter((one) => phaseOf(one) === "stopped")
      // That a machine is off its list says: who does not tell why takes nothing from that.
      const unlearned = yield* Effect.match(learn(zone, off, nowMs), { onFailure: ({ message }) => message, onSuccess: () => null })
      const gone = strangers.flatMap((ref) => (foundOf(ref) === undefined && ref.host !== null ? [ref.host] : []))
      const ended = yield* Effect.result(operations.endings(zone, gone))
      return those.map((ref): NodeState => {
        const found = foundOf(ref)
        const silent = silentOf(ref)
        if (found === undefined) {
          if (silent !== undefined) return unknownState(ref, `${zone}: ${silent}`)
          if (Result.isFailure(ended)) return unknownState(ref, ended.failure.message)
          return unlisted(ref, ended.success.get(ref.host ?? ""), steadyNowMs, selfDelete)
        }
        missed.seen(ref.node)
        if (found instanceof CloudError) return unknownState(ref, found.message)
        const key = endedKey(found.instance)
        // Whether its cluster ends with it follows from why it is off.
        const isOpen = phaseOf(found.instance) === "stopped" && !endings.has(key) && (found.label.endsItself || unlearned !== null)
        if (isOpen) return { ...unknownState(ref, `GCP does not say yet why it is off${unlearned ? `: ${unlearned}` : ""}`), off: true }
        return stateOf(found.instance, found.label, endings.get(key), useInternalIps)
      })
    })
    return yield* statesBy(refs, { placeOf: ({ zone }) => zone, concurrency: atOnce, ask: inZone })
  })
}
