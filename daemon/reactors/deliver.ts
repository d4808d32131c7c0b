/** Tells a head what it does not know yet of its cluster's jobs, setups and cancels. All of it may be told again. */
import * as Effect from "effect/Effect"
import type { OperationId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { type JobRow, unfinishedOf } from "../../projections/jobs.ts"
import { operationOf } from "../../projections/operations.ts"
import type { EventLog } from "../log/EventLog.ts"
import type { AgentError, AgentLink } from "../remote/AgentLink.ts"
import type { Secrets } from "../Secrets.ts"
import { deliveriesOf, jobSpec, keysOf, setupKey, setupSpec } from "./deliveries.ts"

/** Jobs in one frame: their texts are up to 200 KiB each, and an agent takes frames of 8 MiB. */
const submitMax = 32

interface Tools {
  readonly log: EventLog["Service"]
  readonly secrets: Secrets["Service"]
}

/** `told` is what the head was told on this link; what is told now is added. */
export const deliver = Effect.fn("deliver")(function* (
  head: AgentLink,
  row: ClusterRow,
  told: Set<string>,
  { log, secrets }: Tools
): Effect.fn.Return<void, AgentError> {
  const { jobs, operations } = log.world()
  const news = deliveriesOf(row, unfinishedOf(jobs, row.id), told)
  const read = (operation: OperationId | null) => (operation === null ? Effect.succeed({}) : secrets.read(operation))
  const submit = Effect.fnUntraced(function* (some: ReadonlyArray<JobRow>) {
    const specs = yield* Effect.forEach(some, (job) => Effect.map(read(job.operation), (values) => jobSpec(job, values)))
    yield* head.ask("submit", { jobs: specs })
    for (const { operation } of some) {
      // Taken: the agent keeps them now.
      if (operation !== null && operationOf(operations, operation)?.outcome._tag !== "running") yield* secrets.forget(operation)
    }
  })
  for (let from = 0; from < news.jobs.length; from += submitMax) yield* submit(news.jobs.slice(from, from + submitMax))
  for (const active of news.setups) yield* head.ask("setup", setupSpec(active, yield* read(active.id)))
  const dropped = [...told].filter((key) => key.startsWith("setup/") && !row.operations.some(({ id }) => setupKey(id) === key))
  for (const key of dropped) {
    yield* head.ask("setup.cancel", { operation: key.slice("setup/".length) })
    told.delete(key)
  }
  if (news.cancels.length > 0) yield* head.ask("cancel", { jobs: news.cancels })
  for (const key of keysOf(news)) told.add(key)
})
