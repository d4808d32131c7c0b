/**
 * Streams a job's log from its head to a client. A slow reader holds the agent back, never the memory of the daemon; when the
 * agent goes away in the middle it is asked again, and what was sent is not sent twice.
 */
import * as Effect from "effect/Effect"
import type { OperationId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { rowOf } from "../../projections/clusters.ts"
import { isOver, jobOf } from "../../projections/jobs.ts"
import { operationOf } from "../../projections/operations.ts"
import type { Logs } from "../../sdk/protocol/queries.ts"
import { CloudError } from "../clouds/Cloud.ts"
import type { EventLog } from "../log/EventLog.ts"
import { type AgentLink, onOwnLink } from "../reactors/couriers/AgentLink.ts"
import type { Couriers } from "../reactors/couriers/Couriers.ts"
import { jobKey, setupKey } from "../reactors/couriers/deliveries.ts"
import type { Reply } from "../requests/Reply.ts"
import { failureOf } from "../requests/recorded-failure.ts"
import type { World } from "../World.ts"
import { closedMeanwhile } from "./closed-meanwhile.ts"
import { forwarding, type Shown } from "./forwarding.ts"
import { type FoundOutput, findOutput } from "./found-output.ts"
import { goneRanks, withGone } from "./gone-ranks.ts"
import { brokenOff, cloudsWord, goesOn, isStanding, notUp, notYet, refused, unread, waiting, wentWith } from "./unread.ts"
import { until } from "./until.ts"

/**
 * How long the head may be away before a stream gives up on it; once something was read there that is only said, and it is waited for
 * longer.
 */
const awayMaxMs = 30_000
const lostMaxMs = 600_000
/** Nobody waits longer without a word. */
const silentMs = 2_000
/** Connections that end early before a stream gives up. */
const triesMax = 100
/** How long a job's end may take from the node to the log, once its output has ended. */
const endMaxMs = 10_000

interface Tools {
  readonly log: EventLog["Service"]
  readonly couriers: Couriers["Service"]
  /** Where nothing is learned from the nodes any more, the log's word on a job stands still. */
  readonly areOn: boolean
}

const headNode = (row: ClusterRow) => row.nodes.find(({ rank }) => rank === 0)?.node ?? ""

/** Whether the head can be asked now; `never` when waiting will not help: it is stopped, ending, or gone. */
const headOf = (world: World, id: ClusterRow["id"]): "ready" | "never" | undefined => {
  const row = rowOf(world.clusters, id)
  if (row === undefined || row.wanted !== "up") return "never"
  return row.nodes.some(({ rank, ready }) => rank === 0 && ready) ? "ready" : undefined
}

const streamOne = Effect.fn("logs.one")(function* (
  id: string | number,
  params: Logs,
  { job, row, setup }: FoundOutput,
  reply: Reply,
  { areOn, couriers, log }: Tools
) {
  const closed = yield* closedMeanwhile(log, row.id, job?.id)
  const follow = params.follow ?? true
  const operation = setup ?? ("" as OperationId)
  const asked = {
    ...(job === undefined
      ? { setup: operation }
      : { job: job.id as number, ...(job.runTimestamp === "" ? {} : { runTimestamp: job.runTimestamp }) }),
    rank: params.rank ?? null,
    tail: params.tail ?? null,
    follow
  }
  const gone = () => goneRanks(rowOf(log.world().clusters, row.id), now(log.world()))
  const key = job === undefined ? setupKey(operation) : jobKey(job)
  const now = ({ jobs }: World) => job && jobOf(jobs, row.id, job.id)
  const ended = (world: World): true | undefined => {
    const known = now(world)
    const isOpen = job === undefined ? operationOf(world.operations, operation)?.outcome._tag === "running" : known && !isOver(known)
    return isOpen ? undefined : true
  }
  const shown: Shown = new Map()
  const forward = forwarding(id, reply, shown)
  let [isReached, hasBegun] = [false, false]
  const readFrom = Effect.fnUntraced(function* (link: AgentLink) {
    // An agent that hangs is found out here, where an answer is due at once; a log may be silent for hours.
    yield* link.ask("hello", { cluster: row.id, node: headNode(row) })
    hasBegun = true
    let paused = false
    const resume = () => {
      paused = false
      link.resume()
    }
    const lost = [...gone().keys()]
    const wish = { ...asked, ...(lost.length > 0 && { gone: lost }), from: Object.fromEntries(shown) }
    return yield* link.request("logs", wish, (frame) => {
      forward(frame)
      // What was read already still comes.
      if (paused || !reply.isFull()) return
      paused = true
      link.pause()
      reply.whenDrained(resume)
    })
  })
  const dial = Effect.suspend(() => couriers.connect(row))
  // Connected first: what keeps us from its head for good keeps its courier from telling it of anything.
  const once = onOwnLink(dial.pipe(Effect.tap(() => Effect.sync(() => (isReached = true)))), (link) =>
    // It may be on disk and not yet with the agent, which is never told of what has ended.
    Effect.andThen(Effect.raceFirst(couriers.untilTold(row.id, key), until(log, ended, awayMaxMs)), readFrom(link))
  )
  /** What is the matter with a head that waiting does not bring back. */
  const barred = onOwnLink(dial, () => Effect.never).pipe(
    Effect.catchTag("CloudError", (error) => (isStanding(error) ? Effect.succeed(error) : Effect.never))
  )
  const rowNow = () => rowOf(log.world().clusters, row.id) ?? row
  const tell = (text: string) => reply.push({ type: "result", data: { id, at: log.world().at, value: { notices: [text] }, more: true } })
  const ready = (maxMs: number) => until(log, (world) => headOf(world, row.id), maxMs)
  const silent = Effect.sync(() => isReached || tell(waiting(rowNow())))
  if (areOn) yield* Effect.forkChild(Effect.delay(silent, silentMs))
  let why = brokenOff
  let isWaitedFor = false
  for (let tries = 0; ; tries++) {
    const waits = follow && areOn
    let head = headOf(log.world(), row.id) ?? (yield* Effect.raceFirst(ready(waits ? awayMaxMs : 100), barred))
    if (head === undefined && waits && hasBegun) {
      tell(goesOn(rowNow()))
      head = yield* Effect.raceFirst(ready(lostMaxMs), barred)
    }
    if (head instanceof CloudError) return yield* unread(row, cloudsWord(head))
    if (head !== "ready") {
      const [over, left] = [closed(), rowOf(log.world().clusters, row.id)]
      return yield* over === undefined ? notUp(row, left) : wentWith(row, left, over)
    }
    if (tries > triesMax) return yield* unread(row, why)
    why = brokenOff
    const answer = yield* once.pipe(
      Effect.catchTag("AgentError", (error) => {
        if (error.tag === "Disconnected") return Effect.succeed(undefined)
        const known = now(log.world())
        // It ended before any node had it: there is no output, and the log says why.
        if (error.tag === "JobDoesNotExist" && known !== undefined && isOver(known)) return Effect.succeed(known)
        if (error.tag === "JobDoesNotExist" && known?.status === "PENDING" && areOn) {
          why = notYet(known.id)
          if (!isWaitedFor) tell(`Job ${known.id} of ${row.name} has no logs yet: ${why}`)
          isWaitedFor = true
          return Effect.succeed(follow ? undefined : known)
        }
        return Effect.fail(refused(row, error))
      }),
      Effect.catchTag("CloudError", (error) => {
        why = cloudsWord(error)
        // Nobody else makes it run again.
        return areOn && !isStanding(error) ? Effect.succeed(undefined) : Effect.fail(unread(row, why))
      })
    )
    if (answer === undefined) {
      yield* Effect.sleep(100)
      continue
    }
    if (job === undefined) return { jobId: null, ...answer }
    if (follow && areOn) yield* until(log, ended, endMaxMs)
    const known = areOn || ended(log.world()) ? now(log.world()) : undefined
    const { reason, returnCodes, status } = known ?? answer
    const missing = "unread" in answer && answer.unread !== undefined ? { unread: withGone(answer.unread, gone()) } : {}
    return { jobId: job.id as number, status: status as string | null, returnCodes, reason, ...missing }
  }
}, Effect.scoped)

export const streamLogs = Effect.fn("logs")(function* (id: string | number, params: Logs, reply: Reply, tools: Tools) {
  const { areOn, log } = tools
  const found = findOutput(log.world(), params)
  if (!("row" in found)) return yield* Effect.fail(found)
  const { row, setup } = found
  const answer = yield* streamOne(id, params, found, reply, tools)
  if (setup === undefined || params.setup || params.follow === false || !areOn) return answer
  const outcome = yield* until(
    log,
    ({ operations }) => {
      const { outcome } = operationOf(operations, setup) ?? {}
      return outcome?._tag === "running" ? undefined : outcome
    },
    endMaxMs
  )
  if (outcome?._tag === "failed") return yield* Effect.fail(failureOf(outcome.error))
  const jobId = outcome?._tag === "succeeded" ? (outcome.result["jobId"] as number | null) : null
  const job = jobId === null ? undefined : jobOf(log.world().jobs, row.id, jobId)
  return job === undefined ? answer : yield* streamOne(id, params, { row, job, setup: undefined }, reply, tools)
})
