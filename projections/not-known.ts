/** What is said of a node whose agent went, and of which its cloud says nothing: in the log, and read there again. Pure. */

export const wentAway = "its agent went away"
/** It holds until its cloud says more. */
export const notKnown = `${wentAway}, and what became of the node is not known: `
export const withoutNotKnown = (reason: string | null): string | null => (reason?.startsWith(notKnown) ? wentAway : reason)
export const whyNotKnown = (reason: string | null): string | undefined =>
  reason?.startsWith(notKnown) ? reason.slice(notKnown.length) : undefined
