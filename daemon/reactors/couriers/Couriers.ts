/**
 * One courier per live cluster: it keeps a link to every node's agent, tells the head what it does not know yet, and copies the
 * head's journal into the log. Silence of an agent is looked into and recorded; it is never a stop.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import type { ClusterId, JournalId } from "../../../events/ids.ts"
import type { ClusterRow, NodeRow } from "../../../projections/ClusterRow.ts"
import { clusterOf, rowOf } from "../../../projections/clusters.ts"
import type { Unreached } from "../../../sdk/agent/protocol.ts"
import { CloudError } from "../../clouds/Cloud.ts"
import { Clouds, cloudOf } from "../../clouds/Clouds.ts"
import { Secrets } from "../../home/Secrets.ts"
import { Identity } from "../../life/Identity.ts"
import { EventLog } from "../../log/EventLog.ts"
import { type Observed, unasked } from "../observe.ts"
import { Reactors } from "../Reactors.ts"
import { refOf as nodeRef } from "../raise-machines.ts"
import { type AgentError, AgentLink, onOwnLink } from "./AgentLink.ts"
import { Courier } from "./Courier.ts"
import { helloOf } from "./hello.ts"
import { type Ready, withReady } from "./Introduction.ts"
import { isNews } from "./journal-events.ts"
import { soon, unreachedBy } from "./unreached.ts"

/** How long a head may take to end all jobs: TERM, 10 s, KILL, and a reserve. */
const haltMaxMs = 25_000
/** How long a start may wait for the clouds' word on what happened meanwhile. */
const lookMaxMs = 2000
/** And for the heads' word: what a slow one says later may cost one job its number, and no more. */
const catchUpMaxMs = 500
/** Before a courier that failed goes on. */
const restMs = 5000

export class Couriers extends Context.Service<
  Couriers,
  {
    /** Makes an agent run on the node and answers what it said. */
    readonly install: (row: ClusterRow, node: NodeRow) => Effect.Effect<Ready, CloudError | AgentError>
    /** Makes sure that the head of a gang has a way to its workers. `ready`: those that are about to be. */
    readonly introduce: (row: ClusterRow, ready: ReadonlyArray<Ready>) => Effect.Effect<void, CloudError | AgentError>
    readonly arm: (
      row: ClusterRow,
      setting: { readonly setting: number; readonly idleMinutes: number; readonly down: boolean }
    ) => Effect.Effect<void, CloudError | AgentError>
    /** Idleness starts over; nobody minds when the head does not answer. */
    readonly activity: (cluster: ClusterId) => Effect.Effect<void>
    /** Ends all jobs and reads how they ended; gives up quietly when the head does not answer. */
    readonly halt: (row: ClusterRow, reason: string) => Effect.Effect<void>
    /** Nodes that the head does not reach, and why where that is known. None where the head itself says nothing. */
    readonly unreached: (row: ClusterRow) => Effect.Effect<Unreached["nodes"]>
    /** Until the head knows of this job or setup (`jobKey`, `setupKey`). */
    readonly untilTold: (cluster: ClusterId, key: string) => Effect.Effect<void>
    /** Looks at what the cloud says of this cluster's nodes, and records what is new. Answers why nothing is known of some of them. */
    readonly observe: (cluster: ClusterId) => Effect.Effect<Observed>
    /** A connection of its own to the head, for a stream. The caller ends it. */
    readonly connect: (row: ClusterRow) => Effect.Effect<AgentLink, CloudError>
  }
