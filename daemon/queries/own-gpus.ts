/** The accelerators of the user's own machines, by pool and kind, and of this one. */
import * as Effect from "effect/Effect"
import type { OwnGpuView } from "../../sdk/protocol/catalog.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import type { OwnMachine } from "../clouds/OwnMachine.ts"

/** Who asks for prices waits no longer for machines that are away. */
const patienceMs = 4000

interface OwnGpus {
  readonly own: ReadonlyArray<OwnGpuView>
  readonly ownReason: string | null
}

const none: OwnGpus = { own: [], ownReason: null }

/** Pure. `isWanted`: by name and by how many one machine has. */
export const ownGpusOf = (machines: ReadonlyArray<OwnMachine>, isWanted: (name: string, count: number) => boolean): OwnGpus => {
  const found = machines.filter(({ accelerators }) => accelerators !== null && isWanted(accelerators.name, accelerators.count))
  const sum = (some: ReadonlyArray<OwnMachine>) => some.reduce((all, { accelerators }) => all + accelerators!.count, 0)
  const kinds = Map.groupBy(found, ({ accelerators, pool }) => JSON.stringify([pool, accelerators!.name]))
  const away = machines.filter(({ status }) => status === "unreachable").length
  return {
    own: [...kinds.values()].map((all) => ({
      cloud: "ssh",
      region: all[0]!.pool,
      accelerator: all[0]!.accelerators!.name,
      counts: [...new Set(all.map(({ accelerators }) => accelerators!.count))].sort((a, b) => a - b),
      total: sum(all),
      free: sum(all.filter(({ status }) => status === "free"))
    })),
    ownReason: away === 0 ? null : `${away} of ${machines.length} machines ${away === 1 ? "is" : "are"} not reached`
  }
}

/** Of this machine: what its cloud offers to who asks for nothing. */
export const gpusHere = Effect.fnUntraced(function* (cloud: Cloud | undefined, isWanted: Parameters<typeof ownGpusOf>[1]) {
  const { offers = [] } = cloud === undefined ? {} : yield* cloud.offers({ run: "" })
  return offers.flatMap(({ accelerators: has }): OwnGpus["own"] => {
    if (has === null || !isWanted(has.name, has.count)) return []
    return [{ cloud: "local", region: null, accelerator: has.name, counts: [has.count], total: has.count, free: has.count }]
  })
})

/** `isPatient`: they are what is asked about. */
export const ownGpus = (cloud: Cloud | undefined, pool: string | null, isPatient: boolean, isWanted: Parameters<typeof ownGpusOf>[1]) =>
  Effect.gen(function* () {
    if (cloud?.machines === undefined || (yield* cloud.whyNot ?? Effect.succeed(null)) !== null) return none
    const asked = Effect.map(cloud.machines(pool), (machines) => ownGpusOf(machines, isWanted))
    const answer = isPatient ? asked : Effect.timeoutOrElse(asked, { duration: patienceMs, orElse: () => Effect.succeed(late) })
    return yield* Effect.catch(answer, ({ message }) => Effect.succeed({ own: [], ownReason: message }))
  })

const late: OwnGpus = { own: [], ownReason: "some have not answered yet" }
