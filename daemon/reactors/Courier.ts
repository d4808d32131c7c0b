/** The courier of one cluster: its links, what the head was told, and the entries that wait to enter the log in the journal's order. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type { Event } from "../../events/Event.ts"
import type { ClusterId } from "../../events/ids.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { isWhole } from "../../projections/cluster-status.ts"
import { rowOf } from "../../projections/clusters.ts"
import type { JournalEntry } from "../../sdk/agent/protocol.ts"
import type { Cloud, CloudError, NodeRef } from "../clouds/Cloud.ts"
import { streamOf } from "../commands/decision.ts"
import type { Identity } from "../Identity.ts"
import type { EventLog } from "../log/EventLog.ts"
import type { AgentError, AgentLink } from "../remote/AgentLink.ts"
import type { Secrets } from "../Secrets.ts"
import { deliver } from "./deliver.ts"
import { backoffMs } from "./give-up.ts"
import { JournalInbox } from "./JournalInbox.ts"
import { observations } from "./observations.ts"

export interface Tools {
  readonly log: EventLog["Service"]
  readonly secrets: Secrets["Service"]
  readonly identity: Identity["Service"]
  readonly refOf: (row: ClusterRow, node: NodeRow) => NodeRef
  readonly cloudFor: (row: ClusterRow) => Effect.Effect<Cloud, CloudError>
  readonly dial: (row: ClusterRow, node: NodeRow) => Effect.Effect<AgentLink, CloudError>
}

/** A link that ended is looked into again after this, when nothing else happens. */
const retryMs = 1000

export class Courier {
  readonly cluster: ClusterId
  private readonly tools: Tools
  private readonly links = new Map<number, AgentLink>()
  private readonly told = new Set<string>()
  readonly inbox: JournalInbox
  private listeners: Array<{ readonly key: string; readonly done: Deferred.Deferred<void> }> = []
  private isWorking = false
  private broken = false
  /** Deliveries that failed in a row. */
  private strikes = 0
  /** The peers that the head was told of. */
  private configured = ""
  private readonly signal = Effect.runSync(Queue.sliding<void>(1))

  constructor(cluster: ClusterId, tools: Tools) {
    this.cluster = cluster
    this.tools = tools
    this.inbox = new JournalInbox(cluster, tools)
  }

  get head(): AgentLink | undefined {
    const link = this.links.get(0)
    return link?.isOpen ? link : undefined
  }

  wake(): void {
    Queue.offerUnsafe(this.signal, undefined)
  }

