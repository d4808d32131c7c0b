/** The way out when the log takes nothing any more: a cluster is ended by the tags of its machines, and nothing is recorded. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type SkydError, ValueError } from "../sdk/protocol/errors.ts"

export interface Ended {
  readonly cluster: string
  /** Machines that were ended. */
  readonly nodes: ReadonlyArray<string>
}

export class Unlogged extends Context.Service<Unlogged, { readonly end: (clusterName: string) => Effect.Effect<Ended, SkydError> }>()(
  "skyd/daemon/Unlogged"
) {
  /** While the log is sound, what happens is recorded. */
  static readonly refused = Layer.succeed(Unlogged, {
    end: (clusterName) =>
      Effect.fail(
        new ValueError({ message: "The log is sound: nothing is done without recording it.", hint: `End it with: sky down ${clusterName}` })
      )
  })
}