>()("skyd/daemon/reactors/couriers/Couriers") {
  static readonly layer = Layer.effect(
    Couriers,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const log = yield* EventLog
  const clouds = yield* Clouds
  const secrets = yield* Secrets
  const identity = yield* Identity
  const { areOn } = yield* Reactors
  const run = yield* FiberSet.makeRuntime<never>()
  const couriers = new Map<ClusterId, Courier>()

  const refOf = (row: ClusterRow, node: NodeRow) => nodeRef(row, node, log.world().clusters.log)
  const cloudFor = (row: ClusterRow) => {
    const cloud = cloudOf(clouds, row)
    return cloud !== undefined
      ? Effect.succeed(cloud)
      : Effect.fail(new CloudError({ kind: "Transient", code: "CloudDisabled", message: `the cloud of ${row.name} is not enabled` }))
  }
  const dial = Effect.fn("Couriers.dial")(function* (row: ClusterRow, node: NodeRow) {
    const cloud = yield* cloudFor(row)
    return new AgentLink(yield* cloud.connectAgent(refOf(row, node)))
  })

  /** Until the log holds what the head has written down so far: jobs of a log that an older backup took the place of, and their numbers. */
  const catchUp = Effect.fnUntraced(function* (cluster: ClusterId) {
    const row = rowOf(log.world().clusters, cluster)
    const node = row?.nodes.find(({ rank, ready, state }) => rank === 0 && ready && state === "running")
    if (row === undefined || node === undefined) return
    const { journal, lastEntry } = yield* onOwnLink(dial(row, node), (link) => link.ask("hello", { cluster, node: node.node }))
    if (journal === row.journal?.id) yield* couriers.get(cluster)?.inbox.readUpTo(lastEntry) ?? Effect.void
  })

  const peersOf = Effect.fn("Couriers.peersOf")(function* (row: ClusterRow) {
    const cloud = yield* cloudFor(row)
    const refs = row.nodes.map((each) => refOf(row, each))
    return yield* cloud.peers?.(refs) ?? Effect.forEach(refs, cloud.installAgent)
  })

  const tools = { log, secrets, identity, before: log.world().jobs, refOf, cloudFor, peersOf, dial }

  /** None of a cluster that is gone. */
  const courierOf = (cluster: ClusterId): Courier | undefined => {
    const known = couriers.get(cluster)
    if (known !== undefined || rowOf(log.world().clusters, cluster) === undefined) return known
    const fresh = new Courier(cluster, tools)
    couriers.set(cluster, fresh)
    return fresh
  }
  const observe = (cluster: ClusterId) => Effect.suspend(() => courierOf(cluster)?.observe ?? Effect.succeed(unasked))
  const wake = (cluster: ClusterId) => {
    const row = rowOf(log.world().clusters, cluster)
    const live = areOn && (row?.nodes.some(({ ready, state }) => ready && state === "running") ?? false)
    const known = couriers.get(cluster)
    known?.wake()
    if (known !== undefined && areOn && known.undelivered.cancelled(log.world().jobs).length > 0) run(known.undelivered.close(tools))
    if (row === undefined) couriers.delete(cluster)
    const courier = live ? courierOf(cluster) : undefined
    if (courier === undefined || courier.isWorking) return
    const woken = Effect.sync(() => wake(cluster))
    run(courier.work.pipe(Effect.catchCause(rest), Effect.andThen(woken)))
  }
  /** A courier that fails is a defect of one cluster's: said, and it goes on after a while. */
  const rest = (cause: Cause.Cause<never>): Effect.Effect<void> =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.interrupt
      : Effect.andThen(Effect.logError("a courier failed", Cause.pretty(cause)), Effect.sleep(restMs))
  const stop = log.follow((group) => {
    for (const cluster of new Set(group.map(clusterOf))) if (cluster !== undefined) wake(cluster)
  })
  yield* Effect.addFinalizer(() => Effect.sync(stop))
  // What happened while no daemon ran is learned before anything is decided: a cluster that stopped itself is not asked to run.
  const awake = [...HashMap.values(log.world().clusters.rows)].filter((row) => areOn && row.wanted === "up" && row.nodes.length > 0)
  yield* Effect.forEach(awake, (row) => observe(row.id), { concurrency: 16, discard: true }).pipe(Effect.timeoutOption(lookMaxMs))
  for (const cluster of HashMap.keys(log.world().clusters.rows)) wake(cluster)
  yield* Effect.forEach(awake, ({ id }) => Effect.ignore(catchUp(id)), { concurrency: 16, discard: true }).pipe(
    Effect.timeoutOption(catchUpMaxMs)
  )

  const head = (cluster: ClusterId) => couriers.get(cluster)?.head
  const connect = (row: ClusterRow) => {
    const node = row.nodes.find(({ rank }) => rank === 0)
    return node === undefined
      ? Effect.fail(new CloudError({ kind: "Transient", code: "NoHead", message: `${row.name} has no head node` }))
      : dial(row, node)
  }
  /** On the courier's link, or, before it has one, on another. */
  const toHead = <A>(row: ClusterRow, ask: (link: AgentLink) => Effect.Effect<A, AgentError>) =>
    Effect.suspend((): Effect.Effect<A, AgentError | CloudError> => {
      const known = head(row.id)
      return known === undefined ? onOwnLink(connect(row), ask) : ask(known)
    })
  return Couriers.of({
    install: Effect.fn("Couriers.install")(function* (row, node) {
      const cloud = yield* cloudFor(row)
      const ref = refOf(row, node)
      const { address } = yield* cloud.installAgent(ref)
      const { build, journal, lastJob } = yield* onOwnLink(dial(row, node), (link) => helloOf(link, row, node))
      const hostKey = yield* cloud.hostKey?.(ref) ?? Effect.succeed(node.hostKey)
      const about = { cluster: row.id, rank: node.rank, node: node.node, journal: journal as JournalId, build }
      return {
        _tag: "RuntimeReady",
        ...about,
        ...(hostKey === null || hostKey === node.hostKey ? {} : { hostKey }),
        ...(address === node.address ? {} : { address }),
        ...(isNews(row, lastJob) && { lastJob })
      }
    }),
    introduce: Effect.fn("Couriers.introduce")(function* (before, ready) {
      const cloud = yield* cloudFor(before)
      if (before.numNodes === 1 || cloud.peers === undefined) return
      const row = withReady(before, ready)
      const peers = yield* peersOf(row)
      yield* courierOf(row.id)?.introduce(row, peers) ?? Effect.void
    }),
    arm: (row, setting) => toHead(row, (link) => Effect.asVoid(link.ask("autostop", setting))),
    activity: (cluster) => Effect.suspend(() => head(cluster)?.ask("activity", {}) ?? Effect.void).pipe(Effect.ignore),
    halt: Effect.fn("Couriers.halt")(function* (row, reason) {
      const courier = couriers.get(row.id)
      if (courier?.head === undefined) return
      yield* courier.head.request("halt", { reason }).pipe(
        Effect.flatMap(({ lastEntry }) => courier.inbox.readUpTo(lastEntry)),
        Effect.timeoutOption(haltMaxMs),
        Effect.ignore
      )
    }),
    unreached: (row) => toHead(row, (link) => unreachedBy(link, row)).pipe(soon),
    untilTold: (cluster, key) => (areOn ? Effect.suspend(() => courierOf(cluster)?.told.until(key) ?? Effect.void) : Effect.void),
    observe,
    connect
  })
})
