/** Values that several facts share. */
import * as Schema from "effect/Schema"
import { Task } from "../task/Task.ts"

/** Where nodes are or will be, with the price at the time of choosing, so that history never changes when a catalog does. */
export const Offer = Schema.Struct({
  cloud: Schema.NonEmptyString,
  region: Schema.NullOr(Schema.String),
  zone: Schema.NullOr(Schema.String),
  instanceType: Schema.NullOr(Schema.String),
  /** vCPUs per node. */
  cpus: Schema.Number,
  memoryGib: Schema.Number,
  /** Per node. */
  accelerators: Schema.NullOr(Schema.Struct({ name: Schema.NonEmptyString, count: Schema.Number })),
  useSpot: Schema.Boolean,
  /** USD per hour and node. */
  pricePerHour: Schema.Number,
  catalog: Schema.NullOr(Schema.String)
})
export type Offer = typeof Offer.Type

/** A task as the log may hold it: its secret-looking envs are a name and a keyed digest. */
export const RecordedTask = Schema.Struct({
  ...Task.fields,
  secretEnvs: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
export type RecordedTask = typeof RecordedTask.Type

/** An error as it crosses the socket and stays in the log. */
export const RecordedError = Schema.Struct({
  tag: Schema.NonEmptyString,
  message: Schema.String,
  hint: Schema.NullOr(Schema.String),
  exitCode: Schema.Int,
  fields: Schema.Record(Schema.String, Schema.Json)
})
export type RecordedError = typeof RecordedError.Type

/** Where an observation was copied from: the journal's own number of the entry, and when the node saw it (its clock). */
export const observed = { entry: Schema.Natural, observedAtMs: Schema.Natural }
