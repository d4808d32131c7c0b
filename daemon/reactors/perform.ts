/** Does one action: asks the cloud, the agent or the disk, and answers with the facts that came of it. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import type { Event } from "../../events/Event.ts"
import type { NodeToken } from "../../events/ids.ts"
import type { RecordedTask } from "../../events/values.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { type Jobs, unfinishedOf } from "../../projections/jobs.ts"
import { homePathOf, localMountsOf } from "../../task/mounts.ts"
import { type Cloud, CloudError, type NodeRef } from "../clouds/Cloud.ts"
import { within } from "../clouds/patient.ts"
import { freshUlid } from "../Ids.ts"
import { type FileList, placedAt } from "../sync/FileList.ts"
import { FileLister } from "../sync/FileLister.ts"
import type { Couriers } from "./Couriers.ts"
import { conclude, endRequests, giveUpPlace } from "./conclude.ts"
import { taskOf } from "./deliveries.ts"
import { decided, seen } from "./facts.ts"
import { abandoned } from "./give-up.ts"
import type { Action } from "./plan.ts"
import { activeOf, failSetup, submit } from "./steps.ts"

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
  node: node.node
})

const operationOf = (row: ClusterRow) => workOf(row)[0]?.id ?? null

const requestNodes = Effect.fn("perform.requestNodes")(function* (row: ClusterRow, ranks: ReadonlyArray<number>) {
  if (row.offer === null) return yield* new CloudError({ kind: "Refused", code: "NoPlace", message: "no place was chosen" })
  const token = (yield* freshUlid) as NodeToken
  return decided(operationOf(row), [{ _tag: "NodeRequested", cluster: row.id, token, ranks, offer: row.offer }])
})

/** Before a place that refused is asked again. */
const askAgainMs = 30_000

const provision = Effect.fn("perform.provision")(function* (row: ClusterRow, token: NodeToken, cloud: Cloud, log: string) {
  const asked = row.pending.find((pending) => pending.token === token)!
  const tags = { log, cluster: row.id, clusterName: row.name }
  return yield* cloud.provision({ tags, token, ranks: asked.ranks, offer: asked.offer }).pipe(
    Effect.map((given) =>
      seen(
        operationOf(row),
        given.map(({ address, node, rank }): Event => ({ _tag: "NodeProvisioned", cluster: row.id, token, rank, node, address }))
      )
    ),
    Effect.catchIf(
      ({ kind }) => kind === "Refused",
      ({ code, message }) => Effect.succeed(seen(operationOf(row), [{ _tag: "NodeRefused", cluster: row.id, token, code, message }]))
    )
  )
})

const sync = Effect.fn("perform.sync")(function* (row: ClusterRow, workdir: string, { cloud, couriers, log }: Hands) {
  yield* couriers.activity(row.id)
  const list = yield* FileLister
  const files = yield* list(workdir)
  yield* Effect.forEach(row.nodes, (node) => cloud!.put(refOf(row, node, log), files, "sky_workdir"), { concurrency: 8, discard: true })
  yield* couriers.activity(row.id)
  return seen(operationOf(row), [{ _tag: "WorkdirSynced", cluster: row.id, files: files.files, bytes: files.bytes }])
})

/** Of the folders and files that are named as sources, each to its target: one after another, since targets may lie in each other. */
const mount = Effect.fn("perform.mount")(function* (row: ClusterRow, task: RecordedTask, { cloud, couriers, log }: Hands) {
  yield* couriers.activity(row.id)
  const list = yield* FileLister
  const mounts = yield* Effect.forEach(localMountsOf(task), ({ source, target }) =>
    Effect.gen(function* () {
      const [files, folder] = placedAt(yield* list(source, "mount"), homePathOf(target) ?? target)
      yield* Effect.forEach(row.nodes, (node) => cloud!.put(refOf(row, node, log), files, folder), { concurrency: 8, discard: true })
      return files
    })
  )
  yield* couriers.activity(row.id)
  const sum = (of: (list: FileList) => number) => mounts.reduce((total, each) => total + of(each), 0)
  return seen(operationOf(row), [
    { _tag: "FileMountsSynced", cluster: row.id, mounts: mounts.length, files: sum(({ files }) => files), bytes: sum(({ bytes }) => bytes) }
  ])
})

