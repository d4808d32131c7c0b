/** `sky show-gpus`, or `sky gpus list`: which accelerators there are, what they come with, and what they cost. */

import type { GpusListAnswer } from "../../sdk/protocol/catalog.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { quote } from "../../sdk/quote.ts"
import { isTpu } from "../../task/accelerators.ts"
import { type Infra, parseInfra } from "../../task/clouds.ts"
import { needsOwnImage } from "../../task/drivers.ts"
import { meantText, nearestTo } from "../../task/near.ts"
import { stderr, stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { countsOf, gpuKinds, gpuTable, ownTable } from "../render/gpus.ts"
import { jsonLine } from "../render/json.ts"
import { notify } from "../render/notify.ts"
import { pricesOf } from "../render/plan.ts"
import { clean } from "../render/style.ts"
import { atMost, type Input, screen, type Verb, verb } from "../verb.ts"

const usage = "sky show-gpus [NAME[:COUNT]] [-a] [--infra CLOUD[/REGION]] [--cloud CLOUD] [--region REGION] [--all-regions]"
const options = {
  all: { type: "boolean", short: "a" },
  infra: { type: "string" },
  cloud: { type: "string" },
  region: { type: "string" },
  "all-regions": { type: "boolean" }
} as const

const refuse = (message: string) => usageError(message, `Usage: ${usage}`)

const asked = (text: string | undefined): Pick<Params, "name" | "count"> => {
  if (text === undefined) return {}
  const [name, count, ...rest] = text.split(":")
  if (rest.length > 0 || (count !== undefined && !/^[1-9]\d*$/.test(count)))
    throw refuse(`'${text}' is neither NAME nor NAME:COUNT, with a COUNT from 1 up.`)
  return { name: name!, ...(count === undefined ? {} : { count: Number(count) }) }
}

const placeOf = ({ cloud, infra, region }: Input<typeof options>["flags"]): Infra => {
  if (infra === undefined) return { ...(cloud === undefined ? {} : { cloud }), ...(region === undefined ? {} : { region }) }
  if (cloud !== undefined || region !== undefined) throw refuse("--infra says what --cloud and --region do: give one of them.")
  const place = parseInfra(infra)
  if (place === undefined || place.zone !== undefined) throw refuse(`'${infra}' is no CLOUD or CLOUD/REGION.`)
  return place
}

interface Params extends Infra {
  readonly name?: string
  readonly count?: number
  readonly allRegions?: boolean
}

/** Of machines that are in no list. */
const ownWords: Readonly<Record<string, { readonly who: string; readonly see: string }>> = {
  local: { who: "This machine has", see: "" },
  ssh: { who: "Your machines that answer have", see: " See: sky ssh ls" }
}

/** Why there is nothing: not so many of them, not there, or none of that name. */
const whyNone = async (call: (params: Params) => Promise<GpusListAnswer>, { count, name, region, ...place }: Params): Promise<string> => {
  const all = "All of them: sky show-gpus -a\n"
  const own = ownWords[place.cloud ?? ""]
  if (name === undefined) return own === undefined ? `There are none. ${all}` : `${own.who} no accelerators.${own.see}\n`
  const there = await call({ ...place, name, ...(region === undefined ? {} : { region }) })
  const had = countsOf(there)
  if (had.length > 0)
    return `There is no ${clean(name)}:${count}, but ${had.map(([kind, counts]) => `${clean(kind)} by ${counts}`).join("; ")}.\n`
  if (region !== undefined && countsOf(await call({ ...place, name })).length > 0) {
    const where = place.cloud === "ssh" ? "sky ssh ls" : `sky show-gpus ${quote(name)} --cloud ${place.cloud} --all-regions`
    return `There is no ${clean(name)} in ${clean(region)}. Where there is: ${where}\n`
  }
  const kinds = countsOf(await call(place)).map(([kind]) => clean(kind))
  const near = meantText(nearestTo(name, kinds))
  const meant = near === "" ? "" : ` ${near}`
  if (own !== undefined) return `${own.who} no such accelerator.${meant}${own.see}\n`
  return `There is no such accelerator.${meant} ${all}`
}

const show = async ({ connect, flags, json, words }: Input<typeof options>): Promise<number> => {
  atMost(1, words, usage)
  const [word] = words
  const { all = false, "all-regions": allRegions = false } = flags
  const { cloud, region } = placeOf(flags)
  if (all && word !== undefined) throw refuse("-a shows all kinds: leave the name out, or -a.")
  if (region !== undefined && cloud === undefined) throw refuse("--region needs --cloud.")
  if (allRegions && word === undefined) throw refuse("--all-regions needs a name.")
  if (allRegions && region !== undefined) throw refuse("--all-regions and --region exclude each other.")
  const params = { ...asked(word), allRegions, ...(cloud === undefined ? {} : { cloud }), ...(region === undefined ? {} : { region }) }
  const session = connect()
  const call = (some: Params) => session.call<GpusListAnswer>("gpus.list", some)
  const { gpus, notices, own, ownReason, prices } = await call(params)
  notify(notices)
  if (json) stdout.write(jsonLine([...gpus, ...own]))
  else {
    stdout.write(ownTable(own, screen()))
    stdout.write(word === undefined ? gpuKinds(gpus, screen(), all) : "")
    if (gpus.length > 0 && (all || word !== undefined)) stdout.write(gpuTable(gpus, screen(), allRegions))
    if (ownReason !== null) stderr.write(`Of your own machines there may be more: ${clean(ownReason)}. sky ssh ls\n`)
    if (gpus.some(({ accelerator }) => isTpu(accelerator))) stderr.write("TPUs are listed, and not launched by this version.\n")
    const bare = [...new Set(gpus.flatMap(({ accelerator, cloud }) => (needsOwnImage(cloud, accelerator) ? [clean(accelerator)] : [])))]
    if (bare.length > 0)
      stderr.write(`On AWS launched with an image_id alone, as no public image has a driver for it: ${bare.join(", ")}.\n`)
    if (gpus.length + own.length === 0) stderr.write(await whyNone(call, params))
    else stderr.write(pricesOf(prices, Date.now()))
  }
  return exitCodes.ok
}

export const showGpus: Verb = verb(usage, options, show)

/** The newer name. */
export const gpus: Verb = verb(usage, options, (input) => {
  const [what, ...words] = input.words
  if (what !== "list")
    throw usageError(what === undefined ? "What of the GPUs?" : `Unknown: gpus ${what}`, "Usage: sky gpus list, like sky show-gpus")
  return show({ ...input, words })
})
