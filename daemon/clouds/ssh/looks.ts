/** What machines are and who has them, by a look that puts nothing there. What was seen is kept for a while. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { lookAt } from "../../remote/bootstrap.ts"
import type { Connections } from "../../remote/Connections.ts"
import type { Ground } from "../../remote/ground.ts"
import type { Target } from "../../remote/Target.ts"
import { keyOf, type PoolMachine } from "./PoolMachine.ts"
import type { Targets } from "./targets.ts"

export interface Reached {
  readonly target: Target
  readonly ground: Ground
  /** As it was shown. */
  readonly hostKey: string
}

/** What came of a look at a machine. */
export type Looked = PoolMachine & ({ readonly reached: Reached; readonly why: null } | { readonly reached: null; readonly why: string })
export type Found = PoolMachine & { readonly reached: Reached; readonly why: null }

const lookMaxMs = 15_000
/** So long a look at a machine holds for an offer. */
const lookedForMs = 60_000
const looksAtOnce = 64
export const makeLooks = (connections: Connections["Service"], { targetOf }: Targets) => {
  const looks = new Map<string, { readonly atMs: number; readonly reached: Reached }>()

  const reach = Effect.fn("Looks.reach")(function* (machine: PoolMachine) {
    const target = yield* targetOf(machine, null)
    const ground = yield* lookAt(connections, target)
    const reached: Reached = { target, ground, hostKey: yield* connections.hostKey(target) }
    looks.set(keyOf(machine), { atMs: yield* Clock.currentTimeMillis, reached })
    return reached
  })

  const look = (machine: PoolMachine): Effect.Effect<Looked> =>
    reach(machine).pipe(
      Effect.mapError(({ message }) => message),
      Effect.timeoutOrElse({
        duration: lookMaxMs,
        orElse: () => Effect.fail(`no answer from ${machine.host} within ${lookMaxMs / 1000} s`)
      }),
      Effect.match({
        onSuccess: (reached): Looked => ({ ...machine, reached, why: null }),
        onFailure: (why): Looked => ({ ...machine, reached: null, why })
      })
    )

  /** All of them at once; with `isFresh` none by what was seen before. */
  const lookAll = Effect.fn("Looks.lookAll")(function* (machines: ReadonlyArray<PoolMachine>, isFresh: boolean) {
    const nowMs = yield* Clock.currentTimeMillis
    return yield* Effect.forEach(
      machines,
      (machine) => {
        const kept = looks.get(keyOf(machine))
        return !isFresh && kept !== undefined && nowMs - kept.atMs < lookedForMs
          ? Effect.succeed<Looked>({ ...machine, reached: kept.reached, why: null })
          : look(machine)
      },
      { concurrency: looksAtOnce }
    )
  })

  return {
    lookAll,
    /** Something is done to it: what it is is seen anew. */
    forget: (machine: Pick<PoolMachine, "pool" | "host">) => looks.delete(keyOf(machine))
  }
}
