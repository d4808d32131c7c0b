/** Questions, by method. What is asked of now is answered from the world in memory. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { machineNow } from "../../projections/machine-now.ts"
import { ReadOnlyError, type SkydError, ValueError } from "../../sdk/protocol/errors.ts"
import { type QueryName, queries } from "../../sdk/protocol/methods.ts"
import type { Moment } from "../../sdk/protocol/replay.ts"
import type { Request } from "../../sdk/protocol/Wire.ts"
import { Catalogs } from "../catalog/Catalogs.ts"
import { Clouds } from "../clouds/Clouds.ts"
import { Leaks } from "../leaks/Leaks.ts"
import { unansweredElsewhere } from "../leaks/unanswered.ts"
import { Identity } from "../life/Identity.ts"
import { Lifecycle } from "../life/Lifecycle.ts"
import { EventLog } from "../log/EventLog.ts"
import { LogStore } from "../log/LogStore.ts"
import { Notices } from "../Notices.ts"
import { cloudsWithClusters } from "../places/offers-for.ts"
import { Couriers } from "../reactors/couriers/Couriers.ts"
import { Reactors } from "../reactors/Reactors.ts"
import { Unlogged } from "../read-only/Unlogged.ts"
import { decoder } from "../requests/decode.ts"
import { Ongoing } from "../requests/Ongoing.ts"
import type { Reply } from "../requests/Reply.ts"
import { asSeen } from "./as-seen.ts"
import { auditAnswers } from "./audit.ts"
import { catalogAnswers } from "./catalog.ts"
import { cloudAnswers } from "./clouds.ts"
import { clusterView } from "./cluster-view.ts"
import { costsOf } from "./costs.ts"
import { daemonAnswers } from "./daemon.ts"
import { describe } from "./describe.ts"
import { followEvents, sendEvents } from "./events.ts"
import { leakAnswers } from "./leaks.ts"
import { streamLogs } from "./logs.ts"
import { noteIn, noting } from "./noting.ts"
import { operationAnswers } from "./operations.ts"
import { pagesOf } from "./pages.ts"
import { pastOf } from "./past.ts"
import { queueOf } from "./queue.ts"
import type { Refreshed } from "./refresh.ts"
import { refreshed } from "./refreshed.ts"
import { replaying } from "./replay.ts"
import { select } from "./select.ts"
import { explained } from "./unreached.ts"
import { withUnseen } from "./unseen.ts"

type Params<Q extends QueryName> = (typeof queries)[Q]["params"]["Type"]
type Answers = {
  readonly [Q in QueryName]: (params: Params<Q>, request: Request, reply: Reply) => Effect.Effect<object | undefined, SkydError>
}

/** A status is there at once, whatever a cloud does. */
const identityMaxMs = 300

export class Queries extends Context.Service<
  Queries,
  { readonly answer: (method: QueryName, request: Request, reply: Reply) => Effect.Effect<void, SkydError> }
>()("skyd/daemon/queries/Queries") {
  static readonly layer = Layer.effect(
    Queries,
    Effect.suspend(() => make)
  )
}

const decoders = Object.fromEntries(
  Object.entries(queries).map(([name, { params }]) => [name, decoder(params as never, name)])
) as Readonly<Record<QueryName, (input: unknown) => Effect.Effect<never, SkydError>>>

/** When it is asked about: a moment of the past, or now. */
const momentOf = (moment: { readonly asOf?: Moment }) =>
  moment.asOf === undefined ? Effect.map(Clock.currentTimeMillis, Math.trunc) : Effect.succeed(moment.asOf.atMs)

