/** Which decider answers which method, and what each needs from the world. A new command does not compile until it is listed. */
import * as Result from "effect/Result"
import type { ClusterId } from "../../events/ids.ts"
import type { RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { jobsOf } from "../../projections/jobs.ts"
import type { CommandName, commands } from "../../sdk/protocol/methods.ts"
import { needOf } from "../../task/Need.ts"
import { atPlace } from "../../task/placed.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { type Identities, identitiesOf } from "../clouds/identities.ts"
import type { Offered } from "../clouds/Offered.ts"
import { autostop } from "../commands/autostop.ts"
import { cancel } from "../commands/cancel.ts"
import { clonedDisk, whereCopied } from "../commands/clone.ts"
import { type Context, type Decided, nothingToDo } from "../commands/decision.ts"
import { down } from "../commands/down.ts"
import { exec } from "../commands/exec.ts"
import type { LackOf } from "../commands/features.ts"
import { launch } from "../commands/launch.ts"
import { refuseOther } from "../commands/owner.ts"
import { start } from "../commands/start.ts"
import { stop } from "../commands/stop.ts"
import { hinted, planFor, type Question } from "../places/dry-run.ts"
import { type Access, completedBy, ofPlace } from "../places/offers-for.ts"
import type { World } from "../World.ts"

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

const questionOf = ({ access, catalogs, clouds, name, params, places, row, task }: Input<"launch">): Question => {
  const blocked = (params.blocked ?? []).map(needOf)
  return { access, catalogs, clouds, name, places, row, task, more: { blocked } }
}

/** What a dry run answers: the place that would be chosen, and nothing is recorded. */
const planned = (decided: Decided, input: Input<"launch">): Decided => {
  const { name, places, row } = input
  const nothing = { jobId: null, handle: null, cluster: name }
  const facts = Result.isSuccess(decided) ? decided.success.events.map(([, event]) => event) : []
  const [clone] = facts.flatMap((event) => (event._tag === "LaunchRequested" ? (event.clone ?? []) : []))
  const offers = Result.map(decided, ({ events }) => {
    const [chosen] = events.flatMap(([, event]) => (event._tag === "PlaceChosen" ? [event.offer] : []))
    const all = whereCopied(clone, places.offers)
    return row?.offer ? [row.offer] : chosen === undefined ? [] : all.slice(all.indexOf(chosen))
  })
  if (Result.isSuccess(offers) && offers.success.length === 0) return nothingToDo(nothing)
  return Result.flatMap(planFor(offers, { ...questionOf(input), clone }), (plan) => nothingToDo({ ...nothing, plan }))
}

/** Of a cluster that has its machines: where it is looked for, it may still come to be elsewhere. */
const onIts = (row: ClusterRow | undefined, task: RecordedTask): RecordedTask => {
  if (!row?.offer || row.nodes.length === 0) return task
  const resources = atPlace(task.resources, row.offer)
  return resources === task.resources ? task : { ...task, resources: resources! }
}

const Deciders: { readonly [M in CommandName]: (input: Input<M>) => Decided } = {
  launch: (input) => {
    const { access, clouds, context, fresh, name, params, places, row, world } = input
    const from = params.cloneDiskFrom ?? null
    const clones = (cloud: string) => clouds.get(cloud)?.clonesDisks === true
    const cloneFor = (task: RecordedTask) =>
      from === null ? Result.succeed(undefined) : clonedDisk({ from, task, clones, source: rowNamed(world.clusters, from), target: row })
    const decided = Result.flatMap(completedBy(clouds, access, onIts(row, input.task)), (task) =>
      Result.flatMap(cloneFor(task), (clone) =>
        launch(row, { name, fresh, task, clone, options: params, ...ofPlace(input), ...places }, context)
      )
    )
    return params.dryrun ? planned(decided, input) : Result.mapError(decided, (refusal) => hinted(refusal, questionOf(input)))
  },
  exec: (input) => {
    const { access, clouds, context, name, params, row } = input
    const decided = Result.flatMap(row ? completedBy(clouds, access, onIts(row, input.task)) : Result.succeed(input.task), (task) =>
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
