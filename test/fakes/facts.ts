/** Short histories for tests: facts of one cluster in envelopes, and the world after them. */

import * as World from "../../daemon/World.ts"
import type { Event } from "../../events/Event.ts"
import { ClusterId, ClusterName, JournalId, NodeId, NodeToken, OperationId, Seq } from "../../events/ids.ts"
import type { Recorded, StreamName } from "../../events/Recorded.ts"
import type { Offer } from "../../events/values.ts"
import { rowOf } from "../../projections/clusters.ts"

export const cluster = ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZZ")
export const name = ClusterName.make("train")
export const token = NodeToken.make("01HZZZZZZZZZZZZZZZZZZZZZT1")
export const journal = JournalId.make("01HZZZZZZZZZZZZZZZZZZZZZJ1")
export const operation = (id: string) => OperationId.make(id)
export const nodeId = (rank: number) => NodeId.make(`${token}-${rank}`)

export const offer: Offer = {
  cloud: "local",
  region: null,
  zone: null,
  instanceType: null,
  cpus: 2,
  memoryGib: 8,
  accelerators: null,
  useSpot: false,
  usdPerHour: 0,
  catalog: null
}

/** A fact, and the operation that it belongs to. */
export type Said = Event | readonly [Event, string]

/** Positions are consecutive; a second passes with each fact. */
export const recorded = (facts: ReadonlyArray<Said>, from = 1): ReadonlyArray<Recorded> =>
  facts.map((said, i) => {
    const [event, id] = "_tag" in said ? [said, null] : said
    const copied = "entry" in event || event._tag === "JournalGap"
    return {
      seq: Seq.make(from + i),
      atMs: (from + i) * 1000,
      stream: (copied ? `journal/${journal}` : `cluster/${cluster}`) as StreamName,
      operation: id === null ? null : operation(id),
      causedBy: Seq.make(0),
      actor: { kind: "user", uid: 1000, host: "here" },
      event
    }
  })

export const worldOf = (facts: ReadonlyArray<Said>) => recorded(facts).reduce(World.apply, World.empty)
export const rowAfter = (facts: ReadonlyArray<Said>) => rowOf(worldOf(facts).clusters, cluster)

export const requested = (method: string, id = `r-${method}`): Said => [
  {
    _tag: "OperationRequested",
    requestId: operation(id),
    method,
    clusterName: name,
    digest: "0".repeat(64),
    program: "sky",
    pid: 1,
    argv: ["sky", method],
    user: "ann"
  },
  id
]

export const launchRequested = (changes: Partial<Event & { readonly _tag: "LaunchRequested" }> = {}, id = "r-launch"): Said => [
  {
    _tag: "LaunchRequested",
    cluster,
    task: { run: "echo hi" },
    numNodes: 1,
    idleMinutes: null,
    down: false,
    retryUntilUp: false,
    noSetup: false,
    detachSetup: false,
    lastUse: "sky launch",
    ...changes
  },
  id
]
export const created: Said = { _tag: "ClusterCreated", cluster, name }
export const placed = (numNodes = 1): Said => ({ _tag: "PlaceChosen", cluster, offer, numNodes })

/** A launch that was asked for, and nothing done yet. */
export const asked = (changes: Partial<Event & { readonly _tag: "LaunchRequested" }> = {}): ReadonlyArray<Said> => [
  created,
  requested("launch"),
  launchRequested(changes),
  placed(changes.numNodes ?? 1)
]

const ranksOf = (numNodes: number) => Array.from({ length: numNodes }, (_, rank) => rank)

export const provisioned = (numNodes = 1): ReadonlyArray<Said> => [
  [{ _tag: "NodeRequested", cluster, token, ranks: ranksOf(numNodes), offer }, "r-launch"],
  ...ranksOf(numNodes).map(
    (rank): Said => [{ _tag: "NodeProvisioned", cluster, token, rank, node: nodeId(rank), address: `127.0.1.${rank + 1}` }, "r-launch"]
  )
]

export const ready = (numNodes = 1, id = "r-launch"): ReadonlyArray<Said> =>
  ranksOf(numNodes).map((rank): Said => [{ _tag: "RuntimeReady", cluster, rank, node: nodeId(rank), journal, build: "b" }, id])

export const submitted = (job = 1, id = "r-launch"): Said => [
  {
    _tag: "JobSubmitted",
    cluster,
    job: job as never,
    task: { run: "echo hi" },
    numNodes: 1,
    withSetup: false,
    user: "ann",
    runTimestamp: "sky-2026-11-25-12-00-00-000000"
  },
  id
]
export const succeeded = (id = "r-launch", result: Record<string, never> | { jobId: number } = {}): Said => [
  { _tag: "OperationSucceeded", result },
  id
]

/** A cluster that is UP, with its first job submitted. */
export const up = (numNodes = 1): ReadonlyArray<Said> => [
  ...asked({ numNodes }),
  ...provisioned(numNodes),
  ...ready(numNodes),
  submitted(),
  succeeded()
]

export const lost = (reason = "its agent went away"): Said => ({ _tag: "RuntimeLost", cluster, rank: 0, node: nodeId(0), reason })

export const started = (job = 1, entry = 1): Said => ({
  _tag: "JobStarted",
  cluster,
  job: job as never,
  entry,
  observedAtMs: 1,
  ranks: [{ rank: 0, node: nodeId(0), nodeRank: 0, pid: 7 }]
})
export const ended = (job = 1, entry = 2, status: "SUCCEEDED" | "FAILED" | "CANCELLED" = "SUCCEEDED"): Said => ({
  _tag: "JobEnded",
  cluster,
  job: job as never,
  entry,
  observedAtMs: 2,
  status,
  returnCodes: [status === "SUCCEEDED" ? 0 : 1],
  reason: null
})
