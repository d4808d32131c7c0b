/**
 * The head is told of its peers before it is given jobs, and again when one was replaced. A worker that it has no way to keeps no job from
 * it that needs none: it is told so, and asked for a way again after a while.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { RuntimeReady } from "../../../events/provision.ts"
import type { ClusterRow } from "../../../projections/ClusterRow.ts"
import type { Peer, Unreached } from "../../../sdk/agent/protocol.ts"
import { CloudError } from "../../clouds/Cloud.ts"
import type { AgentError, AgentLink } from "./AgentLink.ts"
import { soon, unreachedAtLast, unreachedBy } from "./unreached.ts"

export const againAfterMs = 15_000

const keyOf = ({ nodes }: ClusterRow) => nodes.map(({ address, hostKey, node }) => `${node} ${address} ${hostKey}`).join()

export class Introduction {
  /** It was told of all, on its present link. */
  isMade = false
  /** Of some there is no way yet. */
  isPartial = false
  private key = ""
  private againMs = 0

  reset(): void {
    this.isMade = false
    this.isPartial = false
    this.key = ""
  }

  /** Whether the head was told anything. */
  make<E>(head: AgentLink, row: ClusterRow, peersOf: Effect.Effect<ReadonlyArray<Peer>, E>) {
    return Effect.gen({ self: this }, function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const key = keyOf(row)
      if (key === this.key && !(this.isPartial && nowMs >= this.againMs)) return false
      const peers = yield* peersOf
      yield* head.ask("configure", { peers })
      this.isMade = true
      this.isPartial = peers.some(({ problem }) => problem !== undefined)
      this.key = key
      this.againMs = nowMs + againAfterMs
      return true
    })
  }

  /** What a worker refused its head may be let in by now, and a head that knows its peers asks it by itself after a while only. */
  private isToldAgain(head: AgentLink, peers: ReadonlyArray<Peer>, unreached: Unreached["nodes"]) {
    return unreached.some(({ why }) => why !== null) ? Effect.as(head.ask("configure", { peers }), true) : Effect.succeed(false)
  }

  /** A head that lives is told of those that took another's place before it is asked whom it does not reach. */
  mustReachAll(head: AgentLink | undefined, row: ClusterRow, peers: ReadonlyArray<Peer>): Effect.Effect<void, AgentError | CloudError> {
    return Effect.gen({ self: this }, function* () {
      yield* mustReach(peers, [])
      if (head === undefined) return
      const isNews = yield* this.make(head, row, Effect.succeed(peers))
      const asked = unreachedBy(head, row)
      if (isNews || (yield* this.isToldAgain(head, peers, yield* soon(asked)))) yield* mustReach(peers, yield* unreachedAtLast(asked))
    })
  }
}

export type Ready = typeof RuntimeReady.Type

/** As its nodes will be: a machine may show another key than the one that was known, or be at another address. */
export const withReady = (row: ClusterRow, ready: ReadonlyArray<Ready>): ClusterRow => ({
  ...row,
  nodes: row.nodes.map((known) => {
    const { address = known.address, hostKey = known.hostKey } = ready.find(({ node }) => node === known.node) ?? {}
    return { ...known, address, hostKey }
  })
})

const noWay = (code: string, message: string) => new CloudError({ kind: "Transient", code, message })

/** Fails where a head has no way to one of its peers, or does not reach it. */
const mustReach = Effect.fnUntraced(function* (
  peers: ReadonlyArray<Peer>,
  unreached: ReadonlyArray<{ readonly rank: number; readonly why: string | null }>
) {
  for (const { problem, rank } of peers)
    if (problem !== undefined) return yield* noWay("NoWay", `the head has no way to worker ${rank}: ${problem}`)
  // One that is only on its way there has no reason yet.
  for (const { rank, why } of unreached)
    if (why !== null) return yield* noWay("NotReached", `the head does not reach worker ${rank}: ${why}`)
})
