/** The machines of the pools: what they are and who has them, by looks that put nothing there; and all that is asked of them over ssh. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { makeMachines } from "../../over-ssh/Machines.ts"
import { addressFor } from "../../remote/addresses.ts"
import type { Ready } from "../../remote/bootstrap.ts"
import type { Connections } from "../../remote/Connections.ts"
import type { Ground } from "../../remote/ground.ts"
import type { RemoteError } from "../../remote/RemoteError.ts"
import type { Target } from "../../remote/Target.ts"
import type { NodeRef } from "../Cloud.ts"
import { makeHolds } from "./holds.ts"
import { isFound, type Looked, leaseOf, type Reached } from "./Looked.ts"
import { type LooksOptions, makeLooks, type Pins } from "./looks.ts"
import { entryOf, keyOf, type PoolMachine } from "./PoolMachine.ts"
import { type KnownPools, machinesOf } from "./pools.ts"
import { makeTargets, type Resolve } from "./targets.ts"

export interface PoolMachinesOptions {
  readonly connections: Connections["Service"]
  readonly pools: () => Promise<KnownPools>
  /** What a name of the pools file stands for. */
  readonly resolve: Resolve
  readonly lookAt: LooksOptions["lookAt"]
  readonly bring: (machine: PoolMachine, target: Target, ground?: Ground) => Effect.Effect<Ready, RemoteError>
}

export const makePoolMachines = ({ bring, connections, lookAt, pools, resolve }: PoolMachinesOptions) => {
  const pins: Pins = new Map()
  const targets = makeTargets(pools, resolve, () => {
    machines.clear()
    renamed.clear()
    clear()
  })
  const { known, targetOf } = targets
  const holds = makeHolds()
  const { clear, ...looks } = makeLooks({ connections, targets, lookAt, pins, heldBy: holds.by })

  /** Those of nodes that were had under another name. */
  const renamed = new Map<string, string>()
  const isAt = ({ address, hostKey }: NodeRef, looked: Looked) =>
    isFound(looked) && looked.reached.hostKey === hostKey && addressFor(looked.reached.ground, looked.reached.target.host) === address
  /** Its lease says which one it is, whatever the file calls it now; once it has none, its key and address do. */
  const findAnew = Effect.fn("PoolMachines.findAnew")(function* (ref: NodeRef, all: ReadonlyArray<PoolMachine>) {
    const before = all.find((machine) => keyOf(machine) === renamed.get(ref.node))
    if (before !== undefined) return before
    const isHolder = (looked: Looked) => leaseOf(looked)?.node === ref.node
    const looked = yield* looks.lookUntil(all, "of late", (_, latest) => isHolder(latest))
    const found = looked.find(isHolder) ?? looked.find((one) => isAt(ref, one))
    if (found !== undefined) renamed.set(ref.node, keyOf(found))
    return found
  })
  const machineOf = Effect.fn("PoolMachines.machineOf")(function* (ref: NodeRef) {
    const named = yield* Effect.result(targets.machineOf(ref))
    if (Result.isSuccess(named)) return named.success
    return (yield* findAnew(ref, machinesOf(yield* known))) ?? (yield* named.failure)
  })
  const { makeReady, ...machines } = makeMachines<PoolMachine>({
    bring,
    connections,
    keyOf: entryOf,
    targetOf,
    /** From here on it is looked at by its key alone. */
    machineOf: (ref: NodeRef) =>
      Effect.map(machineOf(ref), (machine) => {
        if (ref.hostKey !== null) pins.set(keyOf(machine), { hostKey: ref.hostKey, clusterName: ref.tags.clusterName })
        return machine
      })
  })
  return {
    known,
    ...looks,
    ...machines,
    /** It is not on its machine any more, which is seen anew. */
    unpin: (ref: NodeRef) =>
      Effect.map(Effect.option(machineOf(ref)), (machine) => {
        holds.end(ref.node)
        if (Option.isNone(machine)) return
        looks.forget(machine.value)
        pins.delete(keyOf(machine.value))
      }),
    holds,
    /** What is missing there is brought. */
    prepare: Effect.fn("PoolMachines.prepare")(function* (machine: PoolMachine, { ground, hostKey }: Reached) {
      yield* makeReady(machine, yield* targetOf(machine, hostKey), ground)
    })
  }
}
export type PoolMachines = ReturnType<typeof makePoolMachines>
