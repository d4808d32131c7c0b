/**
 * A cluster is ended by the tags of its machines, and nothing is recorded: the way out when the log takes nothing any more, and for
 * machines that a sound log does not know, since it was begun anew or put back from a backup.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type { NodeId } from "../../events/ids.ts"
import { type Clusters, logOf, rowNamed, rowOf } from "../../projections/clusters.ts"
import { type SkydError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Owned } from "../clouds/Cloud.ts"
import { Clouds } from "../clouds/Clouds.ts"
import { hadIn, wasUsed } from "../leaks/known.ts"
import { EventLog } from "../log/EventLog.ts"
import { Witness } from "../log/Witness.ts"
import { Notices } from "../Notices.ts"
import { endNamed, inWords, type Machine, type Machines, machines, unknownOf } from "./to-pay-for.ts"

/** How long the first start of a log may wait for the clouds' word. */
const firstLookMaxMs = 2000
/** After any other start, which has other things to do. */
const lookAfterMs = 5000
/** While something is said: machines go by themselves too, and clouds come back. */
const againMs = 60_000

export interface Ended {
  readonly cluster: string
  /** Machines that were ended. */
  readonly nodes: ReadonlyArray<string>
}

export class Unlogged extends Context.Service<Unlogged, { readonly end: (clusterName: string) => Effect.Effect<Ended, SkydError> }>()(
  "skyd/daemon/read-only/Unlogged"
) {
  static readonly refused = Layer.sync(Unlogged, () => ({ end: refuse }))

  /** Over a sound log: only what it does not know, which is said. */
  static readonly layer = Layer.effect(
    Unlogged,
    Effect.suspend(() => make)
  )
}

/** What the log knows is ended by what it records. */
const refuse = (clusterName: string) =>
  Effect.fail(
    new ValueError({ message: "The log is sound: nothing is done without recording it.", hint: `End it with: sky down ${clusterName}` })
  )

const isKnown = (clusters: Clusters, { tags }: Owned) => {
  const row = rowOf(clusters, tags.cluster)
  return row !== undefined && tags.log === logOf(clusters, row)
}

/** Of its own what ends them is recorded; another log's can only be ended without. */
const textOf = ({ found, silent }: Machines, ownLog: string): string | null => {
  const isOwn = ({ tags }: Owned) => tags.log === ownLog
  const [own, others] = [found.filter(isOwn), found.filter((one) => !isOwn(one))]
  const told = [
    [own, "There are machines of this log that no cluster has.", "sky leaks --terminate ends them."],
    [others, "There are machines that the log does not know.", "sky down --unlogged CLUSTER ends them."]
  ] as const
  const all = told.flatMap(([those, what, way]) => (those.length === 0 ? [] : [`${what} ${inWords({ found: those, silent: [] })} ${way}`]))
  if (all.length > 0) return `${all.join(" ")}${unknownOf(silent)}`
  return silent.length === 0 ? null : `There may be machines that the log does not know.${unknownOf(silent)}`
}

const make = Effect.gen(function* () {
  const clouds = yield* Clouds
  const log = yield* EventLog
  const notices = yield* Notices
  const scope = yield* Effect.scope
  const { said } = yield* Witness
  const isFirst = said.seq === 0
  let last: ReadonlyArray<Machine> = []
  let unclear: ReadonlyArray<string> = []
  /** Of those that were told of: a list of a cloud's may still have them. */
  const ended = new Set<NodeId>()

  const isLoose = (clusters: Clusters) => (one: Machine) => !isKnown(clusters, one) && !ended.has(one.node)
  const say = () => notices.set("strays", textOf({ found: last, silent: unclear }, log.world().clusters.log))

  /** What there is now, which is said. */
  const look = Effect.suspend(() => {
    const world = log.world()
    const before = world.clusters
    // A log that has begun here knows nothing of what another one may have used.
    const mayHave = (name: string) => isFirst || wasUsed(world, name) || last.some(({ cloud }) => cloud.name === name)
    return Effect.map(machines(clouds, null, { before: last, isHad: hadIn(before), mayHave }), ({ found, silent }) => {
      // What went meanwhile was known, and so is what came.
      last = found.filter(isLoose(before)).filter(isLoose(log.world().clusters))
      unclear = silent
      say()
      return { found: last, silent }
    })
  })
  const tell = look.pipe(Effect.asVoid, Effect.catchCause(Effect.logError))

  const looked = yield* Effect.forkScoped(isFirst ? tell : Effect.delay(tell, lookAfterMs))
  if (isFirst) yield* Effect.timeoutOption(Fiber.join(looked), firstLookMaxMs)
  const stop = log.follow((facts, { clusters }) => {
    if (last.length === 0) return
    const went = facts.flatMap(({ event }) => ((event._tag === "LeakEnded" || event._tag === "NodeReleased") && event.node) || [])
    for (const node of went) if (last.some((one) => one.node === node)) ended.add(node)
    const left = last.filter(isLoose(clusters))
    if (left.length === last.length) return
    last = left
    say()
  })
  yield* Effect.addFinalizer(() => Effect.sync(stop))
  const again = Effect.suspend(() => (notices.get("strays") === undefined ? Effect.void : tell))
  yield* Effect.forkScoped(Effect.forever(Effect.delay(again, againMs)))

  return Unlogged.of({
    end: Effect.fn("Unlogged.end")(function* (clusterName) {
      const all = yield* look
      const isHere = rowNamed(log.world().clusters, clusterName) !== undefined
      const isFound = all.found.some(({ tags }) => tags.clusterName === clusterName)
      if (!isFound && isHere) return yield* refuse(clusterName)
      return yield* Effect.ensuring(endNamed(all, clusterName), Effect.forkIn(tell, scope))
    })
  })
})
