/** What there is to pay for in all zones of the project, as far as labels tell whose it is. */
import * as Effect from "effect/Effect"
import type { Offer } from "../../../events/values.ts"
import { type ListedMachine, makeHoldings, type OwnedOptions } from "../../rented/owned.ts"
import type { Cloud } from "../Cloud.ts"
import { lastPart } from "./api.ts"
import type { Found } from "./found.ts"
import type { Instances, Listed } from "./Instances.ts"
import { labelOf } from "./names.ts"
import type { Remnants } from "./remnants.ts"
import { addressOf, phaseOf } from "./states.ts"

interface GcpOwnedOptions extends OwnedOptions {
  readonly instances: Instances
  readonly remnants: Remnants
  readonly offerOf: (machine: Pick<Offer, "accelerators" | "instanceType" | "useSpot" | "zone"> & { readonly region: string }) => Offer
}

export const regionOf = (zone: string): string => zone.replace(/-[a-z]+$/, "")

export const makeOwned = ({ instances, offerOf, remnants, ...options }: GcpOwnedOptions) => {
  const { machines, owned } = makeHoldings(options)
  const machineOf = ({ instance, label }: Found, useInternalIps: boolean): ListedMachine => {
    const { accelerators, node, rank, tags } = label
    const zone = lastPart(instance.zone)
    const region = regionOf(zone)
    const useSpot = instance.scheduling?.provisioningModel === "SPOT"
    return {
      tags,
      rank,
      node,
      made: label,
      address: addressOf(instance, useInternalIps),
      region,
      zone,
      host: instance.name ?? null,
      phase: phaseOf(instance),
      offer: offerOf({ instanceType: lastPart(instance.machineType), useSpot, region, zone, accelerators })
    }
  }
  const holdings = Effect.fnUntraced(function* (listed: Listed) {
    const labelled = listed.instances.flatMap((instance) => {
      const label = labelOf(instance)
      return label === null ? [] : [{ instance, label }]
    })
    const silent = [...listed.silent].map(([zone, why]) => `${zone} is not looked at: ${why}`)
    const odd = listed.instances
      .filter((one) => labelOf(one) === null)
      .map(({ name, zone }) => `${name} in ${lastPart(zone)} has some labels of skyd's, and not those by which a node is told: look there`)
    return { owned: yield* machines(labelled, machineOf), unclear: [...silent, ...odd] }
  })
  const tagged: NonNullable<Cloud["tagged"]> = Effect.fn("GcpCloud.tagged")(function* (log) {
    const [found, rest] = yield* Effect.all(
      [Effect.flatMap(log === null ? instances.ofAnyone : instances.ofLog(log), holdings), remnants.of(log)],
      { concurrency: "unbounded" }
    )
    return { owned: found.owned, remnants: rest.remnants, unclear: [...found.unclear, ...rest.unclear] }
  })
  return {
    owned: owned((of) => Effect.flatMap("log" in of ? instances.ofLog(of.log) : instances.ofFolder(of.folder), holdings)),
    tagged
  }
}
