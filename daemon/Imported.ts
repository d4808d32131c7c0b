/**
 * The first start over a log that `sky audit import` made. What was open when the log was cut may have ended long ago, so nothing of it
 * is carried on: its operations fail, and each cluster is taken as its cloud shows it. Nothing is begun, and nothing ended.
 */
import { rmSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Event } from "../events/Event.ts"
import type { OperationId } from "../events/ids.ts"
import type { ClusterRow } from "../projections/ClusterRow.ts"
import { type Jobs, unfinishedOf } from "../projections/jobs.ts"
import { RuntimeError, recordError } from "../sdk/protocol/errors.ts"
import { Clouds, cloudOf } from "./Clouds.ts"
import type { NodeState } from "./clouds/Cloud.ts"
import { streamOf } from "./commands/decision.ts"
import { Identity } from "./Identity.ts"
import { EventLog } from "./log/EventLog.ts"
import { syncFolder } from "./log/head-file.ts"
import { markedIn, sweepRests } from "./log/imports.ts"
import { placesOf } from "./log/LevelLog.ts"
import { conclude } from "./reactors/conclude.ts"
import { refOf } from "./reactors/machines.ts"
import { observations } from "./reactors/observations.ts"

/** How long a start may wait for the word of one cluster's cloud. Who is silent is looked at again, like any cluster. */
const lookMaxMs = 2000

const failed = (row: ClusterRow, method: string): Event => ({
  _tag: "OperationFailed",
  error: recordError(
    new RuntimeError({
      message: `${method} of ${row.name} was open when the log was imported, and is not carried on.`,
      hint: "If it is still wanted, run it again."
    })
  )
})

const factsOf = (row: ClusterRow, jobs: Jobs, states: ReadonlyArray<NodeState>): ReadonlyArray<Event | readonly [Event, OperationId]> => {
  const missing = observations(
    row,
    states.filter(({ state }) => state === "missing"),
    new Set()
  )
  const isGone = missing.length === row.nodes.length
  return [
    ...row.operations.map(({ id, method }) => [failed(row, method), id] as const),
    { _tag: "ClusterImported", cluster: row.id },
    ...missing,
    ...(isGone ? conclude({ ...row, wanted: "up", nodes: [], operations: [] }, unfinishedOf(jobs, row.id)).events : [])
  ]
}

export const settle = Effect.gen(function* () {
  const log = yield* EventLog
  const clouds = yield* Clouds
  const { actor } = yield* Identity
  const look = (row: ClusterRow) => {
    const refs = row.nodes.map((node) => refOf(row, node, log.world().clusters.log))
    return (cloudOf(clouds, row)?.query(refs) ?? Effect.succeed([])).pipe(
      Effect.timeout(lookMaxMs),
      Effect.orElseSucceed((): ReadonlyArray<NodeState> => []),
      Effect.map((states) => [row, states] as const)
    )
  }
  const rows = [...HashMap.values(log.world().clusters.rows)]
  const seen = yield* Effect.forEach(rows, look, { concurrency: 16 })
  const decide = ({ jobs }: { readonly jobs: Jobs }) => {
    const events = seen.flatMap(([row, states]) =>
      factsOf(row, jobs, states).map((fact) =>
        "_tag" in fact ? ([streamOf(row.id), fact] as const) : ([streamOf(row.id), fact[0], fact[1]] as const)
      )
    )
    return Result.succeed(events.length === 0 ? undefined : { events, operation: null, causedBy: 0, actor, expect: [] })
  }
  yield* Effect.orDie(log.decide(decide))
})

/** Before anything is done on a cluster. */
export const layer = (home: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const log = yield* EventLog
      sweepRests(home)
      const marked = markedIn(home)
      if (marked === undefined) return
      if (marked === log.world().clusters.log) yield* settle
      // A mark that came back later would end what was asked for since.
      rmSync(placesOf(home).imported)
      syncFolder(home)
    })
  )
