/** What came of a look at a machine, and whose it is by that. Pure. */
import { baseName } from "../../../machine/places.ts"
import type { NodeIdentity } from "../../../sdk/agent/node-folder.ts"
import type { Ground } from "../../remote/ground.ts"
import type { Target } from "../../remote/Target.ts"
import type { PoolMachine } from "./PoolMachine.ts"

export interface Reached {
  readonly target: Target
  readonly ground: Ground
  /** As it was shown. */
  readonly hostKey: string
}

export type Looked = PoolMachine &
  (
    | { readonly reached: Reached; readonly why: null }
    /** `wasThere`: it answered a moment ago. `clusterName`: of ours, that has it. */
    | {
        readonly reached: null
        readonly why: string
        readonly advice: string | null
        readonly wasThere: boolean
        readonly clusterName: string | null
      }
  )
export type FoundMachine = PoolMachine & { readonly reached: Reached; readonly why: null }

export const isFound = (looked: Looked): looked is FoundMachine => looked.reached !== null

/** Where the home is another machine's as well, what lies there may be of that one. */
const seenIn = ({ reached }: Looked) => {
  const lease = reached?.ground.lease ?? null
  if (lease === null || lease === "unreadable") return { lease: null, isElsewhere: false }
  return { lease, isElsewhere: (lease.machine ?? reached!.ground.machine) !== reached!.ground.machine }
}
export const leaseOf = (looked: Looked): NodeIdentity | null => {
  const { isElsewhere, lease } = seenIn(looked)
  return isElsewhere ? null : lease
}

export const whyShared = (looked: Looked): string | null => {
  const { isElsewhere, lease } = seenIn(looked)
  if (!isElsewhere || lease === null) return null
  return `it shares its home with ${lease.address}, which '${lease.clusterName}' has: skyd needs a home of its own on each machine`
}

/** Why nobody can have it now; null when it is free. */
export const whyTaken = (looked: Looked): string | null => {
  if (!isFound(looked)) return looked.why
  const { lease } = looked.reached.ground
  if (lease === "unreadable") return `leased by somebody: ${baseName}/lease there cannot be read`
  if (lease !== null) return whyShared(looked) ?? `leased by '${lease.clusterName}'`
  const { tenants } = looked.reached.ground
  return tenants.length === 0 ? null : `in use as another user of that machine, by ${tenants.join(", ")}`
}
