/** What is said when no place gave what was asked. Pure. */
import type { ClusterRow, Refusal } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { isForQuota, noAnswer, placeText, refusalsText, toldMax } from "../../projections/refusals.ts"
import { ResourcesUnavailableError } from "../../sdk/protocol/errors.ts"

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

const kept = ({ name, refused }: ClusterRow, refusals: ReadonlyArray<Refusal>) =>
  new ResourcesUnavailableError({
    message: `${name}: its place did not start it: ${refused?.message ?? ""}. It stays STOPPED, and no other place has its disks.`,
    hint: `Wait it out with sky start --retry-until-up ${name}, or try again later. To end it with all its data: sky down ${name}`,
    failoverHistory: historyOf(refusals),
    noFailover: true
  })

const hintFor = (refusals: ReadonlyArray<Refusal>): string => {
  const last = refusals.at(-1)
  if (last?.code === "Unusable" || last?.scope === "everywhere") return "Mend that first: neither less nor later is of any help."
  if (refusals.every(({ code }) => code === noAnswer))
    return "Wait it out with sky launch --retry-until-up, or try again later. What may still come of what was asked for is looked for, and ended."
  if (refusals.every(isForQuota)) return "Ask the cloud for more quota, or for other machines or regions."
  if (refusals.every(({ anyKind }) => anyKind)) return "See what may be used, and why not: sky check"
  return "Ask for less, wait it out with sky launch --retry-until-up, or try again later."
}

/** `isKept`: its nodes are there, and stopped. */
export const unavailable = (row: ClusterRow, isKept: boolean, besides: string | null = null): ResourcesUnavailableError => {
  const { everUp, name, nodes, offer, refused } = row
  const here = refused === null || offer === null ? [] : [{ ...refused, offer, anyKind: false }]
  if (isKept) return kept(row, here)
  const refusals = row.refusals.length === 0 ? here : row.refusals
  const more = refusals.length - toldMax
  return new ResourcesUnavailableError({
    message: `${name}: no place gave what was asked for:${refusalsText(refusals)}${besides === null ? "" : `. ${besides}`}`,
    hint: hintFor(refusals),
    failoverHistory: historyOf(refusals),
    ...(more > 0 ? { more } : {}),
    noFailover: everUp || nodes.length > 0 || workOf(row)[0]?.request?._tag === "StartRequested"
  })
}
