/** Which decider answers which method, and what each needs from the world. A new command does not compile until it is listed. */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../events/ids.ts"
import type { RecordedTask } from "../events/values.ts"
import type { ClusterRow } from "../projections/ClusterRow.ts"
import { jobsOf } from "../projections/jobs.ts"
import type { CommandName, commands } from "../sdk/protocol/methods.ts"
import { cloudOf } from "./Clouds.ts"
import type { Cloud } from "./clouds/Cloud.ts"
import { autostop } from "./commands/autostop.ts"
import { cancel } from "./commands/cancel.ts"
import { type Context, type Decided, nothingToDo } from "./commands/decision.ts"
import { down } from "./commands/down.ts"
import { exec } from "./commands/exec.ts"
import { launch } from "./commands/launch.ts"
import { start } from "./commands/start.ts"
import { stop } from "./commands/stop.ts"
import type { World } from "./World.ts"

interface Input<M extends CommandName> {
  readonly params: (typeof commands)[M]["params"]["Type"]
  readonly row: ClusterRow | undefined
  readonly world: World
  readonly context: Context
  readonly name: string
  readonly fresh: ClusterId
  readonly task: RecordedTask
  readonly clouds: ReadonlyMap<string, Cloud>
}

const canStop = ({ clouds, row }: Input<CommandName>) => (row && cloudOf(clouds, row)?.canStop) ?? true

/** Every enabled cloud's offers for a new cluster. Local comes last: it is a candidate when it is named or when nothing else fits. */
const offersFor = Effect.fnUntraced(function* ({ clouds, params, row }: Input<"launch">) {
  if (row !== undefined) return { offers: [], reason: null }
  const answers = yield* Effect.forEach(clouds.values(), (cloud) => cloud.offers(params.task))
  return { offers: answers.flatMap(({ offers }) => offers), reason: answers.find(({ reason }) => reason !== null)?.reason ?? null }
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

export const Deciders: { readonly [M in CommandName]: (input: Input<M>) => Effect.Effect<Decided> } = {
  launch: (input) =>
    Effect.map(offersFor(input), ({ offers, reason }) => {
      const { context, fresh, name, params, row, task } = input
      const decided = launch(row, { name, fresh, task, options: params, offers, reason }, context)
      return params.dryrun ? planned(decided, input, offers[0]) : decided
    }),
  exec: ({ context, name, params, row, task }) =>
    Effect.sync(() => {
      const decided = exec(row, { name, task, down: params.down ?? false, lastUse: params.lastUse ?? "" }, context)
      return params.dryrun && decided._tag === "Success" ? nothingToDo({ jobId: null, handle: null, cluster: name }) : decided
    }),
  start: ({ context, params, row }) => Effect.sync(() => start(row, params, context)),
  stop: (input) => Effect.sync(() => stop(input.row, input.params, canStop(input), input.context)),
  down: ({ context, params, row }) => Effect.sync(() => down(row, params, context)),
  autostop: (input) => Effect.sync(() => autostop(input.row, input.params, canStop(input), input.context)),
  cancel: ({ context, params, row, world }) =>
    Effect.sync(() => cancel(row, row === undefined ? [] : jobsOf(world.jobs, row.id), params, context))
}
