/**
 * What a cloud has made in the account beside a cluster's machines, and what stays when these are gone: said by the cloud, heard by who
 * knows for which cluster.
 */
import * as Context from "effect/Context"

/** `words`: what it is and lets be done, as a sentence without its full stop. */
export interface MadeNetwork {
  readonly network: string
  readonly words: string
}

export const Made = Context.Reference<(made: MadeNetwork) => void>("skyd/daemon/clouds/Made", { defaultValue: () => () => {} })