  /** Until the head has been told of this job or setup. */
  untilTold(key: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.told.has(key)) return Effect.void
      const done = Deferred.makeUnsafe<void>()
      this.listeners.push({ key, done })
      return Deferred.await(done)
    })
  }

  /** Lives as long as a node of the cluster has an agent. */
  readonly work: Effect.Effect<void> = Effect.suspend(() => {
    const turn = Effect.gen({ self: this }, function* () {
      yield* this.inbox.copyAll(() => this.head)
      const row = this.row()
      if (row === undefined || !row.nodes.some(({ ready }) => ready)) return false
      if (this.broken) {
        this.broken = false
        // A head that breaks off whenever it is told something is not asked at the speed of the machine.
        if (this.strikes > 0) yield* Effect.sleep(backoffMs(this.strikes))
        const looked = yield* Effect.option(this.observe)
        if (Option.isNone(looked)) this.broken = true
      }
      yield* this.connect()
      yield* this.deliver()
      return true
    })
    const wait = Effect.suspend(() => (this.broken ? Effect.timeoutOption(Queue.take(this.signal), retryMs) : Queue.take(this.signal)))
    this.isWorking = true
    const loop: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
      while (yield* turn) yield* wait
    })
    return Effect.ensuring(
      loop,
      Effect.sync(() => {
        for (const link of this.links.values()) link.end()
      })
    )
  })

  /** What the cloud says of the nodes, recorded where it is news. A wanted end is the reconciler's business. */
  readonly observe: Effect.Effect<void, CloudError> = Effect.suspend(() =>
    Effect.gen({ self: this }, function* () {
      const before = this.row()
      if (before === undefined || before.nodes.length === 0) return
      const cloud = yield* this.tools.cloudFor(before)
      const states = yield* cloud.query(before.nodes.map((node) => this.tools.refOf(before, node)))
      const head = before.nodes.find(({ rank }) => rank === 0)
      if (head !== undefined && states.some(({ rank, state }) => rank === 0 && state !== "running")) {
        const rest = yield* cloud.journalAtRest(this.tools.refOf(before, head))
        if (rest !== null) yield* this.inbox.copy(rest.journal, rest.entries)
      }
      const row = this.row()
      if (row === undefined || row.wanted !== "up") return
      // Before it works it has no links, which says nothing of the agents.
      const isLinked = (rank: number) => !this.isWorking || (this.links.get(rank)?.isOpen ?? false)
      yield* this.record(row.id, observations(row, states, isLinked))
    })
  )

  private row(): ClusterRow | undefined {
    return rowOf(this.tools.log.world().clusters, this.cluster)
  }

  private record(cluster: ClusterId, events: ReadonlyArray<Event>): Effect.Effect<void> {
    if (events.length === 0) return Effect.void
    const { identity, log } = this.tools
    const facts = events.map((event) => [streamOf(cluster), event] as const)
    return Effect.asVoid(Effect.orDie(log.append({ events: facts, operation: null, causedBy: 0, actor: identity.actor, expect: [] })))
  }

  private connect(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      for (const node of this.row()?.nodes ?? []) {
        if (!node.ready || node.state !== "running" || this.links.get(node.rank)?.isOpen) continue
        const row = this.row()
        if (row === undefined) return
        const link = yield* Effect.option(this.tools.dial(row, node))
        if (Option.isNone(link)) {
          this.links.delete(node.rank)
          this.broken = true
          this.wake()
          continue
        }
        yield* this.greet(row, node, link.value)
      }
    })
  }

  private greet(row: ClusterRow, node: NodeRow, link: AgentLink): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      this.links.set(node.rank, link)
      link.whenClosed(() => {
        this.broken = true
        this.wake()
      })
      if (node.rank !== 0) return
      this.told.clear()
      this.configured = ""
      const after = row.journal?.last ?? 0
      const follow = link.request("journal.follow", { after }, ({ data }) => {
        this.inbox.push(String(data["journal"]), data["entry"] as JournalEntry)
        this.wake()
      })
      yield* Effect.forkDetach(Effect.ignore(follow), { startImmediately: true })
    })
  }

  /** The head must know every peer before it is given jobs, and again when one was replaced. */
  private configure(): Effect.Effect<void, AgentError | CloudError> {
    return Effect.gen({ self: this }, function* () {
      const { head } = this
      const row = this.row()
      if (head === undefined || row === undefined || !isWhole(row)) return
      const key = row.nodes.map(({ address, node }) => `${node} ${address}`).join()
      if (key === this.configured) return
      const cloud = yield* this.tools.cloudFor(row)
      const peers = yield* Effect.forEach(row.nodes, (each) => cloud.installAgent(this.tools.refOf(row, each)))
      yield* head.ask("configure", { peers })
      this.configured = key
    })
  }

  private deliver(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      yield* this.configure()
      const { head } = this
      const row = this.row()
      if (head === undefined || row === undefined || this.configured === "") return
      yield* deliver(head, row, this.told, this.tools)
      this.strikes = 0
      for (const { done, key } of this.listeners) if (this.told.has(key)) Deferred.doneUnsafe(done, Effect.void)
      this.listeners = this.listeners.filter(({ key }) => !this.told.has(key))
    }).pipe(
      // Said, and tried again with the next news or after a while.
      Effect.catch((error) =>
        Effect.logWarning(`an agent of ${this.row()?.name ?? this.cluster}: ${error.message}`).pipe(
          Effect.andThen(Effect.sync(() => Object.assign(this, { broken: true, strikes: this.strikes + 1 })))
        )
      )
    )
  }
}
