/** What machines are and who has them, by a look that puts nothing there. What was seen is kept for a while. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Connections } from "../../remote/Connections.ts"
import type { Ground } from "../../remote/ground.ts"
import { type RemoteError, remoteError } from "../../remote/RemoteError.ts"
import type { Target } from "../../remote/Target.ts"
import { adviceOn } from "./advice.ts"
import type { MachinesOptions } from "./Machines.ts"
import { keyOf, type PoolMachine } from "./PoolMachine.ts"
import type { Targets } from "./targets.ts"

export interface Reached {
  readonly target: Target
  readonly ground: Ground
  /** As it was shown. */
  readonly hostKey: string
}

/** What came of a look at a machine. */
export type Looked = PoolMachine &
  (
    | { readonly reached: Reached; readonly why: null }
    /** `wasThere`: it answered a moment ago. `clusterName`: of ours, that has it. */
    | {
        readonly reached: null
        readonly why: string
        readonly advice: string | null
        readonly wasThere: boolean
        readonly clusterName: string | null
      }
  )
export type Found = PoolMachine & { readonly reached: Reached; readonly why: null }

const lookMaxMs = 15_000
/** So long a look at a machine holds for an offer. */
const lookedForMs = 60_000
/** So long one that did not answer is not asked again by who needs others only. */
const silentForMs = 15_000
/** So long after it last answered a machine is taken for one that comes back. */
const awayMaxMs = 120_000
const looksAtOnce = 64
interface Seen {
  readonly atMs: number
  readonly looked: Looked
}
/** `of late`: by what was seen a while ago, where it was reached. `reached now`: each that answered of late. `now`: each. */
export type How = "now" | "reached now" | "of late"

const wordsOn = (error: RemoteError) => ({ why: error.message, advice: adviceOn(error) })

/** The machines that nodes of ours are on: the keys that they were had by. */
export type Pins = Map<string, { readonly hostKey: string; readonly clusterName: string }>

export const makeLooks = (connections: Connections["Service"], { targetOf }: Targets, see: MachinesOptions["look"], pins: Pins) => {
  const looks = new Map<string, Seen>()
  const answeredAtMs = new Map<string, number>()

  const reach = Effect.fn("Looks.reach")(function* (machine: PoolMachine) {
    const target = yield* targetOf(machine, pins.get(keyOf(machine))?.hostKey ?? null)
    const ground = yield* see(target)
    return { target, ground, hostKey: yield* connections.hostKey(target) } satisfies Reached
  })

  const look = (machine: PoolMachine): Effect.Effect<Looked> =>
    reach(machine).pipe(
      Effect.timeoutOrElse({
        duration: lookMaxMs,
        orElse: () => Effect.fail(remoteError("NoAnswer", machine, `no answer from ${machine.host} within ${lookMaxMs / 1000} s`))
      }),
      Effect.result,
      Effect.zip(Clock.currentTimeMillis),
      Effect.map(([result, atMs]) => {
        const key = keyOf(machine)
        if (Result.isSuccess(result)) answeredAtMs.set(key, atMs)
        const wasThere = atMs - (answeredAtMs.get(key) ?? -awayMaxMs) < awayMaxMs
        const clusterName = pins.get(key)?.clusterName ?? null
        const looked: Looked = Result.isSuccess(result)
          ? { ...machine, reached: result.success, why: null }
          : { ...machine, reached: null, ...wordsOn(result.failure), wasThere, clusterName }
        looks.set(key, { atMs, looked })
        return looked
      })
    )

  /** Whether what was seen is good enough for who asks. */
  const isGood = ({ atMs, looked }: Seen, how: How, nowMs: number) => {
    if (looked.reached === null) return how === "reached now" && nowMs - atMs < silentForMs
    return how === "of late" && nowMs - atMs < lookedForMs
  }

  const lookAll = Effect.fn("Looks.lookAll")(function* (machines: ReadonlyArray<PoolMachine>, how: How) {
    const nowMs = yield* Clock.currentTimeMillis
    return yield* Effect.forEach(
      machines,
      (machine) => {
        const seen = looks.get(keyOf(machine))
        // What the file says of it may have changed.
        return seen !== undefined && isGood(seen, how, nowMs) ? Effect.succeed<Looked>({ ...seen.looked, ...machine }) : look(machine)
      },
      { concurrency: looksAtOnce }
    )
  })

  return {
    lookAll,
    /** What is seen of them may be another user's now. */
    clear: () => looks.clear(),
    /** Something is done to it: what it is is seen anew. */
    forget: (machine: Pick<PoolMachine, "pool" | "host">) => looks.delete(keyOf(machine))
  }
}
