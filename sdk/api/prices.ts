/** What a machine costs, by the lists of offers that the daemon plans by; and why nobody can tell. Behind `load.ts`. */
import { join } from "node:path"
import { acceleratorsText } from "../../task/accelerators.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { getCost, isLaunchable } from "../../task/fit.ts"
import type { Need } from "../../task/Need.ts"
import type { CloudOffers, Offers } from "../../task/Offers.ts"
import { needText } from "../../task/resources-text.ts"
import { findHome } from "../client/home.ts"
import * as rare from "../client/rare.ts"
import { refuse } from "../task/refuse.ts"

interface Lists {
  readonly offersIn: (packed: string, fetched: string) => Offers
}

const opened = new Map<string, Offers>()

/** As they are when they are first asked for: each state folder may have newer ones. */
const listed: Offers = (cloud) => {
  const { folder } = findHome(() => rare)
  const { offersIn } = require("./prices.cjs") as Lists
  const offers = opened.get(folder) ?? offersIn(join(__dirname, "catalog"), join(folder, "catalog"))
  opened.set(folder, offers)
  return offers(cloud)
}

/** Who has the type, and not so. */
const whyNot = (need: Need, offers: CloudOffers): string => {
  const { accelerators, cloud = "", instance_type: type = "", region, use_spot, zone } = need
  const priced = (other: Need) => getCost(other, 1, () => offers) !== undefined
  const { region: _, zone: __, ...anywhere } = need
  const place = zone ?? region
  if (offers.instanceType(type) === undefined) return `${cloudDisplay(cloud)} has no instance type '${type}'.`
  if (use_spot && priced({ ...need, use_spot: false })) return `No spot price of ${type} is known${place ? ` in ${place}` : ""}.`
  const what = accelerators === undefined ? type : `${type} with ${acceleratorsText(accelerators)}`
  return `${what} cannot be had${place && priced(anywhere) ? ` in ${place}` : ""}.`
}

/** USD for one node over so many seconds. */
export const costOf = (need: Need, seconds: number): number => {
  const { cloud = "" } = need
  if (cloud === "local" || cloud === "ssh") return 0
  if (!isLaunchable(need)) throw refuse(`${needText(need)} has no price: cloud and instanceType say what it is.`)
  const offers = listed(cloud)
  if (offers === undefined) throw refuse(`There is no list of the prices of ${cloudDisplay(cloud)}.`, null, "NotSupportedError")
  const usd = getCost(need, seconds, () => offers)
  if (usd !== undefined) return usd
  throw refuse(whyNot(need, offers))
}
