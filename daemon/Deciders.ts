/** Which decider answers which method, and what each needs from the world. A new command does not compile until it is listed. */
import * as Result from "effect/Result"
import type { ClusterId } from "../events/ids.ts"
import type { RecordedTask } from "../events/values.ts"
import type { ClusterRow } from "../projections/ClusterRow.ts"
import { rowNamed } from "../projections/clusters.ts"
import { jobsOf } from "../projections/jobs.ts"
import { reachText } from "../projections/refusals.ts"
import type { SkydError } from "../sdk/protocol/errors.ts"
import type { CommandName, commands } from "../sdk/protocol/methods.ts"
import { alternativesOf } from "../task/alternatives.ts"
import { needOf } from "../task/Need.ts"
import { numNodesOf } from "../task/Task.ts"
import type { Catalog } from "./catalog/Catalog.ts"
import type { Cloud } from "./clouds/Cloud.ts"
import type { Offered } from "./clouds/Offered.ts"
import { autostop } from "./commands/autostop.ts"
import { cancel } from "./commands/cancel.ts"
import { clonedDisk } from "./commands/clone.ts"
import { type Context, type Decided, nothingToDo } from "./commands/decision.ts"
import { down } from "./commands/down.ts"
import { exec } from "./commands/exec.ts"
import type { LackOf } from "./commands/features.ts"
import { launch } from "./commands/launch.ts"
import { refuseOther } from "./commands/owner.ts"
import { isNowhere } from "./commands/places.ts"
import { start } from "./commands/start.ts"
import { stop } from "./commands/stop.ts"
import { withWayOn } from "./commands/way-on.ts"
import { type Identities, identitiesOf } from "./identities.ts"
import { type Access, completedBy, isEnabledIn, ofPlace, whyNotIn } from "./offers-for.ts"
import { mayBeListed, planNotEnabled } from "./optimizer/all-lists.ts"
import { placesOf } from "./optimizer/blocks.ts"
import { planView } from "./optimizer/plan-view.ts"
import { leftOut } from "./optimizer/unmet-wishes.ts"
import { noneGives } from "./reactors/search/unavailable.ts"
import type { World } from "./World.ts"

export interface Input<M extends CommandName> {
  readonly params: (typeof commands)[M]["params"]["Type"]
  readonly row: ClusterRow | undefined
  readonly world: World
  readonly context: Context
  readonly name: string
  readonly fresh: ClusterId
  readonly task: RecordedTask
  readonly clouds: ReadonlyMap<string, Cloud>
  readonly access: Access
  readonly places: Offered
  readonly identities: Identities
  /** Lists of offers of all clouds; read when they are needed. */
  readonly catalogs: () => ReadonlyArray<Catalog>
}

const lackOf =
  (input: Input<CommandName>): LackOf =>
  (feature) =>
    input.row?.offer ? ofPlace(input).lackOf(feature, input.row.offer) : null

const isPurge = (params: object) => "purge" in params && params.purge === true

/** The clouds whose word on the credentials a decision needs: that of the cluster, or those where a new one may go. */
export const identitiesFor = (
  method: CommandName,
  { clouds, params, places, row }: Pick<Input<CommandName>, "clouds" | "params" | "places" | "row">
) => {
  const owned = row?.offer && row.owner !== null && !isPurge(params) ? [row.offer.cloud] : []
  return identitiesOf(clouds, row === undefined && method === "launch" ? places.offers.map(({ cloud }) => cloud) : owned)
}

/** Of a cluster that has not all its nodes: the rest is asked for beside those that are there, at the same price each. */
const halfOf = (row: ClusterRow | undefined): ReadonlyArray<string> => {
  const count = row === undefined || row.nodes.length === 0 ? 0 : row.numNodes - row.nodes.length
  return count > 0
    ? [
        `${row!.name} has ${row!.nodes.length} of ${row!.numNodes} nodes: the others are asked for in the same place (to end it instead: sky down ${row!.name}).`
      ]
    : []
}

/** What a dry run answers: the place that would be chosen, and nothing is recorded. */
const planned = (decided: Decided, input: Input<"launch">): Decided => {
  const { access, catalogs, clouds, name, places, row, task } = input
  const { noQuota = [] } = places
  if (noQuota.length > 0 && places.offers.length === 0) return Result.fail(noneGives(name, noQuota))
  if (decided._tag === "Failure") return plannedElsewhere(decided.failure, input)
  const [chosen] = decided.success.events.flatMap(([, event]) => (event._tag === "PlaceChosen" ? [event.offer] : []))
  const offers = row?.offer ? [row.offer] : chosen === undefined ? [] : places.offers.slice(places.offers.indexOf(chosen))
  if (offers.length === 0) return nothingToDo({ jobId: null, handle: null, cluster: name })
  const { resources } = Result.getOrElse(completedBy(clouds, access, task), () => task)
  const needs = row === undefined ? alternativesOf(resources).items : []
  const regions = [...new Set(noQuota.map(reachText))].join(", ")
  const left = regions === "" ? [] : [`Left out, for the account has no quota there: ${regions}.`]
  const why = [...halfOf(row), ...left, ...leftOut(needs, places.offers, catalogs, whyNotIn(access))]
  const told = { numNodes: row?.numNodes ?? numNodesOf(task), newCluster: row === undefined, enabled: true, why }
  return nothingToDo({ jobId: null, handle: null, cluster: name, plan: planView(offers, told) })
}

