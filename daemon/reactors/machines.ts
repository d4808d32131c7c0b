/** What is done to a cluster's machines: asked for, started, stopped, released. The answers are facts, not yet recorded. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import type { Event } from "../../events/Event.ts"
import type { NodeToken } from "../../events/ids.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import type { Jobs } from "../../projections/jobs.ts"
import { type Cloud, CloudError, type NodeRef } from "../clouds/Cloud.ts"
import { within } from "../clouds/patient.ts"
import { freshUlid } from "../Ids.ts"
import type { Couriers } from "./Couriers.ts"
import { decided, seen } from "./facts.ts"
import { abandoned } from "./give-up.ts"
import { machineWish } from "./machine-wish.ts"

export interface Hands {
  readonly cloud: Cloud | undefined
  readonly couriers: Couriers["Service"]
  readonly jobs: Jobs
  readonly log: string
  readonly user: string
}

export const refOf = (row: ClusterRow, node: NodeRow, log: string): NodeRef => ({
  tags: { log, cluster: row.id, clusterName: row.name },
  rank: node.rank,
  node: node.node,
  region: row.offer?.region ?? null,
  zone: row.offer?.zone ?? null,
  address: node.address,
  host: node.host,
  hostKey: node.hostKey
})

export const operationOf = (row: ClusterRow) => workOf(row)[0]?.id ?? null

export const requestNodes = Effect.fn("perform.requestNodes")(function* (row: ClusterRow, ranks: ReadonlyArray<number>) {
  if (row.offer === null) return yield* new CloudError({ kind: "Refused", code: "NoPlace", message: "no place was chosen" })
  const token = (yield* freshUlid) as NodeToken
  const machine = machineWish(row, row.offer)
  const wish = Object.keys(machine).length === 0 ? {} : { machine }
  return decided(operationOf(row), [{ _tag: "NodeRequested", cluster: row.id, token, ranks, offer: row.offer, ...wish }])
})

export const beginStart = (row: ClusterRow, ranks: ReadonlyArray<number>) =>
  decided(
    operationOf(row),
    row.nodes
      .filter(({ rank }) => ranks.includes(rank))
      .map(({ node, rank }): Event => ({ _tag: "NodeStarting", cluster: row.id, rank, node }))
  )

/** Before a place that refused is asked again. */
const askAgainMs = 30_000

/** For new machines, or to start those that are there. */
export const askAgain = Effect.fn("perform.askAgain")(function* (row: ClusterRow, ranks: ReadonlyArray<number>) {
  // Refused rounds are seldom over at once; a little chance keeps many waiting clusters from asking together.
  yield* Effect.sleep(askAgainMs * (1 + (yield* Random.next)))
  return row.nodes.some(({ rank }) => ranks.includes(rank)) ? beginStart(row, ranks) : yield* requestNodes(row, ranks)
})

export const provision = Effect.fn("perform.provision")(function* (row: ClusterRow, token: NodeToken, cloud: Cloud, log: string) {
  const asked = row.pending.find((pending) => pending.token === token)!
  const tags = { log, cluster: row.id, clusterName: row.name }
  return yield* cloud.provision({ tags, token, ranks: asked.ranks, offer: asked.offer, machine: asked.machine }).pipe(
    Effect.map((given) =>
      seen(
        operationOf(row),
        given.map(
          ({ address, host, hostKey, node, rank }): Event => ({
            _tag: "NodeProvisioned",
            cluster: row.id,
            token,
            rank,
            node,
            address,
            ...(host === null ? {} : { host }),
            ...(hostKey === null ? {} : { hostKey })
          })
        )
      )
    ),
    Effect.catchIf(
      ({ kind }) => kind === "Refused",
      ({ code, message }) => Effect.succeed(seen(operationOf(row), [{ _tag: "NodeRefused", cluster: row.id, token, code, message }]))
    )
  )
})

/** With purge a cloud is asked once, and nobody waits longer for its word. */
const purgeMaxMin = 1

/** What became of a token, before it is dropped with its cluster. */
export const askOnce = (row: ClusterRow, token: NodeToken, cloud: Cloud, log: string) =>
  within(cloud.name, "provision", purgeMaxMin, provision(row, token, cloud, log))

/** What was done is recorded first: the plan of what is left then fails on its own. */
const came = (row: ClusterRow, exits: ReadonlyArray<Exit.Exit<Event, CloudError>>) => {
  const failed = exits.find(Exit.isFailure)
  const facts = exits.flatMap((exit) => (Exit.isSuccess(exit) ? [exit.value] : []))
  return facts.length === 0 && failed !== undefined ? Effect.failCause(failed.cause) : Effect.succeed(seen(operationOf(row), facts))
}

/** A node whose start is refused is stopped as before. */
export const startNodes = Effect.fn("perform.startNodes")(function* (
  row: ClusterRow,
  nodes: ReadonlyArray<NodeRow>,
  cloud: Cloud,
  log: string
) {
  const asked = yield* Effect.forEach(
    nodes,
    (node) =>
      cloud.start(refOf(row, node, log)).pipe(
        Effect.map(({ address }): Event => ({ _tag: "NodeStarted", cluster: row.id, rank: node.rank, node: node.node, address })),
        Effect.catchIf(
          ({ kind }) => kind === "Refused",
          ({ code, message }) =>
            Effect.succeed<Event>({ _tag: "NodeRefused", cluster: row.id, token: node.token, code, message, node: node.node })
        ),
        Effect.exit
      ),
    { concurrency: 8 }
  )
  const refused = (exit: (typeof asked)[number]) => Exit.isSuccess(exit) && exit.value._tag === "NodeRefused"
  // Refusals last: a start after them would say that the place gives again.
  return yield* came(row, [...asked.filter((exit) => !refused(exit)), ...asked.filter(refused)])
})

/** The reason that jobs get when their cluster ends under them. */
const haltReason = (row: ClusterRow) =>
  `the cluster was ${row.wanted === "gone" ? "torn down" : "stopped"}${row.wantedReason === null ? "" : `: ${row.wantedReason}`}`

export const end = Effect.fn("perform.end")(function* (row: ClusterRow, nodes: ReadonlyArray<NodeRow>, { cloud, couriers, log }: Hands) {
  // The head ends the jobs of all nodes and says how they ended; where it does not answer, each node's own agent ends what is left.
  yield* couriers.halt(row, haltReason(row))
  const release = row.wanted === "gone"
  const what = release ? "terminate" : "stop"
  const call = (node: NodeRef) => (row.purge ? within(cloud!.name, what, purgeMaxMin, cloud![what](node)) : cloud![what](node))
  const ended = yield* Effect.forEach(
    nodes,
    (node) =>
      call(refOf(row, node, log)).pipe(
        Effect.as<Event>({
          _tag: release ? "NodeReleased" : "NodeStopped",
          cluster: row.id,
          rank: node.rank,
          node: node.node,
          reason: row.wantedReason
        }),
        Effect.catchIf(
          () => row.purge,
          ({ message }) => Effect.succeed(abandoned(row, node, message))
        ),
        Effect.exit
      ),
    { concurrency: 8 }
  )
  return yield* came(row, ended)
})
