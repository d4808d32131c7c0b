/**
 * What a dry run of a launch answers, and `optimize`: the place that would be taken now, or one of a cloud that is not enabled; and how a
 * refusal for want of a place says where there is one. Pure.
 */
import * as Result from "effect/Result"
import type { ClonedDisk, Offer, RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { reachText } from "../../projections/refusals.ts"
import type { SkydError } from "../../sdk/protocol/errors.ts"
import type { Plan } from "../../sdk/protocol/launch.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { inner } from "../../task/sentence.ts"
import { numNodesOf } from "../../task/Task.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import type { Offered } from "../clouds/Offered.ts"
import { notesOfClone } from "../commands/clone.ts"
import { notesOfMachines, notesOfPorts } from "../commands/of-machines.ts"
import { mistaken, withWhoHasIt } from "../commands/others-have.ts"
import { isNowhere } from "../commands/places.ts"
import { mayBeListed, planNotEnabled } from "../optimizer/all-lists.ts"
import { placesOf } from "../optimizer/blocks.ts"
import type { Wish } from "../optimizer/optimize.ts"
import { planView } from "../optimizer/plan-view.ts"
import { leftOut } from "../optimizer/unmet-wishes.ts"
import { type Access, completedBy, isEnabledIn, whyNotIn } from "./offers-for.ts"
import { noneGives } from "./unavailable.ts"
import { hintForUnknown, isForNobody } from "./unknown-kinds.ts"

export interface Question {
  /** Of the cluster, where it has one. */
  readonly name: string | null
  /** The cluster, where it is there. */
  readonly row: ClusterRow | undefined
  readonly task: RecordedTask
  /** What its disk is a copy of. */
  readonly clone?: ClonedDisk | undefined
  /** What it must not get, and what is to be little. */
  readonly more: Pick<Wish, "blocked" | "minimize">
  readonly clouds: ReadonlyMap<string, Cloud>
  readonly access: Access
  readonly places: Offered
  /** Lists of offers of all clouds; read when they are needed. */
  readonly catalogs: () => ReadonlyArray<Catalog>
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

/** What was set up is where a task that names no cloud is meant to go; it runs here all the same, and is not left in the dark. */
const missedOf = ({ missed = [] }: Offered): ReadonlyArray<string> => {
  if (missed.length === 0) return []
  const names = missed.map(({ cloud }) => cloudDisplay(cloud))
  const whys = missed.map(({ cloud, why }) => `${cloudDisplay(cloud)}: ${inner(why)}`)
  return [`${names.join(" and ")} ${names.length > 1 ? "are" : "is"} set up and cannot be used now (${whys.join("; ")}): sky check`]
}

const planHere = (offers: ReadonlyArray<Offer>, { access, catalogs, clone, clouds, places, row, task }: Question): Plan => {
  const { resources } = Result.getOrElse(completedBy(clouds, access, task), () => task)
  const needs = row === undefined ? alternativesOf(resources).items : []
  const regions = [...new Set((places.noQuota ?? []).map(reachText))].join(", ")
  const left = regions === "" ? [] : [`Left out, for the account has no quota there: ${regions}.`]
  const opens = (place: Offer | null | undefined) => clouds.get(place?.cloud ?? "")?.openPorts !== undefined
  const own = row === undefined ? notesOfPorts(offers[0]!, task, opens(offers[0])) : notesOfMachines(row, task, opens(row.offer))
  const missed = row === undefined ? missedOf(places) : []
  const usdPerHour = clouds.get(offers[0]!.cloud)?.diskUsdPerHour
  const notes = [...notesOfClone(clone, { task, offer: offers[0]!, usdPerHour }), ...halfOf(row), ...own, ...missed, ...left]
  const why = [...notes, ...leftOut(needs, places.offers, catalogs, whyNotIn(access))]
  return planView(offers, { numNodes: row?.numNodes ?? numNodesOf(task), newCluster: row === undefined, enabled: true, why })
}

/** By the lists of all clouds, where no enabled one has it; undefined where they are of no use. */
const foundElsewhere = (refusal: SkydError, { access, catalogs, clouds, more, places, row, task }: Question) => {
  const isForWant = isNowhere(refusal, places) || Result.isFailure(completedBy(clouds, access, task))
  // What may be had for nothing in a while is not to be paid for.
  if (row !== undefined || !isForWant || places.busy || !mayBeListed(task, catalogs())) return undefined
  return planNotEnabled(task, catalogs(), isEnabledIn(access), more)
}

const withWayOn = (refusal: SkydError, question: Question, found: ReturnType<typeof foundElsewhere>): SkydError => {
  if (found === undefined) return refusal
  const { access, catalogs, places, task } = question
  const isListed = !places.off && catalogs().some(({ cloud }) => isEnabledIn(access)(cloud))
  return withWhoHasIt(refusal, places, found, numNodesOf(task), isListed)
}

/** A thing that nobody has is no lack of room: neither another time nor less of it is of any help. */
const hintedBy = (refusal: SkydError, question: Question, found: ReturnType<typeof foundElsewhere>): SkydError => {
  const error = withWayOn(refusal, question, found)
  const { catalogs, places, row, task } = question
  const isForWant = row === undefined && error._tag === "ResourcesUnavailableError" && isNowhere(refusal, places)
  const hint = isForWant ? hintForUnknown(task, places, catalogs) : undefined
  return hint === undefined && !(isForWant && isForNobody(task, places, catalogs)) ? error : mistaken(error, hint ?? error.hint)
}

/** A refusal for want of a place says what is wrong with the wish, or who else has it. */
export const hinted = (refusal: SkydError, question: Question): SkydError => hintedBy(refusal, question, foundElsewhere(refusal, question))

const planElsewhere = (refusal: SkydError, question: Question): Result.Result<Plan, SkydError> => {
  const { access, catalogs, places, task } = question
  const found = foundElsewhere(refusal, question)
  if (found === undefined || Result.isFailure(found)) return Result.fail(hintedBy(refusal, question, found))
  const { looks, needs, ranked } = found.success
  const offers = ranked.map(({ offer }) => offer)
  const out = leftOut(needs, offers, catalogs, whyNotIn(access))
  // That none is enabled, the table says of each.
  const why = [...(places.hint === undefined || places.off ? [] : [refusal.message]), ...out]
  const told = { numNodes: numNodesOf(task), newCluster: true, enabled: false, looks, why, places: placesOf(ranked) }
  return Result.succeed(planView(offers, told))
}

/** `offers`: those that a launch would ask, at least one, the first of them first; or why it would ask none. */
export const planFor = (offers: Result.Result<ReadonlyArray<Offer>, SkydError>, question: Question): Result.Result<Plan, SkydError> => {
  const { name, places } = question
  if (places.noQuota?.length && places.offers.length === 0) return Result.fail(noneGives(name, places.noQuota))
  return Result.isSuccess(offers) ? Result.succeed(planHere(offers.success, question)) : planElsewhere(offers.failure, question)
}
