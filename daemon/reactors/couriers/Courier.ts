/** The courier of one cluster: its links, what the head was told, and the entries that wait to enter the log in the journal's order. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type { ClusterId, JournalId, NodeId } from "../../../events/ids.ts"
import type { ClusterRow, NodeRow } from "../../../projections/ClusterRow.ts"
import { isWhole } from "../../../projections/cluster-status.ts"
import { rowOf } from "../../../projections/clusters.ts"
import type { Peer, Unreached } from "../../../sdk/agent/protocol.ts"
import type { CloudError } from "../../clouds/Cloud.ts"
import { backoffMs } from "../give-up.ts"
import { type Observed, observe } from "../observe.ts"
import type { AgentError, AgentLink } from "./AgentLink.ts"
import type { CourierTools } from "./CourierTools.ts"
import { closeOthers } from "./close-others.ts"
import { deliver } from "./deliver.ts"
import { followJournal } from "./follow-journal.ts"
import { againAfterMs, Introduction } from "./Introduction.ts"
import { JournalInbox } from "./JournalInbox.ts"
import { Links } from "./Links.ts"
import { Told } from "./Told.ts"
import { Undelivered } from "./Undelivered.ts"
import { soon, unreachedBy } from "./unreached.ts"

/** An agent that nobody can reach is tried again after this, when nothing else happens. */
const retryMs = 1000
const dialsAtOnce = 32

export class Courier {
  readonly inbox: JournalInbox
  /** What the head was told on its present link. */
  readonly told = new Told()
  readonly undelivered: Undelivered
  isWorking = false
  private readonly cluster: ClusterId
  private readonly tools: CourierTools
  private readonly links = new Links()
  /** The journal that the head's link follows. */
  private following: JournalId | undefined
  /** Nodes whose agent was called in vain. */
  readonly silent = new Set<NodeId>()
  readonly said = new Map<NodeId, string>()
  /** What was tried in vain in a row. */
  private strikes = 0
  private readonly introduction = new Introduction()
  private readonly signal = Effect.runSync(Queue.sliding<void>(1))

  constructor(cluster: ClusterId, tools: CourierTools) {
    this.cluster = cluster
    this.tools = tools
    this.inbox = new JournalInbox(cluster, tools)
    this.undelivered = new Undelivered(cluster, tools.before)
  }

  get head(): AgentLink | undefined {
    const node = this.row()?.nodes.find(({ rank }) => rank === 0)
    return node === undefined ? undefined : this.links.to(node.node)
  }

  wake(): void {
    // Who is known to be away, or gone, is called again before it is said to be away again.
    for (const node of this.silent) if (!this.row()?.nodes.some((known) => known.node === node && known.ready)) this.silent.delete(node)
    Queue.offerUnsafe(this.signal, undefined)
  }

