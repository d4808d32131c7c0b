/** Commands over the socket: dispatched once, and followed by whoever asks under the same request id until they end. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { OperationId, Seq } from "../../events/ids.ts"
import { journalStream, type Recorded, type StreamName } from "../../events/Recorded.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { rowNamed, rowOf } from "../../projections/clusters.ts"
import { type OperationRow, operationOf } from "../../projections/operations.ts"
import { OperationCancelledError, type SkydError } from "../../sdk/protocol/errors.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import type { Request } from "../../sdk/protocol/Wire.ts"
import { Clouds, cloudOf } from "../clouds/Clouds.ts"
import { streamOf } from "../commands/decision.ts"
import { freshUlid } from "../Ids.ts"
import { EventLog } from "../log/EventLog.ts"
import { Notices } from "../Notices.ts"
import { handleOf } from "../queries/cluster-view.ts"
import { leftOf } from "../queries/operation-view.ts"
import { progressOf } from "../queries/progress.ts"
import { momentMs } from "../reactors/kept-waiting.ts"
import { SshNames } from "../ssh-names/SshNames.ts"
import { Dispatcher } from "./Dispatcher.ts"
import { longWaitMs, Ongoing, type Passing, waitText } from "./Ongoing.ts"
import type { Reply } from "./Reply.ts"
import { failureOf } from "./recorded-failure.ts"

const forTheirWord = "for clouds to say whether they can be used, and whose the credentials are"

export class Operations extends Context.Service<
  Operations,
  { readonly run: (method: CommandName, request: Request, reply: Reply) => Effect.Effect<void, SkydError> }
>()("skyd/daemon/requests/Operations") {
  static readonly layer = Layer.effect(
    Operations,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const log = yield* EventLog
  const dispatcher = yield* Dispatcher
  const ongoing = yield* Ongoing
  const clouds = yield* Clouds
  const names = yield* SshNames
  const notices = yield* Notices

  /** What can be done with it from here on. */
  const waysOf = (cluster: ClusterRow) => {
    const lack = cluster.offer === null ? undefined : cloudOf(clouds, cluster)?.lackOf("STOP", cluster.offer)
    return { ssh: names.commandOf(cluster.id), canStop: lack === null }
  }

  /** The answer of an operation that succeeded, with what the cluster is now. */
  const answerOf = (row: OperationRow, result: Readonly<Record<string, unknown>>) => {
    const cluster = row.cluster === undefined ? undefined : rowOf(log.world().clusters, row.cluster)
    const handle =
      row.method === "launch" || row.method === "exec" || row.method === "start" ? { handle: cluster ? handleOf(cluster) : null } : {}
    const ways = cluster && (row.method === "launch" || row.method === "exec") ? waysOf(cluster) : {}
    const notice = cluster && row.method === "launch" ? notices.about(cluster.id) : undefined
    return { cluster: row.clusterName, ...handle, ...ways, ...(notice === undefined ? {} : { notices: [notice] }), ...result }
  }

  const finish = Effect.fn("Operations.finish")(function* (row: OperationRow, request: Request, reply: Reply) {
    const { outcome } = row
    if (outcome._tag === "failed") return yield* Effect.fail(failureOf(outcome.error))
    if (outcome._tag === "cancelled") {
      const raises = row.method === "launch" || row.method === "start"
      return yield* new OperationCancelledError({
        message: `${row.method} of ${row.clusterName} was cancelled: ${outcome.reason}.`,
        hint: raises && row.cluster !== undefined ? leftOf(rowOf(log.world().clusters, row.cluster)) : null
      })
    }
    const value = answerOf(row, outcome._tag === "succeeded" ? outcome.result : {})
    yield* reply.send({ type: "result", data: { id: request.id, at: log.world().at, value } })
  })

  const follow = Effect.fn("Operations.follow")(function* (
    id: OperationId,
    request: Request,
    reply: Reply,
    past: ReadonlyArray<Recorded>,
    live: Queue.Queue<Recorded | Passing>
  ) {
    const clusterName = operationOf(log.world().operations, id)?.clusterName ?? ""
    let seen = 0
    let toldMs: number | undefined
    const pass = (passing: Passing) =>
      Effect.flatMap(Clock.currentTimeMillis, (nowMs) => {
        const { phase, sinceMs } = passing
        const waitedMs = sinceMs === undefined || phase === "queued" ? undefined : nowMs - sinceMs
        const isLong = waitedMs !== undefined && (toldMs === undefined || nowMs - toldMs >= longWaitMs)
        if (isLong) toldMs = nowMs
        const isNews = isLong || passing.news === true
        const detail = isLong && waitedMs >= longWaitMs ? waitText(passing, waitedMs) : passing.detail
        const said = {
          at: seen as Seq,
          operation: id,
          phase,
          state: "running",
          detail,
          atMs: Math.trunc(nowMs),
          cluster: clusterName
        } as const
        return reply.send({ type: "progress", data: { id: request.id, ...said, passing: true, ...(isNews && { news: true }) } })
      })
    const show = (recorded: Recorded | Passing) => {
      if ("detail" in recorded) return pass(recorded)
      if (recorded.seq <= seen) return Effect.void
      seen = recorded.seq
      const progress = progressOf(recorded, log.world(), clusterName)
      return progress === undefined ? Effect.void : reply.send({ type: "progress", data: { id: request.id, ...progress } })
    }
    yield* Effect.forEach(past, show, { discard: true })
    for (;;) {
      const row = operationOf(log.world().operations, id)
      if (row === undefined || row.outcome._tag !== "running") {
        yield* Effect.forEach(yield* Queue.clear(live), show, { discard: true })
        return
      }
      yield* show(yield* Queue.take(live))
    }
  })

  /** Before it is decided clouds are asked: one that does not answer is waited for, and who waits is told. */
  const undecided = (id: OperationId, request: Request, reply: Reply) =>
    Effect.gen(function* () {
      yield* Effect.sleep(momentMs)
      const { clusterName } = (request.params ?? {}) as { readonly clusterName?: unknown }
      const cluster = typeof clusterName === "string" ? clusterName : ""
      const atMs = Math.trunc(yield* Clock.currentTimeMillis)
      const said = { phase: "queued", state: "running", detail: forTheirWord, passing: true } as const
      yield* reply.send({ type: "progress", data: { id: request.id, at: log.world().at as Seq, operation: id, atMs, cluster, ...said } })
      return yield* Effect.never
    })

  /** What is known of it so far, from its cluster's stream and from what a node has said. */
  const pastOf = Effect.fn("Operations.past")(
    function* ({ cluster, id, requestedSeq }: OperationRow) {
      if (cluster === undefined) return []
      const journal = rowOf(log.world().clusters, cluster)?.journal?.id
      const streams = [streamOf(cluster), ...(journal === undefined ? [] : [journalStream(journal)])]
      const own = (stream: StreamName) => Stream.filter(log.readStream(stream, requestedSeq), ({ operation }) => operation === id)
      const found = yield* Effect.forEach(streams, (stream) => Stream.runCollect(own(stream)))
      return found.flat().sort((one, other) => one.seq - other.seq)
    },
    // It goes on all the same, and is followed from here.
    Effect.catch(({ message }) => Effect.as(Effect.logWarning(`what an operation has done so far is not told: ${message}`), []))
  )

  return Operations.of({
    run: Effect.fn("Operations.run")(function* (method, request, reply) {
      const id = request.requestId ?? ((yield* freshUlid) as OperationId)
      const live = yield* Queue.unbounded<Recorded | Passing>()
      const stopLog = log.follow((group) => {
        for (const recorded of group) if (recorded.operation === id) Queue.offerUnsafe(live, recorded)
      })
      const stopPassing = ongoing.follow(id, (passing) => Queue.offerUnsafe(live, passing))
      const stop = () => {
        stopLog()
        stopPassing()
      }
      yield* Effect.gen(function* () {
        // Once decided it is done, whether or not the client is still there.
        const dispatching = Effect.uninterruptible(
          dispatcher.dispatch({ method, params: request.params, requestId: id, caller: request.caller })
        )
        const dispatched = yield* Effect.raceFirst(dispatching, undecided(id, request, reply))
        if (dispatched._tag === "Answer") {
          const cluster = rowNamed(log.world().clusters, dispatched.cluster ?? "")
          const handle = method === "start" ? { handle: cluster ? handleOf(cluster) : null } : {}
          const value = { cluster: dispatched.cluster, ...handle, ...dispatched.result }
          return yield* reply.send({ type: "result", data: { id: request.id, at: dispatched.at, value } })
        }
        const { row } = dispatched
        yield* Effect.logInfo(`${method} ${row.clusterName ?? ""}`).pipe(Effect.annotateLogs({ operation: row.id }))
        if (row.outcome._tag !== "running") return yield* finish(row, request, reply)
        // A wait that says nothing new is told again.
        const still = Effect.sync(() => {
          const said = ongoing.last(id)
          if (said?.sinceMs !== undefined) Queue.offerUnsafe(live, said)
        })
        const again = Effect.forever(Effect.andThen(Effect.sleep(longWaitMs), still))
        yield* Effect.raceFirst(follow(id, request, reply, yield* pastOf(row), live), again)
        const ended = yield* dispatcher.known(id)
        yield* finish(ended ?? row, request, reply)
      }).pipe(Effect.ensuring(Effect.sync(stop)))
    })
  })
})
