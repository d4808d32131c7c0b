/** Values that several facts share. */
import * as Schema from "effect/Schema"
import { ClusterId, ClusterName, NodeId, NodeToken } from "./ids.ts"

/** Milliseconds since 1970, until the end of the year 9999: beyond it no time can be shown that can be typed, soon after none at all. */
export const AtMs = Schema.Natural.check(Schema.isLessThanOrEqualTo(253_402_300_799_999))

/** Where nodes are or will be, with the price at the time of choosing, so that history never changes when a catalog does. */
export const Offer = Schema.Struct({
  cloud: Schema.NonEmptyString,
  region: Schema.NullOr(Schema.String),
  zone: Schema.NullOr(Schema.String),
  instanceType: Schema.NullOr(Schema.String),
  /** vCPUs per node. */
  cpus: Schema.Finite,
  memoryGib: Schema.Finite,
  /** Per node. */
  accelerators: Schema.NullOr(Schema.Struct({ name: Schema.NonEmptyString, count: Schema.Finite })),
  useSpot: Schema.Boolean,
  /** USD per hour and node. */
  usdPerHour: Schema.Finite,
  catalog: Schema.NullOr(Schema.String)
})
export type Offer = typeof Offer.Type

/**
 * The disk that a new one begins as a copy of: that of the head of a stopped cluster. `log`: whose tags its machine carries, where that is
 * another.
 */
export const ClonedDisk = Schema.Struct({
  cloud: Schema.NonEmptyString,
  region: Schema.NullOr(Schema.String),
  log: Schema.optionalKey(Schema.String),
  cluster: ClusterId,
  clusterName: ClusterName,
  node: NodeId,
  host: Schema.NullOr(Schema.String),
  gib: Schema.Finite
})
export type ClonedDisk = typeof ClonedDisk.Type

/** What a task asks of its machines beyond what their place says: of a cloud that makes them. */
export const MachineWish = Schema.Struct({
  diskGib: Schema.optionalKey(Schema.Finite),
  diskTier: Schema.optionalKey(Schema.String),
  /** By region; `*` is any. */
  images: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  ports: Schema.optionalKey(Schema.Array(Schema.String)),
  labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  clone: Schema.optionalKey(ClonedDisk)
})
export type MachineWish = typeof MachineWish.Type

/** How far a refusal reaches: as long as nothing changes, no place in it will give what was asked. */
export const RefusalScope = Schema.Literals(["zone", "region", "cloud", "everywhere"])
export type RefusalScope = typeof RefusalScope.Type

/**
 * For want of what a place gives nothing: room for more machines, quota of the account, an answer, time for what is needed there to be
 * ready, or mending by the user.
 */
export const RefusalWant = Schema.Literals(["room", "quota", "answer", "time", "mending"])
export type RefusalWant = typeof RefusalWant.Type

/** What is wrong with the credentials that a cloud was asked with: they are not those of a cluster's owner, or are not taken (any more). */
export const CredentialFault = Schema.Literals(["other", "invalid"])
export type CredentialFault = typeof CredentialFault.Type

/**
 * Why a place gives nothing. Where nothing is said of its reach, it is that of the zone, for this kind of machine: its type, on demand or
 * spot.
 */
export const refusal = {
  code: Schema.String,
  /** In the cloud's own words, where it was asked. */
  message: Schema.String,
  scope: Schema.optionalKey(RefusalScope),
  /** No other kind of machine is given there either: what is missing are rights, or a network. */
  anyKind: Schema.optionalKey(Schema.Boolean),
  /** As its cloud knows it; absent where it is something else. */
  want: Schema.optionalKey(RefusalWant)
}

/** What was asked for under this token was refused as in the round before: that is told once, and not in each round. */
export const refusedAgain = Schema.optionalKey(NodeToken)

const text = Schema.optionalKey(Schema.NullOr(Schema.String))
const amount = Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.Finite, Schema.String])))
const mapping = Schema.Record(Schema.String, Schema.Unknown)
const carried = Schema.optionalKey(Schema.NullOr(mapping))

const optional = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
const textOrNumber = Schema.Union([Schema.Finite, Schema.String])
const counts = Schema.Record(Schema.String, Schema.NullOr(textOrNumber))

/** One of several requests, as it was asked. */
export const RecordedAlternative = Schema.Struct({
  infra: text,
  cloud: text,
  region: text,
  zone: text,
  instance_type: text,
  accelerators: optional(Schema.Union([Schema.String, counts])),
  accelerator_args: optional(
    Schema.Struct({ tpu_vm: optional(Schema.Union([Schema.Boolean, Schema.String])), runtime_version: text, tpu_name: text })
  ),
  cpus: amount,
  memory: amount,
  use_spot: optional(Schema.Boolean),
  spot_recovery: text,
  job_recovery: optional(
    Schema.Union([
      Schema.String,
      Schema.Struct({
        strategy: text,
        max_restarts_on_errors: optional(Schema.Finite),
        recover_on_exit_codes: optional(Schema.Union([Schema.Finite, Schema.Array(Schema.Finite)]))
      })
    ])
  ),
  disk_size: amount,
  disk_tier: text,
  ports: optional(Schema.Union([Schema.Finite, Schema.String, Schema.Array(textOrNumber)])),
  image_id: optional(Schema.Union([Schema.String, Schema.Record(Schema.String, Schema.String)])),
  labels: optional(Schema.Record(Schema.String, Schema.String)),
  autostop: optional(
    Schema.Union([Schema.Boolean, Schema.Finite, Schema.String, Schema.Struct({ idle_minutes: amount, down: optional(Schema.Boolean) })])
  )
})

/** What a task asked of its nodes, in whatever form it was asked. */
export const RecordedResources = Schema.Struct({
  ...RecordedAlternative.fields,
  accelerators: optional(Schema.Union([Schema.String, counts, Schema.Array(Schema.String)])),
  any_of: optional(Schema.Array(RecordedAlternative)),
  ordered: optional(Schema.Array(RecordedAlternative))
})

/**
 * A task as the log may hold it: its secret-looking envs are a name and a keyed digest. Written out on its own: what a task may ask for
 * (`task/Task.ts`) changes with each version, what was recorded does not.
 */
export const RecordedTask = Schema.Struct({
  name: text,
  workdir: text,
  num_nodes: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  resources: Schema.optionalKey(Schema.NullOr(RecordedResources)),
  envs: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.String))),
  /** By target: a path of the caller's machine, the address of a bucket, or storage. */
  file_mounts: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Union([Schema.String, mapping])))),
  setup: text,
  run: text,
  service: carried,
  event_callback: text,
  inputs: carried,
  outputs: carried,
  config: carried,
  experimental: carried,
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
export const observed = { entry: Schema.Natural, observedAtMs: AtMs }