/** The reason that jobs get when their cluster ends under them. */
const haltReason = (row: ClusterRow) =>
  `the cluster was ${row.wanted === "gone" ? "torn down" : "stopped"}${row.wantedReason === null ? "" : `: ${row.wantedReason}`}`

/** With purge a cloud is asked once, and nobody waits longer for its word. */
const purgeMaxMin = 1

const end = Effect.fn("perform.end")(function* (row: ClusterRow, nodes: ReadonlyArray<NodeRow>, { cloud, couriers, log }: Hands) {
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
  const failed = ended.find(Exit.isFailure)
  const facts = ended.flatMap((exit) => (Exit.isSuccess(exit) ? [exit.value] : []))
  // What ended is recorded first: the plan of what is left then fails on its own.
  return facts.length === 0 && failed !== undefined ? yield* Effect.failCause(failed.cause) : seen(operationOf(row), facts)
})

export const perform = Effect.fn("perform")(function* (row: ClusterRow, action: Action, hands: Hands) {
  const { cloud, couriers, log } = hands
  const nodesOf = (ranks: ReadonlyArray<number>) => row.nodes.filter(({ rank }) => ranks.includes(rank))
  switch (action._tag) {
    case "EndRequests":
      return endRequests(row, action.operations)
    case "Conclude":
      return conclude(row, unfinishedOf(hands.jobs, row.id))
    case "RequestNodes":
      return yield* requestNodes(row, action.ranks)
    case "AskAgain":
      // Refused rounds are seldom over at once; a little chance keeps many waiting clusters from asking together.
      yield* Effect.sleep(askAgainMs * (1 + (yield* Random.next)))
      return yield* requestNodes(row, action.ranks)
    case "GiveUpPlace":
      return giveUpPlace(row)
    case "BeginStart":
      return decided(
        operationOf(row),
        nodesOf(action.ranks).map(({ node, rank }) => ({ _tag: "NodeStarting", cluster: row.id, rank, node }))
      )
    case "BeginSetup":
      return decided(action.operation, [{ _tag: "SetupStarted", cluster: row.id }])
    case "FailSetup":
      return failSetup(row, activeOf(row, action.operation)!)
    case "FinishStart":
      return decided(action.operation, [{ _tag: "OperationSucceeded", result: {} }])
    case "Submit": {
      const nowMs = Math.trunc(yield* Clock.currentTimeMillis)
      return submit(row, activeOf(row, action.operation)!, { nowMs, user: activeOf(row, action.operation)?.user ?? hands.user })
    }
    case "Arm": {
      const { down, idleMinutes, setting } = row.autostop!
      yield* couriers.arm(row, { setting, idleMinutes, down })
      return seen(operationOf(row), [{ _tag: "AutostopArmed", cluster: row.id, setting }])
    }
  }
  if (cloud === undefined) {
    return yield* new CloudError({
      kind: "Transient",
      code: "CloudDisabled",
      message: `the cloud ${row.offer?.cloud ?? "of this cluster"} is not enabled`
    })
  }
  switch (action._tag) {
    case "Provision":
      return yield* provision(row, action.token, cloud, log)
    case "StartNodes": {
      const started = yield* Effect.forEach(
        nodesOf(action.ranks),
        (node) => Effect.map(cloud.start(refOf(row, node, log)), ({ address }) => ({ node, address })),
        { concurrency: 8 }
      )
      return seen(
        operationOf(row),
        started.map(({ address, node }) => ({ _tag: "NodeStarted", cluster: row.id, rank: node.rank, node: node.node, address }))
      )
    }
    case "InstallAgents": {
      const ready = yield* Effect.forEach(nodesOf(action.ranks), (node) => couriers.install(row, node), { concurrency: 8 })
      return seen(action.operation, ready)
    }
    case "Sync": {
      const { request } = activeOf(row, action.operation)!
      const workdir = request?._tag === "LaunchRequested" || request?._tag === "ExecRequested" ? request.task.workdir : undefined
      return yield* sync(row, workdir ?? "", hands)
    }
    case "Mount":
      return yield* mount(row, taskOf(activeOf(row, action.operation)!), hands)
    case "StopNodes":
    case "ReleaseNodes":
      return yield* end(row, nodesOf(action.ranks), hands)
  }
})
