/** The machines of the pools: what they are and who has them, by looks that put nothing there; and all that is asked of them over ssh. */
import * as Effect from "effect/Effect"
import { makeMachines } from "../../over-ssh/Machines.ts"
import type { Ready } from "../../remote/bootstrap.ts"
import type { Connections } from "../../remote/Connections.ts"
import type { Ground } from "../../remote/ground.ts"
import type { RemoteError } from "../../remote/RemoteError.ts"
import type { Target } from "../../remote/Target.ts"
import type { NodeRef } from "../Cloud.ts"
import { makeLooks, type Pins, type Reached } from "./looks.ts"
import { entryOf, keyOf, type PoolMachine } from "./PoolMachine.ts"
import type { KnownPools } from "./pools.ts"
import { makeTargets, type Resolve } from "./targets.ts"

export interface PoolMachinesOptions {
  readonly connections: Connections["Service"]
  readonly pools: () => Promise<KnownPools>
  /** What a name of the pools file stands for. */
  readonly resolve: Resolve
  readonly look: (target: Target) => Effect.Effect<Ground, RemoteError>
  readonly bring: (machine: PoolMachine, target: Target, ground?: Ground) => Effect.Effect<Ready, RemoteError>
}

export const makePoolMachines = ({ bring, connections, look, pools, resolve }: PoolMachinesOptions) => {
  const pins: Pins = new Map()
  const targets = makeTargets(pools, resolve, () => {
    machines.clear()
    clear()
  })
  const { known, targetOf } = targets
  const { clear, ...looks } = makeLooks(connections, targets, look, pins)
  const { makeReady, ...machines } = makeMachines<PoolMachine>({
    bring,
    connections,
    keyOf: entryOf,
    targetOf,
    /** From here on it is looked at by its key alone. */
    machineOf: Effect.fn("PoolMachines.machineOf")(function* (ref: NodeRef) {
      const machine = yield* targets.machineOf(ref)
      if (ref.hostKey !== null) pins.set(keyOf(machine), { hostKey: ref.hostKey, clusterName: ref.tags.clusterName })
      return machine
    })
  })
  return {
    known,
    ...looks,
    ...machines,
    /** No node of ours is on it any more. */
    unpin: (machine: Pick<PoolMachine, "pool" | "host">) => pins.delete(keyOf(machine)),
    /** What is missing there is brought. */
    prepare: Effect.fn("PoolMachines.prepare")(function* (machine: PoolMachine, { ground, hostKey }: Reached) {
      yield* makeReady(machine, yield* targetOf(machine, hostKey), ground)
    })
  }
}
export type PoolMachines = ReturnType<typeof makePoolMachines>
