/** What there is to pay for in all zones of the project, as far as labels tell whose it is. */
import * as Effect from "effect/Effect"
import type { NodeToken } from "../../../events/ids.ts"
import type { Offer } from "../../../events/values.ts"
import type { Cloud, CloudError, Owned } from "../Cloud.ts"
import { type Instance, lastPart } from "./api.ts"
import type { Instances, Listed } from "./Instances.ts"
import { labelOf } from "./names.ts"
import type { Remnants } from "./remnants.ts"
import { addressOf, phaseOf } from "./states.ts"

interface OwnedOptions {
  readonly instances: Instances
  readonly remnants: Remnants
  readonly settings: Effect.Effect<{ readonly useInternalIps: boolean }, CloudError>
  /** Null: nothing was ever begun from here. */
  readonly folder: Effect.Effect<string | null>
  /** The key that a machine of this token shows, if this folder has made it. */
  readonly hostKeyOf: (token: NodeToken) => Effect.Effect<string>
  readonly offerOf: (machine: Pick<Offer, "accelerators" | "instanceType" | "useSpot" | "zone"> & { readonly region: string }) => Offer
}

export const regionOf = (zone: string): string => zone.replace(/-[a-z]+$/, "")

export const makeOwned = ({ folder, hostKeyOf, instances, offerOf, remnants, settings }: OwnedOptions) => {
  const machine = Effect.fnUntraced(function* (instance: Instance, own: string | null, useInternalIps: boolean) {
    const label = labelOf(instance)
    if (label === null) return []
    const { accelerators, node, rank, tags } = label
    const zone = lastPart(instance.zone)
    const region = regionOf(zone)
    const hostKey = label.folder === own ? yield* hostKeyOf(label.token) : null
    const state = phaseOf(instance) === "pending" || phaseOf(instance) === "running" ? ("running" as const) : ("stopped" as const)
    const useSpot = instance.scheduling?.provisioningModel === "SPOT"
    const offer = offerOf({ instanceType: lastPart(instance.machineType), useSpot, region, zone, accelerators })
    const address = addressOf(instance, useInternalIps)
    return [{ tags, rank, node, address, region, zone, host: instance.name ?? null, hostKey, state, offer }] satisfies ReadonlyArray<Owned>
  })
  const holdings = Effect.fnUntraced(function* (listed: Listed) {
    const own = yield* folder
    const { useInternalIps } = yield* settings
    const owned = yield* Effect.forEach(listed.instances, (one) => machine(one, own, useInternalIps))
    const silent = [...listed.silent].map(([zone, why]) => `${zone} is not looked at: ${why}`)
    const odd = listed.instances
      .filter((one) => labelOf(one) === null)
      .map(({ name, zone }) => `${name} in ${lastPart(zone)} has some labels of skyd's, and not those by which a node is told: look there`)
    return { owned: owned.flat(), unclear: [...silent, ...odd] }
  })
  const owned: Cloud["owned"] = Effect.fn("GcpCloud.owned")(function* (log) {
    const own = yield* folder
    if (own === null) return { owned: [], unclear: [] }
    return yield* holdings(yield* log === null ? instances.ofFolder(own) : instances.ofLog(log))
  })
  const tagged: NonNullable<Cloud["tagged"]> = Effect.fn("GcpCloud.tagged")(function* (log) {
    const [machines, rest] = yield* Effect.all(
      [Effect.flatMap(log === null ? instances.ofAnyone : instances.ofLog(log), holdings), remnants.of(log)],
      { concurrency: "unbounded" }
    )
    return { owned: machines.owned, remnants: rest.remnants, unclear: [...machines.unclear, ...rest.unclear] }
  })
  return { owned, tagged }
}
