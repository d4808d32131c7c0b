/** What is said when no place gave what was asked. Pure. */
import type { ClusterRow, Refusal } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { isUnexplained, isVainToStart, offAgain, refusalsText, toldMax } from "../../projections/refusals.ts"
import { exiting, ResourcesUnavailableError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { placeText } from "../../task/place.ts"

/** As `no-quota.ts` calls it. */
const notAsked = "NoQuota"

/** In how many words they are told where there are many: a fact holds them. */
const manyFrom = 20
const wordsMaxChars = 200

const historyOf = (refusals: ReadonlyArray<Refusal>) =>
  refusals.slice(0, toldMax).map(({ code, message, offer }) => {
    const place = placeText(offer)
    return {
      tag: code,
      message: refusals.length > manyFrom ? message.slice(0, wordsMaxChars) : message,
      ...(place === "" ? {} : { place })
    }
  })

const isForQuota = ({ want }: Refusal): boolean => want === "quota"

/**
 * Of the cloud as such, and all of it; a quota may be of all regions, and what the user named may be nowhere. Of one kind of machine it is
 * a right where that is the user's to mend.
 */
const isForRights = (refusals: ReadonlyArray<Refusal>): boolean =>
  refusals.length > 0 &&
  refusals.every(({ anyKind, scope, want }) => scope === "cloud" && (anyKind ? want !== "quota" && want !== "mending" : want === "mending"))

/** Of a region or a cloud as it is set up, as of an image or a network that is missing: no other time helps. */
const isOfSetup = ({ anyKind, scope, want }: Refusal): boolean =>
  (want === null && scope !== "zone") || (anyKind && (want === null || want === "mending"))

/** Of what is asked for, as an image that is not there: nobody waits for that. Rights and networks may come back. */
export const isOfWish = (refusal: Refusal): boolean => isOfSetup(refusal) && !refusal.anyKind

/** 7 is for what another time, size or quota may help. */
const codeFor = (refusals: ReadonlyArray<Refusal>): number => {
  const last = refusals.at(-1)
  if (last === undefined) return exitCodes.capacity
  // With `anyKind` the wish is right, and what it is to be made from is gone.
  if (last.scope === "everywhere") return last.anyKind ? exitCodes.failed : exitCodes.usage
  if (refusals.every(isOfWish)) return exitCodes.usage
  if (isForRights(refusals)) return exitCodes.credentials
  return refusals.every((one) => isOfSetup(one) || isUnexplained(one)) ? exitCodes.failed : exitCodes.capacity
}

const rightsOf = (refusals: ReadonlyArray<Refusal>) =>
  `See what the credentials may not do: sky check ${[...new Set(refusals.map(({ offer }) => offer.cloud))].join(", ")}`

const kept = ({ name, refused }: ClusterRow, refusals: ReadonlyArray<Refusal>) => {
  const isForbidden = refused?.scope === "cloud" && !refusals.some(isForQuota)
  const isVain = refused !== null && isVainToStart(refused)
  const end = `To end it with all its data: sky down ${name}`
  const isOffAgain = refused?.code === offAgain
  const error = new ResourcesUnavailableError({
    message: isOffAgain
      ? `${name}: ${refused.message}. It is STOPPED; the time that it ran is paid for.`
      : `${name}: its place did not start it: ${refused?.message ?? ""}. It stays STOPPED, and no other place has its disks.`,
    hint: isOffAgain
      ? `Start it again: sky start ${name}. ${end}`
      : isForbidden
        ? `${rightsOf(refusals)}. ${end}`
        : isVain
          ? `Nothing says that room is missing there: go by these words, then try again: sky start ${name}. ${end}`
          : `Wait it out with sky start --retry-until-up ${name}, or try again later. ${end}`,
    failoverHistory: historyOf(refusals),
    noFailover: true
  })
  return isForbidden ? exiting(error, exitCodes.credentials) : isVain ? exiting(error, exitCodes.failed) : error
}

/** What was known of a quota, and not asked for just now. */
const anewOf = (refusals: ReadonlyArray<Refusal>): string => {
  const clouds = new Set(refusals.flatMap(({ code, offer }) => (code === notAsked ? [offer.cloud] : [])))
  return clouds.size === 0 ? "" : ` Granted a moment ago? It is looked at anew after: sky check ${[...clouds].join(" ")}`
}

const mendFirst = "Mend that first: neither less nor later is of any help."

const noneOfRoom =
  "Nothing says that room or quota is missing, so waiting may be of no help: go by these words, or ask for other machines or another place."

const hintFor = (refusals: ReadonlyArray<Refusal>): string => {
  const last = refusals.at(-1)
  if (last === undefined) return "See what may be used, and why not: sky check"
  if (last.scope === "everywhere" && last.anyKind) return "No other place is asked. Launch again when that is settled."
  if (last.want === "mending" || last.scope === "everywhere") return mendFirst
  if (refusals.every(({ want }) => want === "answer"))
    return "Wait it out with sky launch --retry-until-up, or try again later. What may still come of what was asked for is looked for, and ended."
  if (refusals.every(({ want }) => want === "time"))
    return "Wait it out with sky launch --retry-until-up, or try again later, or in another place."
  if (refusals.every(isForQuota)) return `Ask the cloud for more quota, or for other machines or regions.${anewOf(refusals)}`
  if (isForRights(refusals)) return rightsOf(refusals)
  if (refusals.every(({ anyKind, want }) => anyKind && want === "room"))
    return "Wait it out with sky launch --retry-until-up, or try again later, or in another region: asking for less is of no help."
  if (refusals.every((refusal) => isOfSetup(refusal) && refusal.scope === "cloud")) return mendFirst
  if (refusals.every(isOfSetup)) return "Mend that first, or name a region where it is not so."
  if (refusals.every((one) => isOfSetup(one) || isUnexplained(one))) return noneOfRoom
  return "Ask for less, wait it out with sky launch --retry-until-up, or try again later."
}

/** The message has them by reason, in short. */
const whereAll = (name: string, { length }: ReadonlyArray<Refusal>) =>
  length > 1 ? ` Each of the ${length} attempts: sky why ${name}` : ""
/** A search that need not begin. */
export const noneGives = (name: string | null, refusals: ReadonlyArray<Refusal>) =>
  new ResourcesUnavailableError({
    message: `${name === null ? "No" : `${name}: no`} place gives what is asked for:${refusalsText(refusals)}`,
    hint: hintFor(refusals),
    failoverHistory: historyOf(refusals),
    noFailover: false
  })

/** `isKept`: its nodes are there, and stopped. */
export const unavailable = (row: ClusterRow, isKept: boolean, besides: string | null = null): ResourcesUnavailableError => {
  const { everUp, name, nodes, offer, refused } = row
  const here = refused === null || offer === null ? [] : [{ ...refused, offer, anyKind: false, owner: null }]
  if (isKept) return kept(row, here)
  const refusals = row.refusals.length === 0 ? here : row.refusals
  const more = refusals.length - toldMax
  const error = new ResourcesUnavailableError({
    message: `${name}: no place gave what was asked for:${refusalsText(refusals)}${besides === null ? "" : `. ${besides}`}`,
    hint: `${hintFor(refusals)}${whereAll(name, refusals)}`,
    failoverHistory: historyOf(refusals),
    ...(more > 0 ? { more } : {}),
    noFailover: everUp || nodes.length > 0 || workOf(row)[0]?.request?._tag === "StartRequested"
  })
  return exiting(error, codeFor(refusals))
}
