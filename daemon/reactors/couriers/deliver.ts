/** Tells a head what it does not know yet of its cluster's jobs, setups, cancels and autostop. All of it may be told again. */
import * as Effect from "effect/Effect"
import type { OperationId } from "../../../events/ids.ts"
import type { RecordedTask } from "../../../events/values.ts"
import type { ClusterRow } from "../../../projections/ClusterRow.ts"
import { type JobRow, unfinishedOf } from "../../../projections/jobs.ts"
import { operationOf } from "../../../projections/operations.ts"
import type { JobSpec } from "../../../sdk/agent/protocol.ts"
import type { Secrets } from "../../home/Secrets.ts"
import type { EventLog } from "../../log/EventLog.ts"
import type { AgentError, AgentLink } from "./AgentLink.ts"
import { autostopKey, cancelKey, deliveriesOf, jobKey, jobSpec, lostKey, setupKey, setupSpec, taskOf } from "./deliveries.ts"

/** Characters of jobs in one frame; a single job is never cut. */
const batchChars = 1024 * 1024

/** Jobs in the order of their numbers, as many in one frame as fit. */
const batches = (specs: ReadonlyArray<JobSpec>): ReadonlyArray<ReadonlyArray<JobSpec>> => {
  const all: Array<Array<JobSpec>> = []
  let room = 0
  for (const spec of specs) {
    const size = JSON.stringify(spec).length
    if (room < size) {
      all.push([])
      room = batchChars
    }
    all.at(-1)!.push(spec)
    room -= size
  }
  return all
}

interface Tools {
  readonly log: EventLog["Service"]
  /** It knows its peers. One that does not is given nothing to begin, and ends what it has begun all the same. */
  readonly mayBegin: boolean
  readonly secrets: Secrets["Service"]
  /** Those that may still be told to a head. */
  readonly take: (jobs: ReadonlyArray<JobRow>) => ReadonlyArray<JobRow>
  /** Ends those whose number another job has on the node. */
  readonly closeOthers: (ids: ReadonlyArray<number>) => Effect.Effect<void>
}

/** `told` is what the head was told on this link; what is told now is added. */
export const deliver = Effect.fn("deliver")(function* (
  head: AgentLink,
  row: ClusterRow,
  told: Set<string>,
  { closeOthers, log, mayBegin, secrets, take }: Tools
): Effect.fn.Return<void, AgentError> {
  const { jobs, operations } = log.world()
  const all = deliveriesOf(row, unfinishedOf(jobs, row.id), told)
  const gone = row.lost.flatMap(({ node }) => (told.has(lostKey(node)) ? [] : [node]))
  // An agent of an older build keeps what had a part there until another node takes its place.
  if (gone.length > 0) yield* Effect.ignore(head.ask("lost", { nodes: gone }))
  for (const node of gone) told.add(lostKey(node))
  const news = mayBegin ? all : { ...all, jobs: [], setups: [] }
  const fresh = take(news.jobs)
  const read = (operation: OperationId | null, task: RecordedTask) =>
    operation === null || task.secretEnvs === undefined ? Effect.succeed({}) : secrets.read(operation)
  const others = new Set<number>()
  /** A job is told before its cancel: of one that it does not know, an agent forgets the cancel. */
  const cancel = Effect.fnUntraced(function* () {
    const due = news.cancels.filter((id) => told.has(jobKey({ id })) && !told.has(cancelKey({ id })) && !others.has(id))
    if (due.length > 0) yield* head.ask("cancel", { jobs: due })
    for (const id of due) told.add(cancelKey({ id }))
  })
  for (const job of news.known) told.add(jobKey(job))
  yield* cancel()
  const specs = yield* Effect.forEach(fresh, (job) => Effect.map(read(job.operation, job.task), (values) => jobSpec(job, values)))
  for (const batch of batches(specs)) {
    const answer = yield* head.ask("submit", { jobs: batch })
    for (const id of answer.others ?? []) others.add(id)
    if (others.size > 0) yield* closeOthers([...others])
    for (const { id } of batch) told.add(jobKey({ id }))
    yield* cancel()
  }
  for (const { operation } of [...news.known, ...fresh]) {
    // Taken: the agent keeps them now.
    if (operation !== null && operationOf(operations, operation)?.outcome._tag !== "running") yield* secrets.forget(operation)
  }
  for (const active of news.setups) yield* head.ask("setup", setupSpec(row, active, yield* read(active.id, taskOf(active))))
  const dropped = [...told].filter((key) => key.startsWith("setup/") && !row.operations.some(({ id }) => setupKey(id) === key))
  for (const key of dropped) {
    yield* head.ask("setup.cancel", { operation: key.slice("setup/".length) })
    told.delete(key)
  }
  for (const { id } of news.setups) told.add(setupKey(id))
  if (news.autostop === null) return
  yield* head.ask("autostop", news.autostop)
  told.add(autostopKey(news.autostop))
})
