/** `optimize`: the best place for a task, and what it had to choose from. */
import type { OptimizeAnswer } from "../protocol/catalog.ts"
import type { Plan } from "../protocol/launch.ts"
import { type Maybe, options, shown, yesOrNo } from "./arguments.ts"
import { ask, type Waiting } from "./call.ts"
import { type Dag, oneTask } from "./Dag.ts"
import { OptimizeTarget } from "./enums.ts"
import { ValueError } from "./exceptions.ts"
import { planLine, terminal } from "./narrate.ts"
import { offeredResources } from "./ResourceHandle.ts"
import { allResources, type Resources } from "./Resources.ts"
import type { Task } from "./Task.ts"

export interface OptimizeOptions extends Waiting {
  /**
   * `COST` where nothing is said. A task says nowhere how long it runs: with `TIME` it is taken to run as long in each place, and what it
   * costs decides.
   */
  readonly minimize?: Maybe<OptimizeTarget>
  /** What the task must not get, beside its own `blockedResources`: all that the fields of one of them are equal to. */
  readonly blockedResources?: Maybe<Iterable<Resources>>
  /** Say nothing on stderr; false where nothing is said. */
  readonly quiet?: Maybe<boolean>
}

/** A place, and what one node of it costs. */
export interface PricedResources {
  readonly resources: Resources
  /** USD an hour for one node, with the day that the price is of; null for what costs nothing. */
  readonly hourly: number
  readonly priceOf: string | null
}

export interface OptimizeResult extends PricedResources {
  /**
   * Whether a launch could go there now. False: no cloud that is enabled has what is asked, and this is what the lists of the others have.
   */
  readonly enabled: boolean
  /** The best place of each cloud and kind, `resources` among them. */
  readonly considered: ReadonlyArray<PricedResources>
}

const pricedOf = (offer: Plan["offer"]): PricedResources => ({
  resources: offeredResources(offer),
  hourly: offer.usdPerHour,
  priceOf: offer.catalog
})

/**
 * The best place for a task: what `launch` would take. Nothing is made.
 *
 * Rejects with `ResourcesUnavailableError` (nobody has it; its hint says what is near); `ResourcesMismatchError` (a type and accelerators
 * that do not go together); `ValueError`.
 *
 * @example const task = new sky.Task({ run: "nvidia-smi" }).setResources(new sky.Resources({ accelerators: "A100:8" }))
 * const { resources, hourly } = await sky.optimize(task)
 */
export const optimize = async (task: Task | Dag, optimizeOptions?: Maybe<OptimizeOptions>): Promise<OptimizeResult> => {
  const one = oneTask(task, "optimize")
  const given = options(optimizeOptions, ["minimize", "blockedResources", "quiet", "signal"], "optimize")
  const { blockedResources, minimize, quiet, signal } = given
  if (minimize !== null && minimize !== undefined && !Object.hasOwn(OptimizeTarget, minimize))
    throw new ValueError(`minimize is sky.OptimizeTarget.COST or TIME, got ${shown(minimize)}.`)
  const blocked = [...one.blockedResources, ...allResources(blockedResources ?? [], "blockedResources")].map((pattern) =>
    pattern.toYamlConfig()
  )
  // What runs is no part of the question, and a function could not be sent.
  const { num_nodes, resources } = one.toYamlConfig()
  const asked = Object.fromEntries(Object.entries({ num_nodes, resources }).filter(([, value]) => value !== undefined))
  const isQuiet = yesOrNo(quiet, "quiet") ?? false
  const { plan } = await ask<OptimizeAnswer>("optimize", { task: asked, minimize: minimize ?? null, blocked }, { signal })
  if (!isQuiet) terminal.line(planLine({ cluster: null, jobId: null, handle: null, plan }))
  return { ...pricedOf(plan.offer), enabled: plan.enabled, considered: plan.considered.map(pricedOf) }
}
