/** What clusters have cost, those that are gone among them. */
import * as Schema from "effect/Schema"
import { Offer } from "../../events/values.ts"
import { AsOf, At, Incomplete, Names } from "./queries.ts"
import { Notices } from "./replay.ts"
import { askedFor, ClusterStatus, ResourceHandle } from "./rows.ts"

/** Live clusters first, each kind newest first. Of machines alone, by the price when each was asked for. `at` as in `status`. */
export const CostReport = Schema.Struct({
  /** Names and globs; null: all. */
  clusterNames: Names,
  at: At
})
export type CostReport = typeof CostReport.Type

export const CostView = Schema.Struct({
  name: Schema.String,
  id: Schema.String,
  /** Null: it is gone. */
  status: Schema.NullOr(ClusterStatus),
  /** When the last launch on it was asked for; of another log's cluster, when it was adopted. */
  launchedAtMs: Schema.Natural,
  goneAtMs: Schema.NullOr(Schema.Natural),
  numNodes: Schema.Int,
  resources: Schema.NullOr(Offer),
  /** What its machines were asked to be besides: disk, image, ports, labels. */
  launchedMachine: ResourceHandle.fields.launchedMachine,
  /** How long any of its nodes has run. */
  durationMs: Schema.Natural,
  /** Of all its nodes, while they run; null: no list has its type, so that nobody knows, and it is in no sum. */
  usdPerHour: Schema.NullOr(Schema.Number),
  /** Of those that run now. */
  runningUsdPerHour: Schema.Number,
  /** As in `status`. */
  askedFor,
  /** What it has cost up to now. */
  totalUsd: Schema.Number,
  /** When it ran, the last hundred times; null: it still does. */
  usageIntervals: Schema.Array(Schema.Struct({ startedAtMs: Schema.Natural, endedAtMs: Schema.NullOr(Schema.Natural) })),
  /** Machines that were given up on, of which nothing was heard since: what they have cost since is not known, and is not counted. */
  abandoned: Schema.Natural
})
export type CostView = typeof CostView.Type

export const CostReportAnswer = Schema.Struct({
  costs: Schema.Array(CostView),
  notFound: Schema.Array(Schema.String),
  /** Those that are gone longest are only known as a sum; where names are asked for, they are not in it. */
  older: Schema.Struct({ clusters: Schema.Natural, totalUsd: Schema.Number }),
  asOf: AsOf,
  incomplete: Incomplete,
  notices: Notices
})
export type CostReportAnswer = typeof CostReportAnswer.Type
