/** Does one action: asks the cloud, the agent or the disk, and answers with the facts that came of it. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { NodeId, OperationId } from "../../events/ids.ts"
import type { RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { unfinishedOf } from "../../projections/jobs.ts"
import { homePathOf, localMountsOf, workdirFolder } from "../../task/mounts.ts"
import { portsText, portTexts } from "../../task/ports.ts"
import { inner } from "../../task/sentence.ts"
import { CloudError } from "../clouds/Cloud.ts"
import { asOwner } from "../clouds/identities.ts"
import { Waiting } from "../clouds/Waiting.ts"
import { Ongoing, type Passing, waitingFor } from "../requests/Ongoing.ts"
import { type FileList, placedAt } from "../sync/FileList.ts"
import { FileLister } from "../sync/FileLister.ts"
import { askAgain } from "./ask-again.ts"
import { conclude, endRequests, leaving } from "./conclude.ts"
import { taskOf } from "./couriers/deliveries.ts"
import { clearPlace, clearRest, end } from "./end-machines.ts"
import { decided, seen } from "./facts.ts"
import { tellingDeed, tellingOwner } from "./kept-waiting.ts"
import { lookForPorts } from "./look-for-ports.ts"
import type { Action } from "./plan.ts"
import { putOnAll } from "./put-on-all.ts"
import { askOnce, beginStart, type Hands, operationOf, provision, refOf, requestNodes, startNodes } from "./raise-machines.ts"
import { searchOver } from "./search/is-over.ts"
import { goingOn, nextPlace, nextRound } from "./search/next-place.ts"
import { activeOf, failMisfit, failSetup, submit } from "./steps.ts"

const sync = Effect.fn("perform.sync")(function* (row: ClusterRow, workdir: string, { cloud, couriers, log }: Hands) {
  yield* couriers.activity(row.id)
  const list = yield* FileLister
  const placed = Effect.map(list(workdir), (files) => ({ files, folder: workdirFolder }))
  const files = yield* putOnAll(row, cloud!, log, "workdir", placed)
  yield* couriers.activity(row.id)
  return seen(operationOf(row), [{ _tag: "WorkdirSynced", cluster: row.id, files: files.files, bytes: files.bytes }])
})

/** Of the folders and files that are named as sources, each to its target: one after another, since targets may lie in each other. */
const mount = Effect.fn("perform.mount")(function* (row: ClusterRow, task: RecordedTask, { cloud, couriers, log }: Hands) {
  yield* couriers.activity(row.id)
  const list = yield* FileLister
  const mounts = yield* Effect.forEach(localMountsOf(task), ({ source, target }) => {
    const placed = Effect.map(list(source, "mount"), (files) => placedAt(files, homePathOf(target) ?? target))
    return putOnAll(row, cloud!, log, target, placed)
  })
  yield* couriers.activity(row.id)
  const sum = (of: (list: FileList) => number) => mounts.reduce((total, each) => total + of(each), 0)
  return seen(operationOf(row), [
    { _tag: "FileMountsSynced", cluster: row.id, mounts: mounts.length, files: sum(({ files }) => files), bytes: sum(({ bytes }) => bytes) }
  ])
})

/** What keeps a machine from being reached is seldom the machine. */
const toldTo = Effect.fnUntraced(function* ({ name, nodes }: ClusterRow, operation: OperationId | null, phase: Passing["phase"]) {
  const ongoing = yield* Ongoing
  const sinceMs = (id: NodeId) => nodes.find(({ node, ready }) => node === id && !ready)?.sinceMs
  const way = `look at its firewall, its network and ssh_proxy_command (config.yaml); to end it: sky down ${name}; to wait no longer: sky ops cancel ${operation}`
  return waitingFor((passing) => operation !== null && ongoing.say(operation, passing), phase, { sinceMs, way })
})

