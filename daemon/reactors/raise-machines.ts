/** What is done for a cluster's machines: asked for and started. The answers are facts, not yet recorded. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Event } from "../../events/Event.ts"
import type { NodeToken } from "../../events/ids.ts"
import type { Offer } from "../../events/values.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { mayMove, workOf } from "../../projections/cluster-status.ts"
import type { Jobs } from "../../projections/jobs.ts"
import { type Cloud, CloudError, type NodeRef, type Provisioned, type Tags } from "../clouds/Cloud.ts"
import { Made } from "../clouds/Made.ts"
import { within } from "../clouds/patient.ts"
import { freshUlid } from "../Ids.ts"
import { noQuotaAt } from "../places/no-quota.ts"
import type { Couriers } from "./couriers/Couriers.ts"
import { decided, type Facts, refusalIn, seen } from "./facts.ts"
import type { Inherited } from "./inherited.ts"
import { machineWish } from "./machine-wish.ts"

export interface Hands {
  readonly clouds: ReadonlyMap<string, Cloud>
  /** That of the cluster. */
  readonly cloud: Cloud | undefined
  readonly couriers: Couriers["Service"]
  readonly jobs: Jobs
  readonly log: string
  readonly inherited: Inherited
  readonly user: string
}

/** `log`: this one, which the machines of a cluster carry unless it was adopted. */
export const tagsOf = ({ id, log: own, name }: ClusterRow, log: string): Tags => ({ log: own ?? log, cluster: id, clusterName: name })

export const refOf = (row: ClusterRow, node: NodeRow, log: string): NodeRef => ({
  tags: tagsOf(row, log),
  rank: node.rank,
  node: node.node,
  region: row.offer?.region ?? null,
  zone: row.offer?.zone ?? null,
  address: node.address,
  host: node.host,
  hostKey: node.hostKey,
  ...(row.inForce?.down && row.inForce.idleMinutes >= 0 && { endsItself: true })
})

export const operationOf = (row: ClusterRow) => workOf(row)[0]?.id ?? null

/** A place is passed over unasked only where another may be. */
const noQuota = (row: ClusterRow, offer: Offer, cloud: Cloud | undefined) => {
  const [active] = workOf(row)
  return active === undefined || row.nodes.length > 0 || !mayMove(row, active) ? Effect.succeed(null) : noQuotaAt(cloud, offer)
}

export const requestNodes = Effect.fn("perform.requestNodes")(function* (
  row: ClusterRow,
  ranks: ReadonlyArray<number>,
  cloud?: Cloud
): Effect.fn.Return<Facts, CloudError> {
  if (row.offer === null) return yield* new CloudError({ kind: "Refused", code: "NoPlace", message: "no place was chosen" })
  const why = yield* noQuota(row, row.offer, cloud)
  if (why !== null) return decided(operationOf(row), [{ _tag: "PlacePassedOver", cluster: row.id, offer: row.offer, ...why }])
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

export const provision = Effect.fn("perform.provision")(function* (
  row: ClusterRow,
  token: NodeToken,
  cloud: Cloud,
  { inherited, log }: Hands
) {
  const asked = row.pending.find((pending) => pending.token === token)!
  const given = ({ address, diskGib, host, hostKey, node, rank }: Provisioned): Event => ({
    _tag: "NodeProvisioned",
    cluster: row.id,
    token,
    rank,
    node,
    address,
    ...(host === null ? {} : { host }),
    ...(hostKey === null ? {} : { hostKey }),
    ...(diskGib === undefined ? {} : { diskGib })
  })
  const { machine, offer, ranks } = asked
  const leftRegions = row.asked.flatMap((one) =>
    one.cloud === cloud.name && one.region !== null && one.region !== offer.region ? [one.region] : []
  )
  const request = {
    tags: tagsOf(row, log),
    token,
    ranks,
    offer,
    machine,
    isInherited: inherited.hasAsked(token),
    isEnding: row.wanted === "gone",
    leftRegions
  }
  const made: Array<Event> = []
  return yield* cloud.provision(request).pipe(
    Effect.provideService(Made, (one) => void made.push({ _tag: "NetworkMade", cluster: row.id, cloud: cloud.name, ...one })),
    Effect.map((all) => seen(operationOf(row), [...made, ...all.map(given)])),
    Effect.catchIf(
      ({ kind }) => kind === "Refused",
      // What is left is known before it is ended: that may be refused as well.
      (error) =>
        Effect.succeed(
          seen(operationOf(row), [
            ...made,
            ...(error.left ?? []).map(given),
            { _tag: "NodeRefused", cluster: row.id, token, ...refusalIn(error) }
          ])
        )
    )
  )
})

/** With purge a cloud is asked once, and nobody waits longer for its word. */
export const purgeMaxMin = 1

/** What became of a token, before it is dropped with its cluster. */
export const askOnce = (row: ClusterRow, token: NodeToken, cloud: Cloud, hands: Hands) =>
  within(cloud.name, "provision", purgeMaxMin, provision(row, token, cloud, hands))

/** What was done is recorded first: the plan of what is left then fails on its own. */
export const came = (row: ClusterRow, exits: ReadonlyArray<Exit.Exit<Event, CloudError>>) => {
  const failed = exits.find(Exit.isFailure)
  const facts = exits.flatMap((exit) => (Exit.isSuccess(exit) ? [exit.value] : []))
  return facts.length === 0 && failed !== undefined ? Effect.failCause(failed.cause) : Effect.succeed(seen(operationOf(row), facts))
}

/** A node whose start is refused is stopped as before. */
export const startNodes = Effect.fn("perform.startNodes")(function* (
  row: ClusterRow,
  nodes: ReadonlyArray<NodeRow>,
  cloud: Cloud,
  { inherited, log }: Hands
) {
  const asked = yield* Effect.forEach(
    nodes,
    (node) =>
      cloud.start({ ...refOf(row, node, log), mayRun: inherited.mayStart(node.node) }).pipe(
        Effect.map(({ address }): Event => ({ _tag: "NodeStarted", cluster: row.id, rank: node.rank, node: node.node, address })),
        Effect.catchIf(
          ({ kind }) => kind === "Refused",
          (error) =>
            Effect.succeed<Event>({ _tag: "NodeRefused", cluster: row.id, token: node.token, ...refusalIn(error), node: node.node })
        ),
        Effect.exit
      ),
    { concurrency: 8 }
  )
  for (const [i, { node }] of nodes.entries()) if (Exit.isSuccess(asked[i]!)) yield* inherited.known(node)
  const refused = (exit: (typeof asked)[number]) => Exit.isSuccess(exit) && exit.value._tag === "NodeRefused"
  // Refusals last: a start after them would say that the place gives again.
  return yield* came(row, [...asked.filter((exit) => !refused(exit)), ...asked.filter(refused)])
})
