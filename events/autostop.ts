/** Facts about stopping when idle. The count is kept on the head node; these are the setting and what came of it. */
import * as Schema from "effect/Schema"
import { ClusterId, Seq } from "./ids.ts"
import { AtMs, observed } from "./values.ts"

/** The last setting holds. Negative minutes cancel. */
export const AutostopSet = Schema.TaggedStruct("AutostopSet", { cluster: ClusterId, idleMinutes: Schema.Int, down: Schema.Boolean })

/** The head's agent has the setting of that position on its disk. */
export const AutostopArmed = Schema.TaggedStruct("AutostopArmed", { cluster: ClusterId, setting: Seq })

/** The head stopped or ended the cluster by itself. Copied from its journal. `past`: it was started again before that was heard. */
export const AutostopFired = Schema.TaggedStruct("AutostopFired", {
  cluster: ClusterId,
  ...observed,
  idleMinutes: Schema.Int,
  down: Schema.Boolean,
  idleSinceMs: AtMs,
  past: Schema.optionalKey(Schema.Boolean)
})
