/**
 * How far a step of an operation is, between the facts of it: said to whoever waits for the operation, and to who asks while the step goes
 * on; kept nowhere else. References, so that what follows no operation need not know of them.
 */
import * as Context from "effect/Context"
import type { NodeId, OperationId } from "../../events/ids.ts"
import type { Progress } from "../../sdk/protocol/Wire.ts"
import { lasting } from "../../task/lasting.ts"
import type { Waiting } from "../clouds/Waiting.ts"

/**
 * `sinceMs`: of a wait, for who sees no seconds counted. `way`: what may be done about it, said once it lasts. `news`: said where no
 * seconds are counted as well.
 */
export type Passing = Pick<Progress, "phase" | "detail"> & { readonly sinceMs?: number; readonly way?: string; readonly news?: true }

/** A wait that takes longer is said again, with its length and the way on; nobody is told more often. */
export const longWaitMs = 60_000

export const waitText = ({ detail, way }: Passing, waitedMs: number): string =>
  `${detail}, ${lasting(Math.max(1000, waitedMs))}${way !== undefined && waitedMs >= longWaitMs ? `; ${way}` : ""}`

type Follower = (passing: Passing) => void

const make = () => {
  const followers = new Map<OperationId, Set<Follower>>()
  const latest = new Map<OperationId, Passing>()
  return {
    say: (operation: OperationId, passing: Passing): void => {
      latest.set(operation, passing)
      for (const follower of followers.get(operation) ?? []) follower(passing)
    },
    /** What was said last, while its step goes on. */
    last: (operation: OperationId | undefined): Passing | undefined => (operation === undefined ? undefined : latest.get(operation)),
    /** The step has ended: a fact says how. */
    over: (operation: OperationId | undefined): void => {
      if (operation !== undefined) latest.delete(operation)
    },
    /** From what was said last on. Returns what ends that. */
    follow: (operation: OperationId, follower: Follower): (() => void) => {
      const own = followers.get(operation) ?? new Set()
      followers.set(operation, own.add(follower))
      const said = latest.get(operation)
      if (said !== undefined) follower(said)
      return () => {
        own.delete(follower)
        if (own.size === 0 && followers.get(operation) === own) followers.delete(operation)
      }
    }
  }
}

export const Ongoing = Context.Reference<ReturnType<typeof make>>("skyd/daemon/requests/Ongoing", { defaultValue: make })

interface Waited {
  /** Since when a node is waited for, where that is before the present try. */
  readonly sinceMs?: (node: NodeId) => number | undefined
  readonly way?: string | undefined
}

/** Of several nodes the first that is waited for, and how many more are; said when it changes. */
export const waitingFor = (say: (passing: Passing) => void, phase: Passing["phase"], { sinceMs: since, way }: Waited = {}): Waiting => {
  const waits = new Map<NodeId, { readonly what: string; readonly sinceMs: number }>()
  let said = ""
  const show = () => {
    const [first] = waits.values()
    if (first === undefined) return
    const detail = `${first.what}${waits.size > 1 ? `; and for ${waits.size - 1} more` : ""}`
    if (detail !== said) say({ phase, detail, sinceMs: first.sinceMs, ...(way !== undefined && { way }) })
    said = detail
  }
  return {
    begun: (node, what, sinceMs) => {
      waits.set(node, { what, sinceMs: since?.(node) ?? sinceMs })
      show()
    },
    over: (node) => {
      waits.delete(node)
      show()
    }
  }
}
