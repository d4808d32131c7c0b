/**
 * Nodes that their cloud did not list. A list may lack for a moment what is there: a node is gone when it is missing in two of them, a
 * while apart.
 */
export const missingAfterMs = 60_000
/** Of those that are gone nobody asks any more: they make room for others. */
export const missedMax = 10_000

export const makeMissed = () => {
  const sinceMs = new Map<string, number>()
  return {
    seen: (node: string) => sinceMs.delete(node),
    /** Whether it was so a while ago as well. `nowMs`: of steadyMs, which nobody sets. */
    isLong: (node: string, nowMs: number): boolean => {
      const first = sinceMs.get(node) ?? nowMs
      // Who was asked for last comes last.
      sinceMs.delete(node)
      sinceMs.set(node, first)
      if (sinceMs.size > missedMax) sinceMs.delete(sinceMs.keys().next().value!)
      return nowMs - first >= missingAfterMs
    }
  }
}
export type Missed = ReturnType<typeof makeMissed>