export const perform = Effect.fn("perform")(function* (row: ClusterRow, action: Action, hands: Hands) {
  const { cloud, couriers, log } = hands
  const nodesOf = (ranks: ReadonlyArray<number>) => row.nodes.filter(({ rank }) => ranks.includes(rank))
  switch (action._tag) {
    case "EndRequests":
      return endRequests(row, action.operations)
    case "Conclude":
      return leaving(row, yield* clearRest(row, hands), conclude(row, unfinishedOf(hands.jobs, row.id)))
    case "RequestNodes":
      return yield* requestNodes(row, action.ranks, cloud)
    case "NextPlace":
      return yield* nextPlace(row, hands)
    case "NextRound":
      return yield* nextRound(row, action.atMs, hands)
    case "AskAgain":
      return yield* askAgain(row, action.ranks)
    case "GiveUpPlace":
      return yield* searchOver(row, hands)
    case "BeginStart":
      return beginStart(row, action.ranks)
    case "BeginSetup":
      return decided(action.operation, [{ _tag: "SetupStarted", cluster: row.id }])
    case "FailMisfit":
      return failMisfit(row, activeOf(row, action.operation)!)
    case "FailSetup":
      return failSetup(row, activeOf(row, action.operation)!)
    case "FinishStart":
      return decided(action.operation, [{ _tag: "OperationSucceeded", result: {} }])
    case "Submit": {
      const nowMs = Math.trunc(yield* Clock.currentTimeMillis)
      return submit(row, activeOf(row, action.operation)!, { nowMs, user: activeOf(row, action.operation)?.user ?? hands.user })
    }
  }
  if (cloud === undefined) {
    return yield* new CloudError({
      kind: "Transient",
      code: "CloudDisabled",
      message: `the cloud ${row.offer?.cloud ?? "of this cluster"} is not enabled`
    })
  }
  yield* tellingOwner(row, cloud, asOwner(cloud, row))
  switch (action._tag) {
    case "Provision":
      return yield* goingOn(row, yield* provision(row, action.token, cloud, hands), hands)
    case "LookFor":
      return yield* tellingDeed(row, cloud, "say what became of what was asked for", provision(row, action.token, cloud, hands))
    case "AskOnce":
      return yield* askOnce(row, action.token, cloud, hands)
    case "Arm": {
      const { setting } = action
      const { down, idleMinutes } = row.autostop!
      const refs = row.nodes.map((node) => refOf(row, node, log))
      const told = tellingDeed(row, cloud, "set autostop", cloud.endsItself?.(refs, down) ?? Effect.void)
      // Who wants none gets none, also where the cloud may not be told: how a machine ends says nothing then, unless it was to go for good.
      const isVital = idleMinutes >= 0 || row.inForce?.down === true
      yield* isVital
        ? told
        : Effect.catchIf(
            told,
            ({ kind }) => kind === "Refused",
            () => Effect.void
          )
      yield* couriers.arm(row, { setting, idleMinutes, down })
      return seen(operationOf(row), [{ _tag: "AutostopArmed", cluster: row.id, setting }])
    }
    case "StartNodes": {
      const starting = startNodes(row, nodesOf(action.ranks), cloud, hands)
      return yield* Effect.provideService(
        tellingDeed(row, cloud, action.ranks.length === 1 ? "start its machine" : "start its machines", starting),
        Waiting,
        yield* toldTo(row, action.operation, "provision")
      )
    }
    case "InstallAgents": {
      // What was away before may keep who waits for it without a word for as long as a connection takes.
      const away = nodesOf(action.ranks).find(({ ready, reason }) => !ready && reason !== null)
      if (away !== undefined && action.operation !== null)
        (yield* Ongoing).say(action.operation, { phase: "bootstrap", detail: `not reached: ${inner(away.reason ?? "")}; trying again` })
      const ready = yield* Effect.forEach(nodesOf(action.ranks), (node) => couriers.install(row, node), { concurrency: 8 }).pipe(
        Effect.provideService(Waiting, yield* toldTo(row, action.operation, "bootstrap"))
      )
      yield* couriers.introduce(row, ready)
      return seen(action.operation, ready)
    }
    case "OpenPorts": {
      const { operation, ports } = action
      ;(yield* Ongoing).say(operation, { phase: "provision", detail: `opening ${portsText(ports)}` })
      const refs = row.nodes.map((node) => refOf(row, node, log))
      yield* cloud.openPorts?.(refs, portTexts([...(row.machine.ports ?? []), ...ports])) ?? Effect.void
      return seen(operation, [{ _tag: "PortsOpened", cluster: row.id, ports: [...ports] }])
    }
    case "LookForPorts":
      return yield* lookForPorts(row, action, cloud, log)
    case "Sync": {
      const { request } = activeOf(row, action.operation)!
      const workdir = request?._tag === "LaunchRequested" || request?._tag === "ExecRequested" ? request.task.workdir : undefined
      return yield* sync(row, workdir ?? "", hands)
    }
    case "Mount":
      return yield* mount(row, taskOf(activeOf(row, action.operation)!), hands)
    case "ClearPlace":
      return yield* clearPlace(row, nodesOf(action.ranks), hands)
    case "StopNodes":
    case "ReleaseNodes":
      return yield* end(row, nodesOf(action.ranks), hands)
  }
})
