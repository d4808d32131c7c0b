/** What the optimizer chose, in which order it would have gone on, and what it had to choose from. */
import type { Catalog } from "../../../daemon/catalog/Catalog.ts"
import { openPlaces, placesOf } from "../../../daemon/optimizer/blocks.ts"
import type { Candidate } from "../../../daemon/optimizer/candidates.ts"
import { type Plan, optimize as plan, type Wish } from "../../../daemon/optimizer/optimize.ts"
import type { Refusal } from "../../../projections/ClusterRow.ts"
import { cloudDisplay } from "../../../task/clouds.ts"
import type { Need } from "../../../task/Need.ts"
import type { Answer, GoldenCase, GoldenSet } from "../GoldenSet.ts"
import { sameMeaning } from "../GoldenSet.ts"
import { viewed } from "../view.ts"
import { optimizeRules } from "./optimize-rules.ts"
import { isRefused, type Kwargs, needOfKwargs } from "./resources.ts"

interface Input {
  readonly task?: {
    readonly resources: Kwargs & { readonly set?: ReadonlyArray<Kwargs>; readonly list?: ReadonlyArray<Kwargs> }
    readonly num_nodes?: number
  }
  readonly tasks?: ReadonlyArray<unknown>
  readonly minimize?: "COST" | "TIME"
  readonly blocked?: ReadonlyArray<Kwargs>
  readonly enabled_clouds?: ReadonlyArray<"aws" | "gcp">
}

const placed = ({ offer: { accelerators, cloud, instanceType, region, useSpot, zone } }: Candidate) => ({
  cloud: cloudDisplay(cloud),
  instance_type: instanceType,
  accelerators: accelerators && { [accelerators.name]: accelerators.count },
  use_spot: useSpot || undefined,
  region,
  zone
})

const refused = (message: string, error = "ResourcesUnavailableError", about?: ReadonlyArray<string>) => ({
  error: { classes: [error], message, ...(about === undefined ? {} : { about }) }
})

/** The original's limit of what it recorded. */
const attemptsMax = 60

interface Attempt {
  readonly of: Candidate
  readonly zones: Array<string>
}

/**
 * What is asked when every zone says that it has no room. A region that is asked as a whole is asked zone by zone: of one node, the original names
 * all of its zones in one request.
 */
const attemptsOf = (ranked: ReadonlyArray<Candidate>, numNodes: number) => {
  const places = new Map(ranked.flatMap((of) => placesOf([of]).map((place) => [place, of] as const)))
  const attempts: Array<Attempt> = []
  const refusals: Array<Refusal> = []
  for (let open = [...places.keys()]; attempts.length <= attemptsMax; open = [...openPlaces(open, refusals)]) {
    const [next] = open
    if (next === undefined) break
    const of = places.get(next)!
    const last = attempts.at(-1)
    if (last?.of === of && of.offer.zone === null && numNodes === 1) last.zones.push(next.zone!)
    else attempts.push({ of, zones: [next.zone!] })
    refusals.splice(0, refusals.length, {
      offer: next,
      code: "NoCapacity",
      message: "",
      scope: "zone",
      anyKind: false,
      want: null,
      owner: null
    })
  }
  return attempts.slice(0, attemptsMax).map(({ of, zones }) => ({ ...placed(of), hourly: of.offer.usdPerHour, zones }))
}

const described = (found: Plan, { minimize = "COST", numNodes = 1 }: Pick<Wish, "minimize" | "numNodes">): Answer => {
  const { looks, ranked } = found
  const [best] = ranked
  if (best === undefined) {
    const mismatch = looks.find((look) => look.mismatch !== undefined)?.mismatch
    if (mismatch !== undefined) return refused(mismatch, "ResourcesMismatchError")
    return refused(
      "nothing fits",
      "ResourcesUnavailableError",
      looks.flatMap(({ near }) => near)
    )
  }
  const objective = ({ offer }: Candidate) => (minimize === "TIME" ? 3600 : offer.usdPerHour * numNodes)
  const clouds = [...new Set(ranked.map(({ offer }) => offer.cloud))]
  return {
    out: {
      chosen: { ...placed(best), hourly: best.offer.usdPerHour },
      objective: objective(best),
      considered: ranked.length,
      best_per_cloud: Object.fromEntries(
        clouds.map((cloud) => {
          const first = ranked.find(({ offer }) => offer.cloud === cloud)!
          return [cloudDisplay(cloud), { ...placed(first), objective: objective(first) }]
        })
      ),
      candidates: Object.fromEntries(looks.flatMap(({ cloud, types }) => (types.length > 0 ? [[cloudDisplay(cloud), types]] : []))),
      attempts: attemptsOf(ranked, numNodes)
    }
  }
}

const answer = ({ blocked = [], enabled_clouds: enabled = ["aws", "gcp"], minimize, task }: Input): Answer => {
  if (task === undefined) return refused("one task at a time", "NotSupportedError")
  const { list, set, ...one } = task.resources
  const needs = (list ?? set ?? [one]).map(needOfKwargs)
  const patterns = blocked.map(needOfKwargs)
  for (const need of [...needs, ...patterns]) if (isRefused(need)) return need
  const wish: Wish = {
    needs: { kind: list !== undefined ? "ordered" : set !== undefined ? "any" : "one", items: needs as ReadonlyArray<Need> },
    numNodes: task.num_nodes ?? 1,
    blocked: patterns as ReadonlyArray<Need>,
    ...(minimize === undefined ? {} : { minimize })
  }
  return described(
    plan(
      wish,
      enabled.map((cloud): Catalog => viewed[cloud])
    ),
    wish
  )
}

type Fields = Readonly<Record<string, unknown>>
interface Recorded {
  readonly attempts?: ReadonlyArray<unknown>
  readonly attempts_end?: "exhausted" | "limit"
}

/** Theirs say how many places cost the same: any of them is right, but we keep their order too. */
const isAsGood = (golden: GoldenCase, ours: unknown): boolean => {
  const { attempts, attempts_end, equal_cost: _, ...theirs } = golden.out as Fields & Recorded
  const mine = ours as Fields & Required<Recorded>
  const tried = attempts_end === "exhausted" ? mine.attempts : mine.attempts.slice(0, attempts?.length)
  return Object.keys(theirs).every((key) => sameMeaning(theirs[key], mine[key])) && (attempts === undefined || sameMeaning(attempts, tried))
}

export const optimize: GoldenSet = { name: "optimize", answer, isAsGood, rules: optimizeRules }