const make = Effect.gen(function* () {
  const identity = yield* Identity
  const ongoing = yield* Ongoing
  /** Of now alone. */
  const saidOf = (row: ClusterRow, { asOf }: { readonly asOf?: Moment }) =>
    asOf === undefined ? ongoing.last(workOf(row)[0]?.id) : undefined
  const store = yield* LogStore
  const lifecycle = yield* Lifecycle
  const clouds = yield* Clouds
  const catalogs = yield* Catalogs
  const couriers = yield* Couriers
  const notices = yield* Notices
  const note = noteIn(identity.home, notices)
  const log = noting(yield* EventLog, note)
  const unlogged = yield* Unlogged
  const { areOn } = yield* Reactors
  const diskUsd = ({ offer, ...row }: ClusterRow) =>
    (offer === null ? undefined : clouds.get(offer.cloud)?.diskUsdPerHour?.(offer, machineNow(row))) ?? null
  const isReadOnly = () => notices.get("damage") !== undefined
  const past = pastOf(log, isReadOnly)
  const replay = replaying(log, isReadOnly)
  const completeness = () => (isReadOnly() ? { incomplete: true } : {})

  /** The end of an answer that has room for them holds the notices; what may go on for hours begins with them. */
  const noticing = (method: QueryName, { isFull, push, send, whenDrained }: Reply): Reply => ({
    isFull,
    push,
    whenDrained,
    send: (frame) => {
      if (frame.type !== "result" || frame.data.more || method === "logs" || !("notices" in queries[method].result.fields))
        return send(frame)
      const { notices: own = [] } = frame.data.value as { readonly notices?: ReadonlyArray<string> }
      const list = [...notices.list(), ...own]
      if (list.length === 0) return send(frame)
      return send({ type: "result", data: { ...frame.data, value: { ...(frame.data.value as object), notices: list } } })
    }
  })

  const withCompleteness = <A>(answer: Effect.Effect<A, SkydError>) => Effect.map(answer, (value) => ({ ...value, ...completeness() }))
  const { "daemon.status": whoAnswers, "daemon.stop": end } = daemonAnswers(identity, log.world, notices, areOn)

  const answers: Answers = {
    status: Effect.fnUntraced(function* ({ at, clusterNames, refresh: isAsked }, { id }, reply) {
      let { seen, unseen }: Refreshed = { seen: new Set(), unseen: new Map() }
      if (isAsked) {
        if (isReadOnly())
          return yield* new ReadOnlyError({
            message: "The log is damaged, so what the clouds say now is not recorded, and nothing is refreshed.",
            hint: "Without a refresh, sky status answers from what is proven and says what still runs."
          })
        if (at !== null && at !== undefined)
          return yield* new ValueError({ message: "A refresh asks what is now: it does not go with a past moment.", hint: null })
        const asked = select(log.world().clusters, clusterNames).rows
        ;({ seen, unseen } = yield* refreshed({ areOn, log }, asked, couriers.observe, (waiting) =>
          reply.send({ type: "result", data: { id, at: log.world().at, value: { waiting }, more: true } })
        ))
      }
      const { moment, world } = yield* past.at(at)
      const { notFound, rows } = select(world.clusters, clusterNames)
      const about = rows.flatMap(({ id }) => notices.about(id) ?? [])
      const elsewhere = !("asOf" in moment) ? yield* unansweredElsewhere(clouds, world, identityMaxMs) : []
      const nowMs = yield* momentOf(moment)
      const shown = rows.map((row) => (seen.has(row.id) ? asSeen(row) : row))
      const views = shown.map((row) => clusterView(row, world.jobs, nowMs, saidOf(row, moment), diskUsd))
      const { clusters, notices: blind } = withUnseen(views, unseen)
      const told = [...about, ...elsewhere.map((what) => `${what}.`), ...blind]
      const said = told.length === 0 ? {} : { notices: told }
      return {
        clusters,
        notFound,
        ...moment,
        ...said,
        ...completeness()
      }
    }),
    "cost.report": Effect.fnUntraced(function* (params) {
      const { moment, world } = yield* past.at(params.at)
      const nowMs = yield* momentOf(moment)
      return { ...costsOf(world, params, nowMs), ...moment, ...completeness() }
    }),
    queue: Effect.fnUntraced(function* (params) {
      const { moment, world } = yield* past.at(params.at)
      const queued = yield* Effect.fromResult(queueOf(world, params))
      return { ...queued, jobs: yield* explained(queued.jobs, params, world, couriers), ...moment, ...completeness() }
    }),
    logs: Effect.fnUntraced(function* (params, { id }, reply) {
      const list = notices.list()
      if (list.length > 0) yield* reply.send({ type: "result", data: { id, at: log.world().at, value: { notices: list }, more: true } })
      return yield* streamLogs(id, params, reply, { couriers, log, areOn })
    }),
    events: (params, { id }, reply) => Effect.as(sendEvents(id, params, reply, log), undefined),
    "events.follow": (params, { id }, reply) => Effect.as(followEvents(id, params, reply, { log, notices }), undefined),
    replay: (params, { id }, reply) => replay(id, params, reply),
    "replay.verify": () => past.verify,
    ...(yield* auditAnswers(identity.home, store, note)),
    ...cloudAnswers(clouds),
    ...leakAnswers(yield* Leaks),
    ...catalogAnswers(clouds, catalogs, () => cloudsWithClusters(log.world().clusters)),
    ...operationAnswers(log, identity.actor),
    "daemon.status": () => withCompleteness(whoAnswers()),
    "daemon.stop": (params) => withCompleteness(end(params)),
    "down.unlogged": ({ clusterName }) => unlogged.end(clusterName),
    describe: ({ method }) => Effect.sync(() => ({ methods: describe(method) }))
  }

  return Queries.of({
    answer: Effect.fn("Queries.answer")(function* (method, request, plain) {
      const { id, params } = request
      const reply = noticing(method, plain)
      const decoded = yield* decoders[method](params ?? {})
      const value = yield* answers[method](decoded, request, reply)
      if (value === undefined) return
      const at = (value as { readonly asOf?: Moment }).asOf?.seq ?? log.world().at
      const pages = pagesOf(value)
      for (const [index, page] of pages.entries()) {
        yield* reply.send({ type: "result", data: { id, at, value: page, ...(index < pages.length - 1 ? { more: true } : {}) } })
      }
      // Not before it is said: an end takes its connections with it.
      if ("stopping" in value && value.stopping === true) lifecycle.end("asked to stop")
    })
  })
})
