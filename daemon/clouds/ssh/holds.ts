/**
 * Which machines nodes of this daemon are being put on, by what all users of one see. A lease is in one user's home: who comes in as
 * another is told here, and by the look itself once the node's agent runs.
 */
import { type NodeToken, tokenOf } from "../../../events/ids.ts"
import type { Ground } from "../../remote/ground.ts"

type Seen = Pick<Ground, "kernel">
interface Holder {
  readonly node: string
  readonly clusterName: string
}
/** By then its agent runs, or there is none. */
const heldMaxMs = 600_000

export const makeHolds = () => {
  const holders = new Map<string, Holder & { readonly untilMs: number }>()
  const holderOf = ({ kernel }: Seen, nowMs: number) => {
    const holder = kernel === null ? undefined : holders.get(kernel)
    return holder !== undefined && holder.untilMs > nowMs ? holder : undefined
  }
  return {
    /** False: another node is being put there. */
    begin: (seen: Seen, own: Holder, nowMs: number): boolean => {
      const holder = holderOf(seen, nowMs)
      if (holder !== undefined && holder.node !== own.node) return false
      if (seen.kernel !== null) holders.set(seen.kernel, { ...own, untilMs: nowMs + heldMaxMs })
      return true
    },
    end: (node: string): void => {
      for (const [kernel, holder] of holders) if (holder.node === node) holders.delete(kernel)
    },
    /** Who has it, in words. A node that is being put there is not in the way of the token that it was asked for under. */
    by: (seen: Seen, nowMs: number, asks: NodeToken | null): ReadonlyArray<string> => {
      const holder = holderOf(seen, nowMs)
      return holder === undefined || tokenOf(holder.node) === asks ? [] : [`'${holder.clusterName}'`]
    }
  }
}
