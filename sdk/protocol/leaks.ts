/** What the clouds hold under tags of ours and no cluster has: listed, ended, or made a cluster again. */
import * as Schema from "effect/Schema"
import { Notices } from "./replay.ts"

/** All clouds are asked, in all their regions. Machines of a launch that is under way are none. */
export const Leaks = Schema.Struct({
  /** Also what carries the tags of other logs, whoever's. */
  all: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
export const LeakView = Schema.Struct({
  kind: Schema.Literals(["machine", "disk", "group", "image", "snapshot"]),
  /** The kind as its cloud calls it, where that is another word: `rule` of a group on GCP. */
  kindThere: Schema.optionalKey(Schema.String),
  /** As its cloud calls it. */
  id: Schema.String,
  cloud: Schema.String,
  region: Schema.NullOr(Schema.String),
  /** By its tags. */
  clusterName: Schema.String,
  clusterId: Schema.String,
  /** The log that made it, and whether that is this one. */
  log: Schema.String,
  isOurs: Schema.Boolean,
  /** Of a machine. */
  state: Schema.NullOr(Schema.Literals(["running", "stopped"])),
  madeAtMs: Schema.NullOr(Schema.Natural),
  /** USD, of a machine that runs, by the list of today; null where no list has it. */
  usdPerHour: Schema.NullOr(Schema.Number),
  reason: Schema.String
})
export type LeakView = typeof LeakView.Type
export const LeaksAnswer = Schema.Struct({
  leaks: Schema.Array(LeakView),
  /** Where something may be that is not in the list, and why. */
  silent: Schema.Array(Schema.String),
  notices: Notices
})
export type LeaksAnswer = typeof LeaksAnswer.Type

/** Ends leaks of this log: each is a fact before its cloud is told. Asking again is harmless. */
export const LeaksEnd = Schema.Struct({
  /** Ids, or names or ids of their clusters. */
  names: Schema.Array(Schema.NonEmptyString)
})
export const LeaksEndAnswer = Schema.Struct({
  ended: Schema.Array(LeakView),
  /** In the clouds' own words. */
  kept: Schema.Array(Schema.Struct({ leak: LeakView, code: Schema.String, message: Schema.String })),
  /** No leak of this log is called so, now. */
  notFound: Schema.Array(Schema.String),
  silent: Schema.Array(Schema.String)
})
export type LeaksEndAnswer = typeof LeaksEndAnswer.Type

/** Makes machines that no cluster has a cluster of this log, whoever's they were: nothing is done to them. */
export const LeaksAdopt = Schema.Struct({
  /** The name or the id that their cluster had, or the id of one of them. */
  name: Schema.NonEmptyString,
  /** Its new name; null: as it was called. */
  as: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export const LeaksAdoptAnswer = Schema.Struct({ cluster: Schema.String, nodes: Schema.Array(Schema.String) })
export type LeaksAdoptAnswer = typeof LeaksAdoptAnswer.Type
