/** What a cloud of machines for rent offers for a task: a place for each zone, in the order in which they are tried. Pure. */
import type { Offer } from "../../events/values.ts"
import { acceleratorText } from "../../task/accelerators.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { beyondLimits } from "../../task/cloud-limits.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { dockerImage } from "../../task/images.ts"
import type { Need } from "../../task/Need.ts"
import type { CloudOffers } from "../../task/Offers.ts"
import { inner } from "../../task/sentence.ts"
import type { Task } from "../../task/Task.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import type { Offered } from "../clouds/Offered.ts"
import { placesOf } from "../optimizer/blocks.ts"
import { wantText } from "../optimizer/need-text.ts"
import { isNeverHad } from "../optimizer/never-had.ts"
import { type Look, optimize } from "../optimizer/optimize.ts"

const nearMax = 5

type Listed = Pick<Offer, "accelerators" | "instanceType" | "useSpot" | "zone"> & { readonly region: string }

const reasonOf = (cloud: string, { lacks, mismatch, near, need }: Look): string => {
  const name = cloudDisplay(cloud)
  if (mismatch !== undefined || lacks !== undefined) return `${name}: ${inner((mismatch ?? lacks)!)}`
  return `${name} has no ${wantText(need)}${near.length === 0 ? "" : `; it has ${near.slice(0, nearMax).join(", ")}`}`
}

/** What the list has, and only where the account may not be: it is not the cloud that has none. */
const closedTo = (name: string, looks: ReadonlyArray<Look>): Offered | undefined => {
  const closed = looks.filter(({ candidates }) => candidates.length > 0)
  if (closed.length === 0) return undefined
  const reasons = closed.map(({ candidates, need }) => {
    const { region: _, zone: __, ...what } = need
    const regions = [...new Set(candidates.flatMap(({ offer }) => offer.region ?? []))]
    const more = regions.length > nearMax ? `, and ${regions.length - nearMax} more` : ""
    return `${name} has ${wantText(what)} in ${regions.slice(0, nearMax).join(", ")}${more}, but in no zone that the account may use`
  })
  return {
    offers: [],
    reason: [...new Set(reasons)].join("; "),
    hint: `Enable a region of these in the account's settings at ${name}, or name others`
  }
}

interface Asked {
  readonly cloud: string
  readonly task: Pick<Task, "num_nodes" | "resources">
  /** Undefined: it cannot be read. */
  readonly catalog: Catalog | undefined
  /** All that the cloud has, where the catalog is what the account has of it. */
  readonly list?: Catalog | undefined
  readonly mayUse: (region: string) => boolean
  /** Why what is in the list is not launched. */
  readonly unable?: (need: Need, catalog: Catalog) => string | undefined
  /** The way on from there, where there is one. */
  readonly wayOn?: string
}

export const offersOf = ({ catalog, cloud, list, mayUse, task, unable = () => undefined, wayOn }: Asked): Offered => {
  const name = cloudDisplay(cloud)
  if (catalog === undefined) return { offers: [], reason: `the list of ${name}'s offers cannot be read` }
  const { items, kind } = alternativesOf(task.resources)
  const numNodes = task.num_nodes ?? 1
  const own = items.filter((need) => need.cloud === undefined || need.cloud === cloud)
  const docker = `docker images are not run on ${name} by this version`
  const whyNot = (need: Need) => {
    const beyond = beyondLimits(cloud, need, catalog)
    return dockerImage(need.image_id) === undefined ? (unable(need, catalog) ?? (beyond === undefined ? undefined : inner(beyond))) : docker
  }
  const needs = own.filter((need) => whyNot(need) === undefined)
  const isMended = wayOn !== undefined && own.some((need) => unable(need, catalog) !== undefined)
  const hint = isMended ? { hint: wayOn } : {}
  const left = own.flatMap((need) => whyNot(need) ?? [])
  if (needs.length === 0) {
    const reason = [...new Set(left)].join("; ") || `the task asks for nothing of ${name}`
    return { offers: [], reason, ...(isMended ? { isMistaken: true, ...hint } : { lacks: own.length > 0 }) }
  }
  const { looks, ranked } = optimize({ needs: { kind, items: needs }, numNodes }, [catalog])
  // One zone at a time, so that what was asked for by a token is found there and nowhere else.
  const each = placesOf(ranked)
  const offers = each.filter(({ region }) => mayUse(region ?? ""))
  if (offers.length > 0) return { offers, reason: null }
  if (each.length > 0) return { offers, reason: `${cloud}.ssh_proxy_command of config.yaml names none of the regions that have it` }
  const closed = list && closedTo(name, optimize({ needs: { kind, items: needs }, numNodes }, [list]).looks)
  if (closed !== undefined) return closed
  const reasons = [...new Set([...left, ...looks.map((look) => reasonOf(cloud, look))])]
  const isMistaken = needs.every((need) => isNeverHad(need, [list ?? catalog]))
  return { offers: [], reason: reasons.join("; ") || `${name} has nothing of the kind`, ...(isMistaken && { isMistaken }), ...hint }
}

/**
 * What a machine that is there was offered as, and costs by the list of today. What the list has not costs what nobody knows (`hasPrice`).
 */
export const listedAs = (cloud: string, catalog: Catalog | undefined, machine: Listed): Offer => {
  const { accelerators, instanceType, region, useSpot, zone } = machine
  const infra = [cloud, region, ...(zone === null ? [] : [zone])].join("/")
  const wish = {
    infra,
    use_spot: useSpot,
    ...(instanceType !== null && { instance_type: instanceType }),
    ...(accelerators !== null && { accelerators: acceleratorText(accelerators) })
  }
  const listed = catalog && offersOf({ cloud, catalog, task: { resources: wish }, mayUse: () => true }).offers[0]
  const unlisted = { instanceType, cpus: 0, memoryGib: 0, accelerators, useSpot, usdPerHour: 0, catalog: null }
  return { ...(listed ?? { cloud, ...unlisted }), region, zone }
}

/** For whoever holds on to it: what is known at the moment of each question. Where the list cannot be read there is nothing. */
export const asOffers = (offered: () => Catalog | undefined): CloudOffers => ({
  get regions() {
    return offered()?.regions ?? []
  },
  get closedRegions() {
    return offered()?.closedRegions ?? []
  },
  get typeNames() {
    return offered()?.typeNames ?? []
  },
  get acceleratorNames() {
    return offered()?.acceleratorNames ?? []
  },
  get imageTags() {
    return offered()?.imageTags ?? []
  },
  get imageGib() {
    return offered()?.imageGib ?? 0
  },
  get diskGib() {
    return offered()?.diskGib
  },
  keepsDisks: (image) => offered()?.keepsDisks?.(image) ?? false,
  labelProblem: (labels) => offered()?.labelProblem?.(labels),
  zonesOf: (region) => offered()?.zonesOf(region) ?? [],
  regionOf: (zone) => offered()?.regionOf(zone),
  instanceType: (name) => offered()?.instanceType(name),
  usdPerHour: (goods) => offered()?.usdPerHour(goods),
  places: (goods) => offered()?.places(goods) ?? []
})
