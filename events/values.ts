/** Values that several facts share. */
import * as Schema from "effect/Schema"
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
  usdPerHour: Schema.Number,
  catalog: Schema.NullOr(Schema.String)
})
export type Offer = typeof Offer.Type

const text = Schema.optionalKey(Schema.NullOr(Schema.String))
const amount = Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.Number, Schema.String])))

/**
 * A task as the log may hold it: its secret-looking envs are a name and a keyed digest. Written out on its own: what a task may ask for
 * (`task/Task.ts`) changes with each version, what was recorded does not.
 */
export const RecordedTask = Schema.Struct({
  name: text,
  workdir: text,
  num_nodes: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  resources: Schema.optionalKey(
    Schema.NullOr(
      Schema.Struct({
        cloud: text,
        accelerators: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Schema.Record(Schema.String, Schema.Number)]))),
        cpus: amount,
        memory: amount
      })
    )
  ),
  envs: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.String))),
  setup: text,
  run: text,
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

/** Who asked, as far as the client says so. Secrets were struck out of `argv`. */
export const RecordedCaller = Schema.Struct({
  program: Schema.NullOr(Schema.String),
  pid: Schema.NullOr(Schema.Int),
  argv: Schema.Array(Schema.String),
  user: Schema.NullOr(Schema.String)
})

/** Where an observation was copied from: the journal's own number of the entry, and when the node saw it (its clock). */
export const observed = { entry: Schema.Natural, observedAtMs: Schema.Natural }
