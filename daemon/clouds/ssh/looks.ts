/** What machines are and who has them, by a look that puts nothing there. What was seen is kept for a while. */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { NodeToken } from "../../../events/ids.ts"
import type { Connections } from "../../remote/Connections.ts"
import type { Ground } from "../../remote/ground.ts"
import { type Kind, type RemoteError, remoteError } from "../../remote/RemoteError.ts"
import type { Target } from "../../remote/Target.ts"
import { adviceOn } from "./advice.ts"
import type { Looked, Reached } from "./Looked.ts"
import { keyOf, type PoolMachine } from "./PoolMachine.ts"
import type { Targets } from "./targets.ts"

const lookMaxMs = 15_000
/** So long a look at a machine holds for an offer. */
const lookedForMs = 60_000
/** So long one that did not answer is not asked again by who needs others only. */
const silentForMs = 15_000
/** So long after it last answered a machine is taken for one that comes back. */
const awayMaxMs = 120_000
const looksAtOnce = 64
/** So long who has enough waits for the others: those of a slow line may come first in the file. */
const graceMs = 500
interface Seen {
  readonly atMs: number
  readonly looked: Looked
  /** It was not waited for to the end. */
  readonly isGuess: boolean
}
/**
 * `of late`: by what was seen a while ago. `reached now`: each that answered of late. `now`: each. `sinceMs`: each that was reached, or not
 * asked since.
 */
export type How = "now" | "reached now" | "of late" | { readonly sinceMs: number }

const wordsOn = (error: RemoteError, isByConfig: boolean) => ({ why: error.message, advice: adviceOn(error, isByConfig) })

/** The machines that nodes of ours are on: the keys that they were had by. */
export type Pins = Map<string, { readonly hostKey: string; readonly clusterName: string }>

export interface LooksOptions {
  readonly connections: Connections["Service"]
  readonly targets: Pick<Targets, "targetOf" | "isByConfig">
  readonly lookAt: (target: Target) => Effect.Effect<Ground, RemoteError>
  readonly pins: Pins
  /** Of a machine without a lease: who of ours has it as another of its users. */
  readonly heldBy: (ground: Ground, nowMs: number, asks: NodeToken | null) => ReadonlyArray<string>
}

