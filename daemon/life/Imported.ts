/**
 * The first start over a log that `sky audit import` made. What was open when the log was cut may have ended long ago, so nothing of it
 * is carried on: its operations fail, and each cluster is taken as its cloud shows it. No machine and no job is begun, and none ended.
 * What was recorded whole holds: a job that was submitted runs on where its node has it, and the last autostop setting is the cluster's.
 */
import { rmSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { ClusterId, OperationId } from "../../events/ids.ts"
import type { ActiveOperation, ClusterRow } from "../../projections/ClusterRow.ts"
import { type Jobs, jobsOf, unfinishedOf } from "../../projections/jobs.ts"
import { mayBeOpen } from "../../projections/open-ports.ts"
import { RuntimeError, recordError, ValueError } from "../../sdk/protocol/errors.ts"
import type { NodeState } from "../clouds/Cloud.ts"
import { Clouds, cloudOf } from "../clouds/Clouds.ts"
import { streamOf } from "../commands/decision.ts"
import { EventLog } from "../log/EventLog.ts"
import { syncFolder } from "../log/head-file.ts"
import { markedIn, sweepRests } from "../log/imports.ts"
import { placesOf } from "../log/LevelLog.ts"
import { conclude } from "../reactors/conclude.ts"
import { observations } from "../reactors/observations.ts"
import { refOf } from "../reactors/raise-machines.ts"
import { submitted } from "../reactors/steps.ts"
import { Identity } from "./Identity.ts"

/** How long a start may wait for the clouds' word. Clusters of which none came are looked at again, like any. */
const lookMaxMs = 2000

const failed = (row: ClusterRow, active: ActiveOperation): Event => ({
  _tag: "OperationFailed",
  error: recordError(
    new RuntimeError({
      message: `${active.method} of ${row.name} was open when the log was imported, and is not carried on${mayBeOpen(row, active)}.`,
      hint: "If it is still wanted, run it again."
    })
  )
})

/** It ends once the head has the setting, which is no work but what holds of the cluster. */
const isSet = ({ autostop }: ClusterRow, { method, seq }: ActiveOperation) =>
  method === "autostop" && autostop !== null && autostop.setting > seq

/** Of one whose job was submitted what was decided with that is all that is missing, if anything. */
const endOf = (row: ClusterRow, jobs: Jobs, active: ActiveOperation): ReadonlyArray<Event> => {
  const job = jobsOf(jobs, row.id).find(({ operation }) => operation === active.id)
  if (job === undefined) return [failed(row, active)]
  const { autostop } = row
  return submitted(row, active, job.id).filter(
    (event) => event._tag !== "AutostopSet" || event.idleMinutes !== autostop?.idleMinutes || event.down !== autostop.down
  )
}

const factsOf = (row: ClusterRow, jobs: Jobs, states: ReadonlyArray<NodeState>): ReadonlyArray<Event | readonly [Event, OperationId]> => {
  const missing = observations(
    row,
    states.filter(({ state }) => state === "missing"),
    { nowMs: 0, silent: new Set() }
  )
  // Nothing is paid for one that was stopped, unless somebody else has started it since.
  const stopped = row.nodes.filter(({ state }) => state === "stopped")
  const started = states.flatMap(({ address, node: id, state }): ReadonlyArray<Event> => {
    const node = stopped.find((one) => one.node === id)
    return node === undefined || state !== "running"
      ? []
      : [{ _tag: "NodeStarted", cluster: row.id, rank: node.rank, node: id, address: address ?? node.address }]
  })
  const isGone = missing.length === row.nodes.length
  const operations = row.operations.filter((active) => isSet(row, active))
  return [
    ...row.operations
      .filter((active) => !operations.includes(active))
      .flatMap((active) => endOf(row, jobs, active).map((event) => [event, active.id] as const)),
    { _tag: "ClusterImported", cluster: row.id },
    ...missing,
    ...started,
    ...(isGone ? conclude({ ...row, wanted: "up", nodes: [], operations }, unfinishedOf(jobs, row.id)).events : [])
  ]
}

export const settle = Effect.gen(function* () {
  const log = yield* EventLog
  const clouds = yield* Clouds
  const { actor } = yield* Identity
  const seen = new Map<ClusterId, ReadonlyArray<NodeState>>()
  const look = (row: ClusterRow) => {
    const refs = row.nodes.map((node) => refOf(row, node, log.world().clusters.log))
    return Effect.map(cloudOf(clouds, row)?.query(refs) ?? Effect.succeed([]), (states) => seen.set(row.id, states))
  }
  const rows = [...HashMap.values(log.world().clusters.rows)]
  yield* Effect.forEach(rows, (row) => Effect.ignore(look(row)), { concurrency: 16, discard: true }).pipe(Effect.timeoutOption(lookMaxMs))
  const decide = ({ jobs }: { readonly jobs: Jobs }) => {
    const events = rows.flatMap((row) =>
      factsOf(row, jobs, seen.get(row.id) ?? []).map((fact) =>
        "_tag" in fact ? ([streamOf(row.id), fact] as const) : ([streamOf(row.id), fact[0], fact[1]] as const)
      )
    )
    return Result.succeed(events.length === 0 ? undefined : { events, operation: null, causedBy: 0, actor, expect: [] })
  }
  yield* Effect.orDie(log.decide(decide))
})

/** Carrying on what ended long ago would be done before anybody saw it: who started it decides. */
const unclear = (mark: string) =>
  new ValueError({
    message: `${mark} is not what an import of this log leaves there: whether what is open in it is carried on is not clear.`,
    hint: "If it was imported, and not started since, empty that file: nothing is carried on. If not, move it away."
  })

/** What the mark says of the log that is open. */
const markOf = Effect.fnUntraced(function* (home: string) {
  const { clusters } = (yield* EventLog).world()
  const mark = markedIn(home)
  if (mark === "none") return mark
  if (mark !== "unclear") {
    if (mark.log === "" || mark.log === clusters.log) return "of-this"
    // An import that was cut off leaves it to whatever log is begun there next.
    if (HashMap.isEmpty(clusters.rows)) return "of-another"
  }
  return yield* unclear(placesOf(home).imported)
})

/** Before a life of the daemon is recorded: one that is held back here is none. */
export const understood = (home: string) => Layer.effectDiscard(markOf(home))

/** Before anything is done on a cluster. */
export const layer = (home: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      sweepRests(home)
      const mark = yield* markOf(home)
      if (mark === "none") return
      if (mark === "of-this") yield* settle
      // A mark that came back later would end what was asked for since.
      rmSync(placesOf(home).imported)
      syncFolder(home)
    })
  )
