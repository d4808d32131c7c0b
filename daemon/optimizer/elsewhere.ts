/** What the lists have for a task, whether or not their clouds are enabled: a dry run shows it, and a refusal points there. Pure. */
import * as Result from "effect/Result"
import type { RecordedTask } from "../../events/values.ts"
import { ResourcesMismatchError, ResourcesUnavailableError, type SkydError } from "../../sdk/protocol/errors.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { parseAmount } from "../../task/amounts.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import { completed } from "../commands/offer-checks.ts"
import { optimize, type Plan, type Wish } from "./optimize.ts"

const nearMax = 8

/** Each of them once, as the end of a sentence. */
const nearIn = ({ looks }: Plan): string => [...new Set(looks.flatMap(({ near }) => near))].slice(0, nearMax).join(", ")

export const planElsewhere = (
  task: RecordedTask,
  catalogs: ReadonlyArray<Catalog>,
  more: Pick<Wish, "minimize" | "blocked"> = {}
): Result.Result<Plan, SkydError> => {
  const names = catalogs.map(({ cloud }) => cloud)
  return completed(task, (cloud) => catalogs.find((one) => one.cloud === cloud), names).pipe(
    Result.flatMap(({ num_nodes, resources }) => {
      const plan = optimize({ needs: alternativesOf(resources), numNodes: num_nodes ?? 1, ...more }, catalogs)
      if (plan.ranked.length > 0) return Result.succeed(plan)
      const mismatch = plan.looks.find((look) => look.mismatch !== undefined)?.mismatch
      return Result.fail(mismatch === undefined ? nothing(plan) : new ResourcesMismatchError({ message: mismatch, hint: null }))
    })
  )
}

const all = "All there is: sky show-gpus -a"

/** Who says a number means it; most mean at least so many. */
const exactIn = ({ looks }: Plan): string | undefined => {
  for (const { need } of looks)
    for (const [what, amount] of [["cpus", need.cpus] as const, ["memory", need.memory] as const])
      if (amount !== undefined && parseAmount(amount)?.or === "exactly")
        return `${what}: ${amount} means exactly that, ${amount}+ at least that.`
  return undefined
}

/** The way on where nothing is near: what is missing is a type in some form, GPUs in some place, or a machine of that size. */
const rest = ({ looks }: Plan): string => {
  const type = looks.find(({ need }) => need.instance_type !== undefined)?.need
  const [accelerator] = looks.flatMap(({ need }) => Object.keys(need.accelerators ?? {}))
  const isSomewhere = looks.some(({ need }) => (need.region ?? need.zone) !== undefined)
  if (type !== undefined) return `There is no ${type.instance_type}${type.use_spot ? " as spot" : ""}${isSomewhere ? " there" : ""}.`
  if (accelerator === undefined) return "Usual machines are not so large. Others are had by name: -t TYPE"
  return isSomewhere ? `Where there is: sky show-gpus ${accelerator} --all-regions` : all
}

const nothing = (plan: Plan): ResourcesUnavailableError => {
  const near = nearIn(plan)
  const lacking = plan.looks.find(({ lacks }) => lacks !== undefined)
  const reason = lacking && `${cloudDisplay(lacking.cloud)}: ${lacking.lacks}.`
  return new ResourcesUnavailableError({
    message: "No list of offers has what is asked.",
    hint: near === "" ? (reason ?? exactIn(plan) ?? rest(plan)) : `There is ${near}. ${all}`,
    failoverHistory: [],
    noFailover: false
  })
}

/** The way on for who was refused everywhere: by the word of the user's `own` clouds, and who else has it. */
export const hintOf = (found: Result.Result<Plan, SkydError>, own?: string): string | null => {
  if (Result.isFailure(found)) return own ?? (found.failure._tag === "ResourcesUnavailableError" ? found.failure.hint : null)
  const { offer } = found.success.ranked[0]!
  const others = `${cloudDisplay(offer.cloud)} has it from $${offer.usdPerHour.toFixed(2)} an hour (price of ${offer.catalog}), but is not enabled: sky check. What would be taken: --dryrun`
  return own === undefined ? others : `${own}. ${others}`
}
