/**
 * Machines that were there a moment ago and are not reached now, in the middle of what somebody waits for: for how long, and what that was.
 */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../events/ids.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { lasting } from "../../task/lasting.ts"
import { inner } from "../../task/sentence.ts"
import { CloudError } from "../clouds/Cloud.ts"
import { Ongoing } from "../requests/Ongoing.ts"
import { isEnding } from "./failure.ts"
import { phaseOf } from "./phase-of.ts"
import type { Action } from "./plan.ts"

export interface Away {
  readonly sinceMs: number
  /** What broke; what is tried since then may be something else. */
  readonly action: Action["_tag"]
}

/** One that was known to be away before it was asked for anything is not waited for as long. */
const wasThere = (row: ClusterRow, action: Action): boolean => {
  const [active] = workOf(row)
  if (active === undefined || isEnding(action)) return false
  const isOld = ({ ready, reason, sinceMs }: NodeRow) => !ready && reason !== null && sinceMs < active.sinceMs
  return !row.nodes.some(isOld)
}

/** A machine that was made or started and has not been reached since is waited for from then on, whoever has tried before. */
const cameMs = ({ nodes }: ClusterRow, { _tag }: Action): number | undefined => {
  const never = nodes.filter(({ ready, reason, state }) => state === "running" && !ready && reason === null)
  return _tag === "InstallAgents" && never.length > 0 ? Math.min(...never.map(({ sinceMs }) => sinceMs)) : undefined
}

/** Kept through changes of the plan: whatever is tried meanwhile, it is the same link that is down. */
export class Aways {
  private readonly known = new Map<ClusterId, Away>()

  /** It is reached, or nobody waits any more. */
  forget(cluster: ClusterId): void {
    this.known.delete(cluster)
  }

  /** After a try that failed; who waits is told. None where it failed for another reason. */
  note(row: ClusterRow, action: Action, error: unknown, nowMs: number): Effect.Effect<Away | undefined> {
    return Effect.gen({ self: this }, function* () {
      const isUnreached = error instanceof CloudError && error.unreached === true
      const isAway = isUnreached && wasThere(row, action)
      const away = isAway ? (this.known.get(row.id) ?? { sinceMs: cameMs(row, action) ?? nowMs, action: action._tag }) : undefined
      if (away === undefined) this.forget(row.id)
      else this.known.set(row.id, away)
      const [active] = workOf(row)
      if (!isUnreached || active === undefined) return away
      const since = away?.sinceMs ?? row.nodes.find(({ ready, reason }) => !ready && reason !== null)?.sinceMs ?? nowMs
      const ongoing = yield* Ongoing
      const detail = `not reached for ${lasting(Math.max(1000, nowMs - since))}: ${inner(error.message)}; trying again`
      ongoing.say(active.id, { phase: phaseOf(away?.action ?? action._tag), detail })
      return away
    })
  }
}
