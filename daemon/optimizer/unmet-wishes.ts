/** Of several wishes those that come to no place: nobody would know why they are never tried. Pure. */
import type { Offer } from "../../events/values.ts"
import { gives } from "../../task/accelerators.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { lessThan } from "../../task/fit-machine.ts"
import type { Need } from "../../task/Need.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import { hasNone } from "./all-lists.ts"
import { nearIn } from "./hints.ts"
import { wantText } from "./need-text.ts"
import { notLaunched } from "./not-launched.ts"
import { optimize } from "./optimize.ts"

/** Wishes that are named; there may be dozens. */
const leftOutMax = 6

const isFor = (need: Need, offer: Offer): boolean => {
  const { accelerators, cloud, instance_type: type, region, use_spot: spot, zone, ...rest } = need
  const asked = [cloud, region, zone, type, spot]
  const has = [offer.cloud, offer.region, offer.zone, offer.instanceType, offer.useSpot]
  if (!asked.every((one, i) => one === undefined || one === has[i])) return false
  const isExact = ([name, count]: [string, number]) => offer.accelerators?.name === name && offer.accelerators.count === count
  const kinds = Object.entries(accelerators ?? {})
  // A machine that is there anyway may have more.
  const hasKinds = kinds.every(offer.instanceType === null ? ([name, count]) => gives(offer.accelerators, { name, count }) : isExact)
  return hasKinds && lessThan(offer, rest) === null
}

/** Why a cloud cannot be used now; null: it can. */
type WhyNot = (cloud: string) => string | null

/** What to do against it, `sky check` says. */
const notEnabled = (why: string) => `is not enabled${why === "" ? "" : `: ${why.split(": ", 1)[0]}`}`

/** Undefined where it may have been met after all: an amount is met by more. */
const whyOut = (need: Need, catalogs: ReadonlyArray<Catalog>, whyNot: WhyNot): string | undefined => {
  const unable = notLaunched(need)
  if (unable !== undefined) return unable
  const { looks, ranked } = optimize({ needs: { kind: "one", items: [need] }, numNodes: 1 }, catalogs)
  const [best] = ranked
  const cloud = best?.offer.cloud ?? need.cloud ?? ""
  const why = whyNot(cloud)
  if (best !== undefined) return why === null ? undefined : `${cloudDisplay(cloud)} has it, and ${notEnabled(why)}`
  if (looks.length === 0) return why === null ? "it has none" : `${cloudDisplay(cloud)} ${notEnabled(why)}`
  const near = nearIn(looks)
  return `${hasNone(looks)}${near === "" ? "" : `; there is ${near}`}`
}

/** `offers`: what is had for all of them together. The lists are read where something is left out. */
export const leftOut = (
  needs: ReadonlyArray<Need>,
  offers: ReadonlyArray<Offer>,
  catalogs: () => ReadonlyArray<Catalog>,
  whyNot: WhyNot
): ReadonlyArray<string> => {
  if (needs.length < 2) return []
  const out = needs.filter((need) => !offers.some((offer) => isFor(need, offer)))
  const lines = out.flatMap((need) => {
    const why = whyOut(need, catalogs(), whyNot)
    const cloud = need.cloud === undefined ? "" : `${cloudDisplay(need.cloud)} `
    return why === undefined ? [] : [`Left out: ${cloud}${wantText(need)} (${why}).`]
  })
  const more = lines.length - leftOutMax
  return [...lines.slice(0, leftOutMax), ...(more > 0 ? [`And ${more} more are left out.`] : [])]
}
