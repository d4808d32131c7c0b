/** Questions about the clouds: which can be used, and what the user's own machines are at the moment. */
import * as Schema from "effect/Schema"
import { Notices } from "./replay.ts"

/** Which clouds can be used now; nothing is asked that takes its time. */
export const Check = Schema.Struct({
  /** As a task names them; null: all. */
  clouds: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
  /** Whether each that is enabled tells who its credentials are. */
  identity: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
export const CloudView = Schema.Struct({
  cloud: Schema.String,
  enabled: Schema.Boolean,
  /** Why it cannot be used. */
  reason: Schema.NullOr(Schema.String),
  /** What should be mended although it works. */
  warnings: Schema.Array(Schema.String),
  /**
   * Who its credentials are, most specific first: the user, then the account. Null where there are none to have; only where it was asked
   * for.
   */
  identity: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String)))
})
export type CloudView = typeof CloudView.Type
export const CheckAnswer = Schema.Struct({ clouds: Schema.Array(CloudView), notices: Notices })
export type CheckAnswer = typeof CheckAnswer.Type

/** The machines that `ssh_node_pools.yaml` names, each asked now, in the order of the file. */
export const SshList = Schema.Struct({
  /** Null: all. */
  pool: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export const MachineView = Schema.Struct({
  pool: Schema.String,
  /** As the file calls it, with its port where it names one. */
  host: Schema.String,
  /** `unusable`: it is reached, and nothing can be put there. */
  status: Schema.Literals(["free", "leased", "unreachable", "unusable"]),
  /** The cluster that has it, whoever's log knows that. */
  clusterName: Schema.NullOr(Schema.String),
  /** Why it cannot be had now. */
  reason: Schema.NullOr(Schema.String),
  cpus: Schema.NullOr(Schema.Number),
  memoryGib: Schema.NullOr(Schema.Number),
  accelerators: Schema.NullOr(Schema.Struct({ name: Schema.String, count: Schema.Number })),
  /** The version of its Node; null: it has none that is new enough, and is given one with its first cluster. */
  node: Schema.NullOr(Schema.String),
  /** What its owner should know although it works: GPUs that do not answer, say. */
  warnings: Schema.Array(Schema.String)
})
export type MachineView = typeof MachineView.Type
export const SshListAnswer = Schema.Struct({
  machines: Schema.Array(MachineView),
  /** What should be mended in the file, and which of its pools is left out for it. */
  warnings: Schema.Array(Schema.String),
  notices: Notices
})
export type SshListAnswer = typeof SshListAnswer.Type
