/** Where a need may go: the region and zone as the offers spell them, and the cloud that has them when none was named. */
import * as Result from "effect/Result"
import { closeMatches } from "./close-matches.ts"
import { cloudDisplay } from "./clouds.ts"
import type { Need } from "./Need.ts"
import type { CloudOffers, Offers } from "./Offers.ts"
import { type Checked, refusal } from "./offer-refusal.ts"

type Place = Pick<Need, "cloud" | "region" | "zone">

const list = (names: ReadonlyArray<string>) => names.map((name) => `'${name}'`).join(", ")

const unknown = (what: "region" | "zone", name: string, cloud: string, known: ReadonlyArray<string>) => {
  const near = closeMatches(name, known)
  const there = near.length > 0 ? ` Did you mean ${list(near)}?` : what === "region" ? ` It has: ${known.join(", ")}.` : ""
  return refusal("ValueError", `${cloudDisplay(cloud)} has no ${what} '${name}'.${there}`, near)
}

const onCloud = (cloud: string, { region, zone }: Place, offers: CloudOffers | undefined): Checked<Place> => {
  if (offers === undefined)
    return refusal("ValueError", `${cloudDisplay(cloud)} has no ${region === undefined ? "zones" : "regions"} to choose from.`)
  const spelled = region === undefined ? undefined : offers.regions.find((one) => one.toLowerCase() === region.toLowerCase())
  if (region !== undefined && spelled === undefined) return unknown("region", region, cloud, offers.regions)
  if (zone === undefined) return Result.succeed({ cloud, ...(spelled === undefined ? {} : { region: spelled }) })
  const home = offers.regionOf(zone)
  if (spelled !== undefined && home !== spelled) {
    const known = offers.zonesOf(spelled)
    const near = closeMatches(zone, known)
    return refusal("ValueError", `The region '${spelled}' has no zone '${zone}'. It has: ${known.join(", ")}.`, near)
  }
  return home === undefined
    ? unknown("zone", zone, cloud, offers.regions.flatMap(offers.zonesOf))
    : Result.succeed({ cloud, region: home, zone })
}

/** Clouds without offers have no places to be searched. */
export const checkPlace = (need: Place, offers: Offers, enabled: ReadonlyArray<string>): Checked<Place> => {
  const { cloud, region, zone } = need
  if (region === undefined && zone === undefined) return Result.succeed(cloud === undefined ? {} : { cloud })
  if (cloud !== undefined) return onCloud(cloud, need, offers(cloud))
  const tried = enabled.filter((one) => offers(one) !== undefined).map((one) => onCloud(one, need, offers(one)))
  const found = tried.filter(Result.isSuccess).map(({ success }) => success)
  const [first, ...others] = found
  if (others.length > 0)
    return refusal("ValueError", `Several clouds have it: ${found.map((one) => cloudDisplay(one.cloud!)).join(", ")}. Name the cloud.`)
  if (first !== undefined) return Result.succeed(first)
  const failures = tried.filter(Result.isFailure).map(({ failure }) => failure)
  const [only, ...more] = failures
  if (only !== undefined && more.length === 0) return Result.fail(only)
  const what = [region === undefined ? undefined : `region '${region}'`, zone === undefined ? undefined : `zone '${zone}'`]
  const near = failures.flatMap((failure) => failure.near)
  const meant = near.length > 0 ? ` Did you mean ${list(near)}?` : ""
  return refusal("ValueError", `No enabled cloud has the ${what.filter((part) => part !== undefined).join(" with the ")}.${meant}`, near)
}
