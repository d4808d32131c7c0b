/** What the lists have for a task, whether or not their clouds are enabled: a dry run shows it, and a refusal points there. Pure. */
import * as Result from "effect/Result"
import type { Offer, RecordedTask } from "../../events/values.ts"
import { exiting, NotSupportedError, ResourcesMismatchError, ResourcesUnavailableError, type SkydError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { needsOwnImage, noDriver, wayOnUndriven } from "../../task/drivers.ts"
import type { Need } from "../../task/Need.ts"
import { sentence } from "../../task/sentence.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import { completed } from "./completed.ts"
import { hintFor } from "./hints.ts"
import { wantText } from "./need-text.ts"
import { notLaunched } from "./not-launched.ts"
import { type Look, optimize, type Plan, type Wish } from "./optimize.ts"

/** What names another cloud in each of its wishes is in none of the lists. */
export const mayBeListed = ({ resources }: RecordedTask, catalogs: ReadonlyArray<Catalog>): boolean =>
  alternativesOf(resources).items.some((need) => need.cloud === undefined || catalogs.some(({ cloud }) => cloud === need.cloud))

const noneLaunched = (needs: ReadonlyArray<Need>) =>
  new NotSupportedError({
    message: sentence([...new Set(needs.map(notLaunched))].join("; ")),
    hint: "Which GPUs there are: sky show-gpus"
  })

/** Of an offer that is of no use without an image of the user's own, where none is named. */
const isBare = (items: ReadonlyArray<Need>, { accelerators, cloud }: Offer): boolean =>
  accelerators !== null && needsOwnImage(cloud, accelerators.name) && items.every(({ image_id: images }) => images === undefined)

const undriven = (offers: ReadonlyArray<Offer>) => {
  const names = [...new Set(offers.flatMap(({ accelerators }) => accelerators?.name ?? []))]
  const message = `${cloudDisplay(offers[0]!.cloud)}: ${noDriver(names)}.`
  return exiting(new ResourcesUnavailableError({ message, hint: wayOnUndriven, failoverHistory: [], noFailover: false }), exitCodes.usage)
}

/** No cluster is in the way: the wish contradicts itself. */
const mismatched = (message: string) => exiting(new ResourcesMismatchError({ message, hint: null }), exitCodes.usage)

export const planElsewhere = (
  task: RecordedTask,
  catalogs: ReadonlyArray<Catalog>,
  more: Pick<Wish, "minimize" | "blocked"> = {},
  /** What is named is found in all of them: a name that is ambiguous does not become plain where only some are planned over. */
  known = catalogs
): Result.Result<Plan, SkydError> => {
  const names = known.map(({ cloud }) => cloud)
  return completed(task, (cloud) => known.find((one) => one.cloud === cloud), names).pipe(
    Result.flatMap(({ num_nodes, resources }): Result.Result<Plan, SkydError> => {
      const { items: needs, kind } = alternativesOf(resources)
      const items = needs.filter((need) => notLaunched(need) === undefined)
      if (items.length === 0) return Result.fail(noneLaunched(needs))
      const plan = optimize({ needs: { kind, items }, numNodes: num_nodes ?? 1, ...more }, catalogs)
      const ranked = plan.ranked.filter(({ offer }) => !isBare(items, offer))
      if (ranked.length > 0) return Result.succeed({ ...plan, ranked, needs })
      if (plan.ranked.length > 0) return Result.fail(undriven(plan.ranked.map(({ offer }) => offer)))
      const mismatch = plan.looks.find((look) => look.mismatch !== undefined)?.mismatch
      return Result.fail(mismatch === undefined ? nothing(plan, catalogs) : mismatched(mismatch))
    })
  )
}

/**
 * By the lists of clouds that are not enabled; where they have it neither, why, by all lists. Undefined where the list of an enabled one
 * has it: that was asked, and its own word is the better.
 */
export const planNotEnabled = (
  task: RecordedTask,
  catalogs: ReadonlyArray<Catalog>,
  isEnabled: (cloud: string) => boolean,
  more: Pick<Wish, "minimize" | "blocked"> = {}
): Result.Result<Plan, SkydError> | undefined => {
  const others = catalogs.filter(({ cloud }) => !isEnabled(cloud))
  const found = planElsewhere(task, others, more, catalogs)
  if (Result.isSuccess(found) || others.length === catalogs.length) return found
  const all = planElsewhere(task, catalogs, more)
  return Result.isSuccess(all) ? undefined : all
}

const cloudsIn = (looks: ReadonlyArray<Look>) => [...new Set(looks.map(({ cloud }) => cloudDisplay(cloud)))]
const have = (clouds: ReadonlyArray<string>) => `${clouds.join(" and ")} ${clouds.length > 1 ? "have" : "has"}`
export const hasNone = (looks: ReadonlyArray<Look>): string => `${have(cloudsIn(looks))} none`

/** Wishes that are named. */
const wantsMax = 3

const nothing = ({ looks }: Plan, catalogs: ReadonlyArray<Catalog>): ResourcesUnavailableError => {
  const wants = [...new Set(looks.map(({ need }) => wantText(need)))]
  const more = wants.length > wantsMax ? `, nor what else would do` : ""
  return new ResourcesUnavailableError({
    message: `${have(cloudsIn(looks))} no ${wants.slice(0, wantsMax).join(", and no ")}${more}.`,
    hint: hintFor(looks, catalogs),
    failoverHistory: [],
    noFailover: false
  })
}
