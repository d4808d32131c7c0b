/** What the clouds offer and at what price: by the lists of all clouds, enabled or not. */
import * as Schema from "effect/Schema"
import { Alternative } from "../../task/Resources.ts"
import { Task } from "../../task/Task.ts"
import { Plan } from "./launch.ts"
import { Notices } from "./replay.ts"

const text = Schema.optionalKey(Schema.NullOr(Schema.String))

/** The best place for a task, and which are next; nothing is made. */
export const Optimize = Schema.Struct({
  task: Task,
  /** What is to be little. Null: `COST`. A task takes an hour in each place, so that with `TIME`, too, what it costs decides. */
  minimize: Schema.optionalKey(Schema.NullOr(Schema.Literals(["COST", "TIME"]))),
  /** What the task must not get: all that the fields of one of them are equal to. */
  blocked: Schema.optionalKey(Schema.NullOr(Schema.Array(Alternative)))
})
export const OptimizeAnswer = Schema.Struct({ plan: Plan, notices: Notices })
export type OptimizeAnswer = typeof OptimizeAnswer.Type

/** Accelerators, what they come with and what they cost. */
export const GpusList = Schema.Struct({
  /** A part of the name, in any case; `^ $ . * + ? [ ]` as in a regular expression. Null: all. */
  name: text,
  /** So many of them in one machine; null: however many. */
  count: Schema.optionalKey(Schema.NullOr(Schema.Number)),
  cloud: text,
  region: text,
  /** A row for each region, in place of the one where it is cheapest. */
  allRegions: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
export type GpusList = typeof GpusList.Type
export const GpuView = Schema.Struct({
  cloud: Schema.String,
  accelerator: Schema.String,
  count: Schema.Number,
  /** Null for a TPU, which is its machine. */
  instanceType: Schema.NullOr(Schema.String),
  cpus: Schema.NullOr(Schema.Number),
  memoryGib: Schema.NullOr(Schema.Number),
  /** Of one device. */
  deviceGib: Schema.NullOr(Schema.Number),
  /** With its machine. Null where it cannot be had so. */
  usdPerHour: Schema.NullOr(Schema.Number),
  spotUsdPerHour: Schema.NullOr(Schema.Number),
  region: Schema.String,
  /** The day that the prices are of, as in an offer. */
  catalog: Schema.String
})
export type GpuView = typeof GpuView.Type
/** What this machine, or a pool of the user's own machines, has of one kind. */
export const OwnGpuView = Schema.Struct({
  cloud: Schema.Literals(["local", "ssh"]),
  /** The pool; null for this machine. */
  region: Schema.NullOr(Schema.String),
  accelerator: Schema.String,
  /** In one machine, as its machines have them: each number once. */
  counts: Schema.Array(Schema.Number),
  total: Schema.Number,
  /** In machines that no cluster has for itself: this one never is. */
  free: Schema.Number
})
export type OwnGpuView = typeof OwnGpuView.Type
const PricesOf = Schema.Struct({ cloud: Schema.String, date: Schema.String })
export const GpusListAnswer = Schema.Struct({
  gpus: Schema.Array(GpuView),
  /** Of the user's own machines that answered. */
  own: Schema.Array(OwnGpuView),
  /** Why there may be more of these; null: there are not. */
  ownReason: Schema.NullOr(Schema.String),
  /** Of which day the prices are. */
  prices: Schema.Array(PricesOf),
  notices: Notices
})
export type GpusListAnswer = typeof GpusListAnswer.Type

/** The lists that there are. */
export const CatalogList = Schema.Struct({})
export const CatalogView = Schema.Struct({
  cloud: Schema.String,
  /** The day that its prices are of. */
  date: Schema.String,
  types: Schema.Int,
  regions: Schema.Int,
  accelerators: Schema.Int,
  /** Rows that were left out, since their price cannot be. */
  refused: Schema.Int,
  /** Where it was fetched from; null: it came with the program. */
  source: Schema.NullOr(Schema.String),
  /** Why the one that was fetched is not used. */
  problem: Schema.NullOr(Schema.String)
})
export type CatalogView = typeof CatalogView.Type
export const CatalogListAnswer = Schema.Struct({ catalogs: Schema.Array(CatalogView), notices: Notices })
export type CatalogListAnswer = typeof CatalogListAnswer.Type

/** Newer lists. Whatever goes wrong with one, the one that is there stays. */
export const CatalogUpdate = Schema.Struct({
  /** Null: all that there are. */
  clouds: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
  /**
   * An URL (http, https) or an absolute path, of one cloud's list; null: where SkyPilot publishes them. A file's prices are of its own day.
   */
  from: text,
  /** Of that list, in hex. */
  sha256: text
})
export type CatalogUpdate = typeof CatalogUpdate.Type
export const CatalogUpdateAnswer = Schema.Struct({
  updates: Schema.Array(
    Schema.Struct({
      cloud: Schema.String,
      status: Schema.Literals(["updated", "unchanged", "failed"]),
      /** Why it failed. */
      reason: Schema.NullOr(Schema.String),
      /** The one that is there now. */
      catalog: Schema.NullOr(CatalogView)
    })
  ),
  notices: Notices
})
export type CatalogUpdateAnswer = typeof CatalogUpdateAnswer.Type

/** Back to the lists that came with the program. */
export const CatalogReset = Schema.Struct({
  /** Null: all that there are. */
  clouds: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String)))
})
export type CatalogReset = typeof CatalogReset.Type
export const CatalogResetAnswer = Schema.Struct({
  resets: Schema.Array(
    Schema.Struct({
      cloud: Schema.String,
      /** `unchanged`: there was no other. */
      status: Schema.Literals(["reset", "unchanged", "failed"]),
      /** Why it failed. */
      reason: Schema.NullOr(Schema.String),
      /** The one that is there now. */
      catalog: Schema.NullOr(CatalogView)
    })
  ),
  notices: Notices
})
export type CatalogResetAnswer = typeof CatalogResetAnswer.Type
