/** `costReport`: what clusters have cost. */
import type { CostReportAnswer } from "../protocol/costs.ts"
import { type Maybe, options } from "./arguments.ts"
import { ask, type Waiting } from "./call.ts"
import type { ClusterStatus } from "./enums.ts"
import { offeredResources } from "./ResourceHandle.ts"
import type { Resources } from "./Resources.ts"

export interface CostReportOptions extends Waiting {}

/** A cluster, of now or before, and what it has cost. */
export interface CostRecord {
  readonly name: string
  /** Names it for ever; another one of the same name has another. */
  readonly clusterHash: string
  /** Null: it is gone. */
  readonly status: ClusterStatus | null
  /** Unix seconds of the last launch on it. */
  readonly launchedAt: number
  /** Seconds that it has run. */
  readonly duration: number
  /** Unix seconds of when it ran, the last hundred times; the end is null while it runs. */
  readonly usageIntervals: ReadonlyArray<readonly [start: number, end: number | null]>
  readonly numNodes: number
  /** What each node was; null where no place was chosen. */
  readonly resources: Resources | null
  /** USD. Of its machines alone, by their prices when they were asked for: what no list has a price for is not counted. */
  readonly totalCost: number
  /** Machines that were given up on, of which nothing was heard since: what they have cost since is not known, and not counted. */
  readonly abandoned: number
}

const seconds = (ms: number) => Math.floor(ms / 1000)

/** What clusters have cost, those that are gone too: the live ones first, newest first. Of those that are gone the last thousand. */
export const costReport = async (costReportOptions?: Maybe<CostReportOptions>): Promise<Array<CostRecord>> => {
  const { signal } = options(costReportOptions, ["signal"], "costReport")
  const { costs } = await ask<CostReportAnswer>("cost.report", {}, { signal })
  return costs.map(
    ({ abandoned, durationMs, id, launchedAtMs, launchedMachine, name, numNodes, resources, status, totalUsd, usageIntervals }) => ({
      name,
      clusterHash: id,
      status,
      launchedAt: seconds(launchedAtMs),
      duration: seconds(durationMs),
      usageIntervals: usageIntervals.map(
        ({ endedAtMs, startedAtMs }) => [seconds(startedAtMs), endedAtMs === null ? null : seconds(endedAtMs)] as const
      ),
      numNodes,
      resources: resources === null ? null : offeredResources(resources, launchedMachine),
      totalCost: totalUsd,
      abandoned
    })
  )
}
