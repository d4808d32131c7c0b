/** Whether a request fits a cluster, and whether a place is blocked by a pattern. */
import type { Need } from "../../../task/Need.ts"
import type { Answer, GoldenSet } from "../GoldenSet.ts"
import { isRefused, type Kwargs, needOfKwargs, resourcesOfNeed } from "./resources.ts"
import { cloudsNotRun } from "./resources-rules.ts"

interface Input {
  readonly wanted: Kwargs
  readonly launched: Kwargs | ReadonlyArray<Kwargs>
  readonly num_nodes?: number
  readonly check_ports?: boolean
}

/** Needing FUSE is the task's, by its mounts, and not part of a request. */
const needOf = ({ _requires_fuse: _, ...kwargs }: Kwargs) => needOfKwargs(kwargs)

const answer = ({ check_ports, launched, num_nodes, wanted }: Input): Answer => {
  const isMixed = Array.isArray(launched)
  const all = [wanted, ...(isMixed ? launched : [launched as Kwargs])].map(needOf)
  for (const one of all) if (isRefused(one)) return one
  const [need, ...nodes] = (all as ReadonlyArray<Need>).map(resourcesOfNeed)
  const fits = need!.lessDemandingThan(isMixed ? nodes : nodes[0]!, num_nodes, check_ports)
  return { out: { fits, launched_blocked_by_wanted: isMixed ? undefined : nodes[0]!.shouldBeBlockedBy(need!) } }
}

export const lessDemanding: GoldenSet = {
  name: "less-demanding",
  answer,
  rules: [cloudsNotRun((input) => [input.wanted, input.launched].flat())]
}
