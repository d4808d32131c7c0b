/** What there is to pay for in all zones of the project, as far as labels tell whose it is. */
import * as Effect from "effect/Effect"
import type { NodeToken } from "../../../events/ids.ts"
import type { Offer } from "../../../events/values.ts"
import { unlookedTexts } from "../../rented/unlooked.ts"
import { type Cloud, CloudError, type NodeRef, type Owned } from "../Cloud.ts"
import type { KnownNodes } from "../Remnant.ts"
import { type Instance, lastPart } from "./api.ts"
import { namedAs } from "./found.ts"
import type { Instances, Listed } from "./Instances.ts"
import { type Label, labelOf } from "./names.ts"
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

const atOnce = 8
const nobody: KnownNodes = { had: [], dropped: [] }
const none: Listed = { instances: [], silent: new Map() }

export const regionOf = (zone: string): string => zone.replace(/-[a-z]+$/, "")

export const makeOwned = ({ folder, hostKeyOf, instances, offerOf, remnants, settings }: OwnedOptions) => {
  const machine = Effect.fnUntraced(function* (instance: Instance, label: Label, own: string | null, useInternalIps: boolean) {
    const { accelerators, node, rank, tags } = label
    const zone = lastPart(instance.zone)
    const region = regionOf(zone)
    const hostKey = label.folder === own ? yield* hostKeyOf(label.token) : null
    const state = phaseOf(instance) === "pending" || phaseOf(instance) === "running" ? ("running" as const) : ("stopped" as const)
    const useSpot = instance.scheduling?.provisioningModel === "SPOT"
    const offer = offerOf({ instanceType: lastPart(instance.machineType), useSpot, region, zone, accelerators })
    const address = addressOf(instance, useInternalIps)
    return { tags, rank, node, address, region, zone, host: instance.name ?? null, hostKey, state, offer } satisfies Owned
  })
  const holdings = Effect.fnUntraced(function* (listed: Listed, { dropped, had } = nobody) {
    const own = yield* folder
    const { useInternalIps } = yield* settings
    const refs = new Map([...had, ...dropped].map((ref) => [`${ref.zone}/${ref.host}`, ref]))
    const labelled = listed.instances.map((instance) => {
      const ref = refs.get(`${lastPart(instance.zone)}/${instance.name}`)
      const named = ref === undefined || labelOf(instance) !== null ? undefined : namedAs(ref, instance)
      return { instance, label: named === undefined || named instanceof CloudError ? labelOf(instance) : named.label }
    })
    const owned = yield* Effect.forEach(labelled, ({ instance, label }) =>
      label === null ? Effect.succeed([]) : Effect.map(machine(instance, label, own, useInternalIps), (one) => [one])
    )
    const silent = [...listed.silent].map(([place, why]) => ({ place, what: null, why }))
    const odd = labelled
      .filter(({ label }) => label === null)
      .map(
        ({ instance: { name, zone } }) =>
          `${name} in ${lastPart(zone)} has some labels of skyd's, and not those by which a node is told: look there`
      )
    return { owned: owned.flat(), unclear: [...unlookedTexts(silent, "zone"), ...odd] }
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
  const owned: Cloud["owned"] = Effect.fn("GcpCloud.owned")(function* (log) {
    const own = yield* folder
    if (own === null) return { owned: [], unclear: [] }
    return yield* holdings(yield* log === null ? instances.ofFolder(own) : instances.ofLog(log))
  })
  const tagged: NonNullable<Cloud["tagged"]> = Effect.fn("GcpCloud.tagged")(function* (log, known = nobody) {
    const machines = Effect.gen(function* () {
      const listed = yield* log === null ? instances.ofAnyone : instances.ofLog(log)
      return [yield* holdings(listed, known), yield* unlisted(listed, known)] as const
    })
    const [some, rest] = yield* Effect.all([machines, remnants.of(log)], { concurrency: "unbounded" })
    return {
      owned: some.flatMap(({ owned }) => owned),
      remnants: rest.remnants,
      unclear: [...some.flatMap(({ unclear }) => unclear), ...rest.unclear]
    }
  })
  return { owned, tagged }
}
