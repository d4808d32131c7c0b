/** Which decider answers which method, and what each needs from the world. A new command does not compile until it is listed. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { ClusterId } from "../events/ids.ts"
import type { RecordedTask } from "../events/values.ts"
import type { ClusterRow } from "../projections/ClusterRow.ts"
import { jobsOf } from "../projections/jobs.ts"
import type { CommandName, commands } from "../sdk/protocol/methods.ts"
import type { Task } from "../task/Task.ts"
import { cloudOf } from "./Clouds.ts"
import type { Cloud, Offered } from "./clouds/Cloud.ts"
import { autostop } from "./commands/autostop.ts"
import { cancel } from "./commands/cancel.ts"
import { type Context, type Decided, nothingToDo } from "./commands/decision.ts"
import { down } from "./commands/down.ts"
import { exec } from "./commands/exec.ts"
import { launch } from "./commands/launch.ts"
import { completed } from "./commands/offer-checks.ts"
import { start } from "./commands/start.ts"
import { stop } from "./commands/stop.ts"
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
  readonly places: Offered
}

/** Of the place that a launch would take. */
const homeOnly = ({ clouds, places, row }: Input<"launch">) => clouds.get((row?.offer ?? places.offers[0])?.cloud ?? "")?.homeOnly ?? false
const canStop = ({ clouds, row }: Input<CommandName>) => (row && cloudOf(clouds, row)?.canStop) ?? true

const completedBy = (clouds: ReadonlyMap<string, Cloud>, task: RecordedTask) =>
  completed(task, (cloud) => clouds.get(cloud)?.catalog, [...clouds.keys()])

/** What every enabled cloud offers for a task; asked before the decision, which is pure. */
export const offersFor = Effect.fn("offersFor")(function* (clouds: ReadonlyMap<string, Cloud>, task: Task) {
  const { resources = null } = Result.getOrElse(completedBy(clouds, task), () => task)
  const answers = yield* Effect.forEach(clouds.values(), (cloud) => cloud.offers({ ...task, resources }))
  const reason = answers.find((answer) => answer.reason !== null)?.reason ?? null
  const lacks = answers.length > 0 && answers.every((answer) => answer.lacks === true)
  return { offers: answers.flatMap(({ offers }) => offers), reason, lacks }
})

/** What a dry run answers: the place that would be chosen, and nothing is recorded. */
const planned = (decided: Decided, { name, row, task }: Input<"launch">, offer: unknown): Decided =>
  decided._tag === "Failure"
    ? decided
    : nothingToDo({
        jobId: null,
        handle: null,
        cluster: name,
        plan: { offer: row?.offer ?? offer, numNodes: row?.numNodes ?? task.num_nodes ?? 1, newCluster: row === undefined }
      })

const Deciders: { readonly [M in CommandName]: (input: Input<M>) => Decided } = {
  launch: (input) => {
    const { clouds, context, fresh, name, params, places, row } = input
    const decided = Result.flatMap(completedBy(clouds, input.task), (task) =>
      launch(row, { name, fresh, task, options: params, homeOnly: homeOnly(input), ...places }, context)
    )
    return params.dryrun ? planned(decided, input, places.offers[0]) : decided
  },
  exec: (input) => {
    const { clouds, context, name, params, row } = input
    const decided = Result.flatMap(row ? completedBy(clouds, input.task) : Result.succeed(input.task), (task) =>
      exec(row, { name, task, down: params.down ?? false, lastUse: params.lastUse ?? "" }, context)
    )
    return params.dryrun && decided._tag === "Success" ? nothingToDo({ jobId: null, handle: null, cluster: name }) : decided
  },
  start: ({ context, params, row }) => start(row, params, context),
  stop: (input) => stop(input.row, input.params, canStop(input), input.context),
  down: ({ context, params, row }) => down(row, params, context),
  autostop: (input) => autostop(input.row, input.params, canStop(input), input.context),
  cancel: ({ context, params, row, world }) => cancel(row, row === undefined ? [] : jobsOf(world.jobs, row.id), params, context)
}

export const decide = <M extends CommandName>(method: M, input: Input<M>): Decided => Deciders[method](input)
