/**
 * How far a step of an operation is, between the facts of it: said to whoever waits for the operation in this moment, and kept nowhere. A
 * reference, so that what follows no operation need not know of it.
 */
import * as Context from "effect/Context"
import type { OperationId } from "../events/ids.ts"
import type { Progress } from "../sdk/protocol/Wire.ts"

export type Passing = Pick<Progress, "phase" | "detail">

type Follower = (passing: Passing) => void

const make = () => {
  const followers = new Map<OperationId, Set<Follower>>()
  return {
    say: (operation: OperationId, passing: Passing): void => {
      for (const follower of followers.get(operation) ?? []) follower(passing)
    },
    /** Returns what ends that. */
    follow: (operation: OperationId, follower: Follower): (() => void) => {
      const own = followers.get(operation) ?? new Set()
      followers.set(operation, own.add(follower))
      return () => {
        own.delete(follower)
        if (own.size === 0 && followers.get(operation) === own) followers.delete(operation)
      }
    }
  }
}

export const Ongoing = Context.Reference<ReturnType<typeof make>>("skyd/daemon/Ongoing", { defaultValue: make })