  /** As long as a node of the cluster has an agent; goes on where it left off when it is called again. */
  readonly work: Effect.Effect<void> = Effect.suspend(() => {
    if (this.isWorking) return Effect.void
    const turn = Effect.gen({ self: this }, function* () {
      yield* this.inbox.copyAll(() => this.head)
      const row = this.row()
      if (row === undefined || !row.nodes.some(({ ready }) => ready)) return false
      // A head that breaks off whenever it is told something is not asked at the speed of the machine.
      if (this.strikes > 0) yield* Effect.sleep(backoffMs(this.strikes))
      // A machine that is off keeps who calls it waiting, and who looks at it: not one after the other.
      const look = this.silent.size === 0 && this.hasLost ? this.observe : Effect.void
      yield* Effect.all([this.connect(), look], { concurrency: 2, discard: true })
      if (this.silent.size > 0) yield* this.observe
      yield* this.deliver()
      return true
    })
    const news = Queue.take(this.signal)
    const wait = Effect.suspend(() => {
      if (this.silent.size > 0 || this.strikes > 0) return Effect.timeoutOption(news, retryMs)
      return this.introduction.isPartial ? Effect.timeoutOption(news, againAfterMs) : news
    })
    this.isWorking = true
    const loop: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
      while (yield* turn) yield* wait
    })
    return Effect.ensuring(
      loop,
      Effect.sync(() => {
        this.isWorking = false
        this.links.dropAll()
        this.silent.clear()
        this.told.clear()
      })
    )
  })

  readonly unreached: Effect.Effect<Unreached["nodes"]> = Effect.suspend(() => {
    const { head } = this
    const row = this.row()
    return head === undefined || row === undefined || row.numNodes === 1 ? Effect.succeed([]) : soon(unreachedBy(head, row))
  })

  readonly introduce = (row: ClusterRow, peers: ReadonlyArray<Peer>) =>
    Effect.suspend(() => this.introduction.mustReachAll(this.head, row, peers))

  /** Looks at what the cloud says of the nodes, and records what is new. */
  readonly observe: Effect.Effect<Observed> = Effect.suspend(() => observe(this.cluster, this.inbox, this, this.tools))

  private row(): ClusterRow | undefined {
    return rowOf(this.tools.log.world().clusters, this.cluster)
  }

  readonly isLinked = (node: NodeId): boolean => this.links.to(node) !== undefined

  private get hasLost(): boolean {
    return this.row()?.nodes.some(({ node, ready }) => ready && this.links.isLost(node)) ?? false
  }

  /** A node that is silent for long keeps nobody from the others. */
  private connect(): Effect.Effect<void> {
    return Effect.suspend(() =>
      Effect.forEach(this.row()?.nodes ?? [], (node) => this.reach(node), { concurrency: dialsAtOnce, discard: true })
    )
  }

  private reach(node: NodeRow): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const row = this.row()
      if (row === undefined) return
      // An agent that lost its folder begins another journal: it is followed from its first entry.
      if (node.rank === 0 && this.following !== row.journal?.id) this.links.drop(node.node)
      if (!node.ready || node.state !== "running" || this.links.to(node.node) !== undefined) return
      const link = yield* Effect.option(this.tools.dial(row, node))
      if (Option.isNone(link)) this.silent.add(node.node)
      else yield* this.greet(node, link.value)
    })
  }

  private greet({ node, rank }: NodeRow, link: AgentLink): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      this.links.keep(node, link, () => this.wake())
      this.silent.delete(node)
      if (rank !== 0) return
      this.told.clear()
      this.introduction.reset()
      const journal = this.row()?.journal
      this.following = journal?.id
      const follow = followJournal(link, journal?.last ?? 0, (id, entry) => {
        this.inbox.push(id, entry)
        this.wake()
      })
      // It ends with the link; when it is refused, the link is of no use.
      const refused = Effect.sync(() => {
        this.strikes++
        link.end()
      })
      yield* Effect.forkDetach(
        Effect.catch(follow, () => refused),
        { startImmediately: true }
      )
    })
  }

  private configure(): Effect.Effect<void, AgentError | CloudError> {
    return Effect.suspend(() => {
      const [head, row] = [this.head, this.row()]
      if (head === undefined || row === undefined || !isWhole(row)) return Effect.void
      return Effect.asVoid(this.introduction.make(head, row, this.tools.peersOf(row)))
    })
  }

  /** What the head said before is copied first: its word on a job that it has ended holds. */
  private readonly closeOthers = (others: ReadonlyArray<number>): Effect.Effect<void> =>
    Effect.andThen(
      this.inbox.copyAll(() => this.head),
      closeOthers(this.cluster, others, this.tools)
    )

  private deliver(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      yield* this.configure()
      const [head, row, { take }] = [this.head, this.row(), this.undelivered]
      if (head === undefined || row === undefined) return
      yield* deliver(head, row, this.told, { ...this.tools, take, closeOthers: this.closeOthers, mayBegin: this.introduction.isMade })
      this.strikes = 0
    }).pipe(
      // Said, and tried again with the next news or after a while.
      Effect.catch((error) =>
        Effect.logWarning(`an agent of ${this.row()?.name ?? this.cluster}: ${error.message}`).pipe(
          Effect.andThen(Effect.sync(() => this.strikes++))
        )
      )
    )
  }
}
