/** Where a need may go: the region and zone as the offers spell them, and the cloud that has them when none was named. */
import * as Result from "effect/Result"
import { cloudDisplay, cloudWords, type Infra } from "./clouds.ts"
import { closeMatches, didYouMean, nearestTo } from "./near.ts"
import type { CloudOffers, Offers } from "./Offers.ts"
import { type Checked, refused } from "./Refusal.ts"

/** Regions of one's own machines are called pools. */
const noSuch = (cloud: string, what: "region" | "zone", name: string) =>
  `${cloudDisplay(cloud)} has no ${what === "region" && cloud === "ssh" ? "pool" : what} '${name}'`

const unknown = (what: "region" | "zone", name: string, cloud: string, known: ReadonlyArray<string>) => {
  // Names of one's own are few, and their own: the nearest is meant.
  const near = cloud === "ssh" ? [didYouMean(name, known)].filter((one) => one !== undefined) : nearestTo(name, known)
  const there = near.length === 0 && what === "region" ? ` It has: ${known.join(", ")}.` : ""
  return refused(`${noSuch(cloud, what, name)}.${there}`, near)
}

const isZone = (name: string, region: string, cloud: string) =>
  `'${name}' is no region of ${cloudDisplay(cloud)} but a zone of its region '${region}': as infra it is ${cloud}/${region}/${name}`

/** It knows what was named, be it in another part of the name or beside another one: no other cloud is meant. */
const knows = ({ region, zone }: Infra, offers: CloudOffers | undefined): boolean =>
  region !== undefined &&
  offers !== undefined &&
  (offers.regionOf(region) !== undefined ||
    (zone !== undefined && offers.regions.some((one) => one.toLowerCase() === region.toLowerCase())))

const onCloud = (cloud: string, { region, zone }: Infra, offers: CloudOffers | undefined): Checked<Infra> => {
  if (offers === undefined) return refused(`${cloudDisplay(cloud)} has no ${region === undefined ? "zones" : "regions"} to choose from.`)
  const spelled = region === undefined ? undefined : offers.regions.find((one) => one.toLowerCase() === region.toLowerCase())
  const closed = offers.closedRegions?.find((one) => one.toLowerCase() === region?.toLowerCase())
  if (closed !== undefined) return refused(`The account has not enabled the region '${closed}' of ${cloudDisplay(cloud)}.`)
  const its = region !== undefined && spelled === undefined ? offers.regionOf(region) : undefined
  if (its !== undefined) return refused(`${isZone(region!, its, cloud)}.`)
  if (region !== undefined && spelled === undefined) return unknown("region", region, cloud, offers.regions)
  if (zone === undefined) return Result.succeed({ cloud, ...(spelled === undefined ? {} : { region: spelled }) })
  const home = offers.regionOf(zone)
  if (spelled !== undefined && home !== spelled) {
    const whose = home === undefined ? "" : `, which is one of ${home}'s`
    return refused(`The region '${spelled}' has no zone '${zone}'${whose}. It has: ${offers.zonesOf(spelled).join(", ")}.`)
  }
  return home === undefined
    ? unknown("zone", zone, cloud, offers.regions.flatMap(offers.zonesOf))
    : Result.succeed({ cloud, region: home, zone })
}

const hasPlace = (cloud: string, need: Infra, offers: Offers): boolean => {
  const own = offers(cloud)
  return own !== undefined && Result.isSuccess(onCloud(cloud, need, own))
}

const regionsText = (cloud: string, offers: CloudOffers | undefined) =>
  offers === undefined || offers.regions.length === 0 ? [] : [`Regions of ${cloudDisplay(cloud)}: ${offers.regions.join(", ")}.`]

/** Clouds without offers have no places to be searched. */
export const checkPlace = (need: Infra, offers: Offers, enabled: ReadonlyArray<string>): Checked<Infra> => {
  const { cloud, region, zone } = need
  if (region === undefined && zone === undefined) return Result.succeed(cloud === undefined ? {} : { cloud })
  if (cloud !== undefined) {
    const own = onCloud(cloud, need, offers(cloud))
    if (Result.isSuccess(own)) return own
    const others = enabled.filter((one) => hasPlace(one, need, offers))
    if (others.length === 0) return own
    const [what, name] = region === undefined ? (["zone", zone ?? ""] as const) : (["region", region] as const)
    const near = closeMatches(name, own.failure.near ?? [])
    return refused(`${noSuch(cloud, what, name)}: it is one of ${others.map(cloudDisplay).join(", ")}'s.`, near)
  }
  const tried = enabled.filter((one) => offers(one) !== undefined).map((one) => onCloud(one, need, offers(one)))
  const found = tried.filter(Result.isSuccess).map(({ success }) => success)
  const [first, ...others] = found
  if (others.length > 0)
    return refused(`Several clouds have it: ${found.map((one) => cloudDisplay(one.cloud!)).join(", ")}. Name the cloud.`)
  if (first !== undefined) return Result.succeed(first)
  const meant = enabled.find((one) => knows(need, offers(one)))
  if (meant !== undefined) return onCloud(meant, need, offers(meant))
  const failures = tried.filter(Result.isFailure).map(({ failure }) => failure)
  const near = failures.flatMap((failure) => failure.near ?? [])
  const what = [region === undefined ? [] : `region '${region}'`, zone === undefined ? [] : `zone '${zone}'`].flat().join(" with the ")
  const off = cloudWords.filter((one) => !enabled.includes(one) && hasPlace(one, need, offers)).map(cloudDisplay)
  if (off.length > 0) return refused(`No enabled cloud has the ${what}: it is one of ${off.join(", ")}'s, not enabled.`, near)
  const [only, ...more] = failures
  if (only !== undefined && more.length === 0) return Result.fail(only)
  // What is much like it on one cloud leaves out what is less so on another.
  const close = closeMatches(zone ?? region ?? "", near)
  const there = near.length > 0 ? [] : enabled.flatMap((one) => regionsText(one, offers(one)))
  return refused([`No cloud has the ${what}.`, ...there].join(" "), close.length > 0 ? close : near)
}
