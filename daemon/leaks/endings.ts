/**
 * Ends what no cluster has: a fact before the cloud is told and one after. What an earlier life of the daemon began goes on in this one.
 */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { ClusterId } from "../../events/ids.ts"
import type { Actor } from "../../events/Recorded.ts"
import { type LeakEnding, leakKey } from "../../projections/leaks.ts"
import type { SkydError } from "../../sdk/protocol/errors.ts"
import { cut } from "../../task/sentence.ts"
import { type Cloud, CloudError } from "../clouds/Cloud.ts"
import type { Clouds } from "../clouds/Clouds.ts"
import type { EventLog } from "../log/EventLog.ts"
import type { World } from "../World.ts"
import { isKept } from "./known.ts"
import type { Held, Leak } from "./Leak.ts"
import { lookAround } from "./look.ts"
import { leakView } from "./view.ts"

const messageMaxChars = 4096
/** Between tries of what an earlier life began. */
const againFirstMs = 30_000
const againMaxMs = 600_000

export type RecordFacts = (
  cluster: ClusterId,
  decide: (world: World) => Result.Result<ReadonlyArray<Event>, SkydError>,
  kind?: Actor["kind"]
) => Effect.Effect<ReadonlyArray<unknown>, SkydError>

interface EndingsOptions {
  readonly clouds: Clouds["Service"]
  readonly log: EventLog["Service"]
  readonly record: RecordFacts
}

/** With credentials of another account it may be there all the same. */
const notListed = (cloud: string) => new CloudError({ kind: "Refused", code: "NotListed", message: `${cloud} does not list it any more` })

const exchanged = (names: ReadonlyArray<string> | null) =>
  new CloudError({ kind: "Transient", code: "OtherIdentity", message: `the credentials became those of ${names?.join(", ") ?? "nobody"}` })

/** What is not there looks as if it had ended. */
const asTheSame = Effect.fnUntraced(function* (cloud: Cloud, deed: Effect.Effect<void, CloudError>) {
  const identity = cloud.identityNow ?? cloud.identity
  const before = yield* identity
  yield* deed
  const after = yield* identity
  if (before?.join() !== after?.join()) return yield* exchanged(after)
})

const aboutOf = ({ cloud, id, thing }: Held) => ({
  cluster: thing.tags.cluster,
  cloud,
  kind: thing.kind,
  id,
  region: thing.region,
  ...(thing.kind === "machine" && { node: thing.node })
})
type About = ReturnType<typeof aboutOf>

export const makeEndings = ({ clouds, log, record }: EndingsOptions) => {
  const ownLog = () => log.world().clusters.log
  /** What this life has ended for an earlier one, by its id: who asked then asks again. */
  const gone = new Map<string, Leak>()

  const removed = ({ cloud: name, thing }: Held) => {
    const cloud = clouds.get(name)
    const deed = thing.kind === "machine" ? cloud?.terminate(thing) : cloud?.remove?.(thing)
    if (deed !== undefined) return asTheSame(cloud!, deed)
    return Effect.fail(new CloudError({ kind: "Refused", code: "NotSupported", message: `${name} cannot end a ${thing.kind}` }))
  }

  const conclude = Effect.fnUntraced(function* (about: About, outcome: Result.Result<void, CloudError>, kind?: Actor["kind"]) {
    const kept = Result.isFailure(outcome) ? { code: outcome.failure.code, message: cut(outcome.failure.message, messageMaxChars) } : null
    const event = kept === null ? ({ _tag: "LeakEnded", ...about } as const) : ({ _tag: "LeakKept", ...about, ...kept } as const)
    yield* record(about.cluster, () => Result.succeed([event]), kind)
    return kept
  })

  /** Null: it has become a cluster's while it was looked for. */
  const endOne = Effect.fn("Leaks.endOne")(function* (leak: Leak) {
    const about = aboutOf(leak)
    const requested = { _tag: "LeakEndRequested", ...about, reason: cut(leak.reason) } as const
    const begun = yield* record(about.cluster, (world) => Result.succeed(isKept(world, leak) ? [] : [requested]))
    if (begun.length === 0) return null
    return { leak: leakView(leak), kept: yield* conclude(about, yield* Effect.result(removed(leak))) }
  })

  /** Whether there is an end of it. */
  const tryAgain = Effect.fn("Leaks.tryAgain")(function* ({ _tag, reason, ...about }: LeakEnding) {
    const world = log.world()
    const { leakEnds } = world
    if (!HashMap.has(leakEnds.open, leakKey(about))) return true
    const own = new Map([...clouds].filter(([name]) => name === about.cloud))
    const { held, silent } = yield* lookAround(own, ownLog(), world, () => Effect.succeed(true))
    const found = held.find(({ id, thing }) => id === about.id && thing.kind === about.kind && thing.tags.cluster === about.cluster)
    if (found === undefined && (own.size === 0 || silent.length > 0)) return false
    const outcome = found === undefined ? Result.fail(notListed(about.cloud)) : yield* Effect.result(removed(found))
    if (Result.isFailure(outcome) && outcome.failure.kind === "Transient") return false
    const kept = yield* conclude(about, outcome, "daemon")
    if (found !== undefined && kept === null) gone.set(about.id, { ...found, reason, isOurs: true })
    return true
  })

  return {
    endOne,
    goneOf: (id: string): Leak | undefined => gone.get(id),
    /** `alone`: no two deeds at a time. */
    goOn: Effect.fn("Leaks.goOn")(function* (
      ending: LeakEnding,
      alone: (deed: Effect.Effect<boolean, SkydError>) => Effect.Effect<boolean, SkydError>
    ) {
      for (let waitMs = againFirstMs; !(yield* alone(tryAgain(ending))); waitMs = Math.min(againMaxMs, waitMs * 2))
        yield* Effect.sleep(waitMs)
    })
  }
}
