/** What there is to pay for in all zones of the project, as far as labels tell whose it is. */
import * as Effect from "effect/Effect"
import type { Offer } from "../../../events/values.ts"
import { type ListedMachine, makeHoldings, type OwnedOptions } from "../../rented/owned.ts"
import { unlookedTexts } from "../../rented/unlooked.ts"
import { type Cloud, CloudError, type NodeRef } from "../Cloud.ts"
import type { KnownNodes } from "../Remnant.ts"
import { lastPart, regionOf } from "./api.ts"
import { type Found, namedAs } from "./found.ts"
import type { Instances, Listed } from "./Instances.ts"
import { labelOf } from "./names.ts"
import type { Remnants } from "./remnants.ts"
import { addressOf, phaseOf } from "./states.ts"

interface GcpOwnedOptions extends OwnedOptions {
  readonly instances: Instances
  readonly remnants: Remnants
  readonly offerOf: (machine: Pick<Offer, "accelerators" | "instanceType" | "useSpot" | "zone"> & { readonly region: string }) => Offer
}

const atOnce = 8
const nobody: KnownNodes = { had: [], dropped: [] }
const none: Listed = { instances: [], silent: new Map() }

export const makeOwned = ({ instances, offerOf, remnants, ...options }: GcpOwnedOptions) => {
  const { machines, owned } = makeHoldings(options)
  interface Looked extends Found {
    readonly recordedKey: string | null
  }
  const machineOf = ({ instance, label, recordedKey }: Looked, useInternalIps: boolean): ListedMachine => {
    const { accelerators, node, rank, tags } = label
    const zone = lastPart(instance.zone)
    const region = regionOf(zone)
    const useSpot = instance.scheduling?.provisioningModel === "SPOT"
    return {
      tags,
      rank,
      node,
      made: label,
      recordedKey,
      address: addressOf(instance, useInternalIps),
      region,
      zone,
      host: instance.name ?? null,
      phase: phaseOf(instance),
      offer: offerOf({ instanceType: lastPart(instance.machineType), useSpot, region, zone, accelerators })
    }
  }
  const holdings = Effect.fnUntraced(function* (listed: Listed, { dropped, had } = nobody) {
    const refs = new Map([...had, ...dropped].map((ref) => [`${ref.zone}/${ref.host}`, ref]))
    const looked = listed.instances.map((instance) => {
      const ref = refs.get(`${lastPart(instance.zone)}/${instance.name}`)
      const named = ref === undefined || labelOf(instance) !== null ? undefined : namedAs(ref, instance)
      return {
        instance,
        recordedKey: ref?.hostKey ?? null,
        label: named === undefined || named instanceof CloudError ? labelOf(instance) : named.label
      }
    })
    const labelled = looked.flatMap(({ instance, label, recordedKey }) => (label === null ? [] : [{ instance, label, recordedKey }]))
    const silent = [...listed.silent].map(([place, why]) => ({ place, what: null, why }))
    const odd = looked
      .filter(({ label }) => label === null)
      .map(
        ({ instance: { name, zone } }) =>
          `${name} in ${lastPart(zone)} has some labels of skyd's, and not those by which a node is told: look there`
      )
    return { owned: yield* machines(labelled, machineOf), unclear: [...unlookedTexts(silent, "zone"), ...odd] }
  })
  /** By its name, whatever labels are left; what has others' by now is not that node. */
  const named = Effect.fnUntraced(function* (ref: NodeRef) {
    const instance = yield* instances.named(ref.zone!, ref.host!)
    const found = namedAs(ref, instance)
    if (found instanceof CloudError) return { owned: [], unclear: [found.message] }
    return yield* holdings(instance === undefined ? none : { ...none, instances: [instance] }, { had: [], dropped: [ref] })
  })
  const unlisted = Effect.fnUntraced(function* ({ instances: all }: Listed, { dropped }: KnownNodes) {
    const listed = new Set(all.map(({ name, zone }) => `${lastPart(zone)}/${name}`))
    const left = dropped.filter(({ host, zone }) => host !== null && zone !== null && !listed.has(`${zone}/${host}`))
    const looked = yield* Effect.forEach(
      left,
      (ref) =>
        Effect.catch(named(ref), ({ message }) =>
          Effect.succeed({ owned: [], unclear: [`${ref.host} in ${ref.zone} is not looked at: ${message}`] })
        ),
      { concurrency: atOnce }
    )
    return { owned: looked.flatMap(({ owned }) => owned), unclear: looked.flatMap(({ unclear }) => unclear) }
  })
  const tagged: NonNullable<Cloud["tagged"]> = Effect.fn("GcpCloud.tagged")(function* (log, known = nobody) {
    const machinesOf = Effect.gen(function* () {
      const listed = yield* log === null ? instances.ofAnyone : instances.ofLog(log)
      return [yield* holdings(listed, known), yield* unlisted(listed, known)] as const
    })
    const [some, rest] = yield* Effect.all([machinesOf, remnants.of(log)], { concurrency: "unbounded" })
    return {
      owned: some.flatMap(({ owned }) => owned),
      remnants: rest.remnants,
      unclear: [...some.flatMap(({ unclear }) => unclear), ...rest.unclear]
    }
  })
  return {
    owned: owned((of) =>
      Effect.flatMap("log" in of ? instances.ofLog(of.log) : instances.ofFolder(of.folder), (listed) => holdings(listed))
    ),
    tagged
  }
}