const blockedBy = ({ blocked }: Input<"launch">["params"]) => ({ blocked: (blocked ?? []).map(needOf) })

/** By the lists of all clouds, where no enabled one has it; undefined where they are of no use. */
const foundElsewhere = (refusal: SkydError, { access, catalogs, clouds, params, places, row, task }: Input<"launch">) => {
  const isForWant = isNowhere(refusal, places) || Result.isFailure(completedBy(clouds, access, task))
  // What may be had for nothing in a while is not to be paid for.
  if (row !== undefined || !isForWant || places.busy || !mayBeListed(task, catalogs())) return undefined
  return planNotEnabled(task, catalogs(), isEnabledIn(access), blockedBy(params))
}

const plannedElsewhere = (refusal: SkydError, input: Input<"launch">): Decided => {
  const { access, catalogs, name, places, task } = input
  const found = foundElsewhere(refusal, input)
  if (found === undefined || Result.isFailure(found)) return Result.fail(hinted(refusal, input, found))
  const { looks, needs, ranked } = found.success
  const offers = ranked.map(({ offer }) => offer)
  const out = leftOut(needs, offers, catalogs, whyNotIn(access))
  const why = [...(places.hint === undefined ? [] : [refusal.message]), ...out]
  const told = { numNodes: numNodesOf(task), newCluster: true, enabled: false, looks, why, places: placesOf(ranked) }
  return nothingToDo({ jobId: null, handle: null, cluster: name, plan: planView(offers, told) })
}

/** A refusal for want of a place says what is wrong with the wish, or who else has it. */
const hinted = (refusal: SkydError, input: Input<"launch">, found: ReturnType<typeof foundElsewhere>): SkydError => {
  const { access, catalogs, places, task } = input
  const isListed = !places.off && catalogs().some(({ cloud }) => isEnabledIn(access)(cloud))
  return found === undefined ? refusal : withWayOn(refusal, places, found, numNodesOf(task), isListed)
}

const Deciders: { readonly [M in CommandName]: (input: Input<M>) => Decided } = {
  launch: (input) => {
    const { access, clouds, context, fresh, name, params, places, row, world } = input
    const from = params.cloneDiskFrom ?? null
    const clones = (cloud: string) => clouds.get(cloud)?.clonesDisks === true
    const cloneFor = (task: RecordedTask) =>
      from === null ? Result.succeed(undefined) : clonedDisk({ from, task, clones, source: rowNamed(world.clusters, from), target: row })
    const decided = Result.flatMap(completedBy(clouds, access, input.task), (task) =>
      Result.flatMap(cloneFor(task), (clone) =>
        launch(row, { name, fresh, task, clone, options: params, ...ofPlace(input), ...places }, context)
      )
    )
    return params.dryrun
      ? planned(decided, input)
      : Result.mapError(decided, (refusal) => hinted(refusal, input, foundElsewhere(refusal, input)))
  },
  exec: (input) => {
    const { access, clouds, context, name, params, row } = input
    const decided = Result.flatMap(row ? completedBy(clouds, access, input.task) : Result.succeed(input.task), (task) =>
      exec(row, { name, task, down: params.down ?? false, lastUse: params.lastUse ?? "" }, context)
    )
    return params.dryrun && decided._tag === "Success" ? nothingToDo({ jobId: null, handle: null, cluster: name }) : decided
  },
  start: (input) => start(input.row, input.params, lackOf(input), input.context),
  stop: (input) => stop(input.row, input.params, lackOf(input), input.context),
  down: ({ context, params, row }) => down(row, params, context),
  autostop: (input) => autostop(input.row, input.params, lackOf(input), input.context),
  cancel: ({ context, params, row, world }) => cancel(row, row === undefined ? [] : jobsOf(world.jobs, row.id), params, context)
}

/** A purge is for when the cloud cannot help, so it asks nobody. What came in between and was not asked about is held by `asOwner`. */
const refuseStranger = ({ identities, params, row }: Input<CommandName>): Decided | undefined => {
  const identity = row?.offer && !isPurge(params) ? identities.get(row.offer.cloud) : undefined
  if (row === undefined || identity === undefined || row.owner === null) return undefined
  if (Result.isFailure(identity)) return Result.fail(identity.failure)
  const refusal = refuseOther(row, identity.success)
  return refusal && Result.fail(refusal)
}

export const decide = <M extends CommandName>(method: M, input: Input<M>): Decided => refuseStranger(input) ?? Deciders[method](input)
