/** How to log in to the machines, as the files say now: the pools file, and ssh's own configuration. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { inner } from "../../../task/sentence.ts"
import { transient } from "../../over-ssh/errors.ts"
import { RemoteError } from "../../remote/RemoteError.ts"
import type { Overrides } from "../../remote/resolve.ts"
import type { Target } from "../../remote/Target.ts"
import type { NodeRef } from "../Cloud.ts"
import { anyHost, ownLogin } from "./own-login.ts"
import { entryOf, type PoolMachine, PoolsError } from "./PoolMachine.ts"
import { type KnownPools, machinesOf } from "./pools.ts"

/** So long ssh's own word on a name holds. */
const keptMs = 60_000

/** What ssh calls by a name. Rejects with a `RemoteError`. */
export type Resolve = (name: string, login: Overrides) => Promise<Target>

/** `changed`: called when the pools file is another than it was. */
export const makeTargets = (pools: () => Promise<KnownPools>, resolve: Resolve, changed: () => void) => {
  let last: KnownPools["pools"] | undefined
  const targets = new Map<string, { readonly atMs: number; readonly target: Target; readonly isByConfig: boolean }>()
  let usual: { readonly atMs: number; readonly target: Promise<Target> } | undefined
  const usualTarget = (nowMs: number) => {
    if (usual === undefined || nowMs - usual.atMs >= keptMs) usual = { atMs: nowMs, target: resolve(anyHost, {}) }
    return usual.target
  }

  const known = Effect.tryPromise({
    try: pools,
    catch: (error) => transient("PoolsFile", error instanceof PoolsError ? error.message : String(error))
  }).pipe(
    Effect.tap((found) =>
      Effect.sync(() => {
        if (found.pools === last) return
        last = found.pools
        targets.clear()
        changed()
      })
    )
  )

  const targetOf = Effect.fn("Targets.targetOf")(function* (machine: PoolMachine, hostKey: string | null) {
    const key = entryOf(machine)
    const nowMs = yield* Clock.currentTimeMillis
    const kept = targets.get(key)
    if (kept !== undefined && nowMs - kept.atMs < keptMs) return { ...kept.target, hostKey }
    const found = yield* Effect.tryPromise({
      try: async () => {
        const { isByConfig, login } = await ownLogin(machine, resolve, () => usualTarget(nowMs))
        return { isByConfig, target: await resolve(machine.name, login) }
      },
      catch: (error) => error
    }).pipe(Effect.catch((error) => (error instanceof RemoteError ? Effect.fail(error) : Effect.die(error))))
    targets.set(key, { atMs: nowMs, ...found })
    return { ...found.target, hostKey }
  })

  /** The machine of a node, as the pools file has it now. */
  const machineOf = Effect.fn("Targets.machineOf")(function* ({ host, region }: NodeRef) {
    const found = yield* known
    const machine = machinesOf(found, region).find((one) => one.host === host)
    if (machine !== undefined) return machine
    const fault = found.faults.get(region ?? "")
    const where =
      fault !== undefined
        ? inner(fault)
        : found.file === null
          ? "there is no ssh_node_pools.yaml any more"
          : `the pool '${region}' of ${found.file} has it no more, and none that answers has its node: put it back there under '${host}'`
    return yield* transient("NotInPools", `how to log in to ${host} is not known: ${where}`)
  })

  /** Who logs in there is said by ~/.ssh/config. */
  const isByConfig = (machine: PoolMachine) => targets.get(entryOf(machine))?.isByConfig === true

  return { known, targetOf, machineOf, isByConfig }
}
export type Targets = ReturnType<typeof makeTargets>