export const makeLooks = ({ connections, heldBy, lookAt, pins, targets: { isByConfig, targetOf } }: LooksOptions) => {
  const looks = new Map<string, Seen>()
  const answeredAtMs = new Map<string, number>()

  const reach = Effect.fn("Looks.reach")(function* (machine: PoolMachine) {
    const late = (kind: Kind, what: string) => () => Effect.fail(remoteError(kind, machine, `${what} within ${lookMaxMs / 1000} s`))
    const target = yield* targetOf(machine, pins.get(keyOf(machine))?.hostKey ?? null)
    const [took, hostKey] = yield* Effect.timeoutOrElse(Effect.timed(connections.hostKey(target)), {
      duration: lookMaxMs,
      orElse: late("NoAnswer", `no answer from ${machine.host}`)
    })
    const ground = yield* Effect.timeoutOrElse(lookAt(target), {
      duration: Duration.subtract(Duration.millis(lookMaxMs), took),
      orElse: late("NoShell", `${machine.host} lets us in, and does not say to its end what it is`)
    })
    return { target, ground, hostKey } satisfies Reached
  })

  const silent = (machine: PoolMachine, words: ReturnType<typeof wordsOn>, atMs: number): Looked => {
    const key = keyOf(machine)
    const wasThere = atMs - (answeredAtMs.get(key) ?? -awayMaxMs) < awayMaxMs
    return { ...machine, reached: null, ...words, wasThere, clusterName: pins.get(key)?.clusterName ?? null }
  }

  const look = (machine: PoolMachine): Effect.Effect<Looked> =>
    reach(machine).pipe(
      Effect.result,
      Effect.zip(Clock.currentTimeMillis),
      Effect.map(([result, atMs]) => {
        const key = keyOf(machine)
        if (Result.isSuccess(result)) answeredAtMs.set(key, atMs)
        const looked: Looked = Result.isSuccess(result)
          ? { ...machine, reached: result.success, why: null }
          : silent(machine, wordsOn(result.failure, isByConfig(machine)), atMs)
        looks.set(key, { atMs, looked, isGuess: false })
        return looked
      })
    )

  /** Whether what was seen is good enough for who asks. */
  const isGood = ({ atMs, isGuess, looked }: Seen, how: How, nowMs: number) => {
    if (typeof how === "object") return looked.reached === null && !isGuess && atMs >= how.sinceMs
    if (looked.reached === null) return how !== "now" && nowMs - atMs < silentForMs
    return how === "of late" && nowMs - atMs < lookedForMs
  }

  /** Whoever has it, a machine is had for all of its users: also where that is seen as another of them, or is on no machine yet. */
  const withTenants = (all: ReadonlyArray<Looked>, nowMs: number, asks: NodeToken | null): ReadonlyArray<Looked> => {
    const leased = new Map<string, string>()
    for (const { reached } of all) {
      const { kernel = null, lease = null } = reached?.ground ?? {}
      if (kernel !== null && lease !== null && lease !== "unreadable") leased.set(kernel, `'${lease.clusterName}'`)
    }
    return all.map((looked) => {
      if (looked.reached === null || looked.reached.ground.lease !== null) return looked
      const { ground } = looked.reached
      const other = leased.get(ground.kernel ?? "")
      const tenants = new Set([...ground.tenants, ...(other === undefined ? [] : [other]), ...heldBy(ground, nowMs, asks)])
      return { ...looked, reached: { ...looked.reached, ground: { ...ground, tenants: [...tenants] } } }
    })
  }

  const lookOne = (machine: PoolMachine, how: How, nowMs: number) => {
    const seen = looks.get(keyOf(machine))
    // What the file says of it may have changed.
    return seen !== undefined && isGood(seen, how, nowMs) ? Effect.succeed<Looked>({ ...seen.looked, ...machine }) : look(machine)
  }

  const lookAll = Effect.fn("Looks.lookAll")(function* (machines: ReadonlyArray<PoolMachine>, how: How, asks: NodeToken | null = null) {
    const nowMs = yield* Clock.currentTimeMillis
    const looked = yield* Effect.forEach(machines, (machine) => lookOne(machine, how, nowMs), { concurrency: looksAtOnce })
    return withTenants(looked, yield* Clock.currentTimeMillis, asks)
  })

  /** Who does not answer is not waited for, once those that did are enough. */
  const lookUntil = Effect.fn("Looks.lookUntil")(function* (
    machines: ReadonlyArray<PoolMachine>,
    how: How,
    isEnough: (some: ReadonlyArray<Looked>, latest: Looked) => boolean
  ) {
    const nowMs = yield* Clock.currentTimeMillis
    const enough = yield* Deferred.make<void>()
    const seen = new Map<PoolMachine, Looked>()
    const take = (machine: PoolMachine) => (looked: Looked) => {
      seen.set(machine, looked)
      return isEnough([...seen.values()], looked) ? Deferred.succeed(enough, undefined) : Effect.void
    }
    const each = (machine: PoolMachine) => Effect.flatMap(lookOne(machine, how, nowMs), take(machine))
    yield* Effect.raceFirst(
      Effect.forEach(machines, each, { concurrency: looksAtOnce, discard: true }),
      Effect.andThen(Deferred.await(enough), Effect.sleep(graceMs))
    )
    const atMs = yield* Clock.currentTimeMillis
    const all = machines.map((machine) => {
      const looked = seen.get(machine) ?? silent(machine, { why: "it has not answered yet", advice: null }, atMs)
      if (!seen.has(machine)) looks.set(keyOf(machine), { atMs, looked, isGuess: true })
      return looked
    })
    return withTenants(all, atMs, null)
  })

  return {
    lookAll,
    lookUntil,
    /** What is seen of them may be another user's now. */
    clear: () => looks.clear(),
    /** Something is done to it: what it is is seen anew. */
    forget: (machine: Pick<PoolMachine, "pool" | "host">) => looks.delete(keyOf(machine))
  }
}
