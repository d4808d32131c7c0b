/** A place that gave nothing, in words: what it is called, and why it did not. Pure. */
import type { Offer } from "../events/values.ts"
import { cloudDisplay } from "../task/clouds.ts"
import { placeText } from "../task/place.ts"
import { cut, inner } from "../task/sentence.ts"
import type { Refusal } from "./ClusterRow.ts"

/** What clouds say of want of room, and of quota, takes paragraphs. */
const wordsMaxChars = 80
/** Where they are all that is known. */
const reasonMaxChars = 400
/** Where the cloud says which one, and how much of it there is. */
const namedQuota = /Quota '(\w+)' exceeded\.\s*Limit: ([\d.]+\d)/

/** Of what a purge gave up on: the code of the `NodeRefused` that says that it has ended, which is no refusal. */
export const nothingLeft = "NothingLeft"

/** And of a machine that was started, ran, and is off again: its place has refused nothing. */
export const offAgain = "OffAgain"

/** Attempts that are told one by one. */
export const toldMax = 256

/** Of one kind of machine, on demand or spot: a refusal for want of room or quota is of that kind. */
export const isSameKind = (a: Offer, b: Offer): boolean =>
  a.instanceType === b.instanceType &&
  a.useSpot === b.useSpot &&
  a.accelerators?.name === b.accelerators?.name &&
  a.accelerators?.count === b.accelerators?.count

export const isSamePlace = (a: Offer, b: Offer): boolean => a.cloud === b.cloud && a.region === b.region && a.zone === b.zone

/** Machines of the user's own have no types, and each of their words is of use. */
const whyText = ({ anyKind, code, message, offer, want }: Told): string => {
  const said = inner(message)
  if (said.length <= wordsMaxChars || offer.instanceType === null) return said
  // Who is given nothing of any kind is told why by the cloud alone.
  if (want === "room") return anyKind ? cut(said, reasonMaxChars) : `no capacity (${code})`
  if (want !== "quota") return said
  const [, metric, limit] = namedQuota.exec(said) ?? []
  return `no quota (${code}${metric === undefined ? "" : `: ${metric} has a limit of ${Number(limit)}`})`
}

/** Nothing says that another time would help: it is none of room, quota or an answer, nor of rights that may come back. */
export const isUnexplained = ({ anyKind, scope = "zone", want }: Pick<Told, "anyKind" | "scope" | "want">): boolean =>
  want == null && scope === "zone" && anyKind !== true

/** Of machines that are there: nobody waits for what is neither that nor a right. */
export const isVainToStart = ({ scope, want }: Pick<Refusal, "scope" | "want">): boolean =>
  scope === "everywhere" || (want === null && scope !== "cloud")

const at = (place: string, why: string) => (place === "" ? why : `${place}: ${why}`)

type Told = Pick<Refusal, "offer" | "code" | "message"> & Partial<Pick<Refusal, "anyKind" | "scope" | "want">>

/** All that it reaches: of a region or a cloud that refused, nobody waits for the other zones. */
export const reachText = ({ offer, scope }: Told): string => {
  if (placeText(offer) === "" || offer.cloud === "ssh" || scope === undefined || scope === "zone") return placeText(offer)
  return scope === "region" ? placeText({ ...offer, zone: null }) : cloudDisplay(offer.cloud)
}

/** `AWS us-east-1a: no capacity (InsufficientInstanceCapacity)`, `AWS us-east-1: no quota (VcpuLimitExceeded)` */
export const refusalText = (refusal: Told): string => at(reachText(refusal), whyText(refusal))

const linesMax = 6
const namesMax = 3

/** As the end of a sentence: one, or a line for each reason, with the first places that gave it. */
export const refusalsText = (refusals: ReadonlyArray<Refusal>): string => {
  const [only, ...others] = refusals
  if (only === undefined || others.length === 0) return only === undefined ? " none can be asked" : ` ${refusalText(only)}`
  // The words of each zone and region name it.
  const plain = ({ message, offer: { region, zone } }: Refusal) =>
    zone === null ? message : message.replaceAll(zone, "").replaceAll(region ?? zone, "")
  const groups = [...Map.groupBy(refusals, (one) => `${one.offer.cloud} ${one.code} ${isLong(one) ? "" : plain(one)}`).values()]
  const lines = groups.slice(0, linesMax).map((group) => {
    const names = [...new Set(group.map(reachText))].filter((name) => name !== "")
    const more = names.length > namesMax ? ` and ${names.length - namesMax} more` : ""
    const shown = names.slice(0, namesMax).map((name, i) => (i === 0 ? name : name.replace(/^\S+ /, "")))
    return at(`${shown.join(", ")}${more}`, whyText(group[0]!))
  })
  const left = groups.length - lines.length
  return ["", ...lines, ...(left > 0 ? [`and ${left} more reason${left === 1 ? "" : "s"}`] : [])].join("\n  ")
}

const isLong = (refusal: Refusal) => whyText(refusal) !== inner(refusal.message)
