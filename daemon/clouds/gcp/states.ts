/** What an instance is to whoever pays for it. Pure. */
import { isOn, type Phase } from "../../rented/phases.ts"
import type { NodeState } from "../Cloud.ts"
import type { Instance } from "./api.ts"
import { type Ending, inWords } from "./endings.ts"
import type { Label } from "./names.ts"

export const phaseOf = ({ status }: Pick<Instance, "status">): Phase => {
  switch (status) {
    case "RUNNING":
      return "running"
    case "STOPPING":
    case "PENDING_STOP":
    case "SUSPENDING":
    case "DEPROVISIONING":
      return "stopping"
    case "TERMINATED":
    case "STOPPED":
    case "SUSPENDED":
      return "stopped"
    // What is new in the API is on its way to somewhere.
    default:
      return "pending"
  }
}

/** Where we go; null before it has one. */
export const addressOf = ({ networkInterfaces }: Instance, useInternalIps: boolean): string | null => {
  const [nic] = networkInterfaces ?? []
  const outside = nic?.accessConfigs?.map(({ natIP }) => natIP).find(Boolean)
  return (useInternalIps ? undefined : outside) || nic?.networkIP || null
}

export const stateOf = (
  instance: Instance,
  { endsItself, node, rank }: Label,
  ending: Ending | undefined,
  useInternalIps: boolean
): NodeState => {
  const phase = phaseOf(instance)
  if (isOn(phase)) return { rank, node, down: false, state: "running", address: addressOf(instance, useInternalIps), reason: null }
  // One that is deleted or taken back stops first: as if it stayed, its whole cluster would be stopped with it.
  if (phase === "stopping")
    return { rank, node, down: false, state: "unknown", address: null, reason: "GCP is stopping it, and has not said yet if it stays" }
  const isSuspended = instance.status === "SUSPENDED"
  // Nobody suspends himself: that was never its own shutdown.
  const isOver = endsItself && !isSuspended && (ending?.how === "itself" || ending?.how === "forgotten")
  const words = ending === undefined && isSuspended ? "suspended" : inWords(ending)
  const why = ending?.how === "forgotten" && isOver ? `${words}, and its own shutdown was to be its end` : words
  const sinceStamp = isSuspended ? instance.lastSuspendedTimestamp : instance.lastStopTimestamp
  const endedAtMs = ending?.atMs ?? (Date.parse(sinceStamp ?? "") || undefined)
  return {
    rank,
    node,
    down: isOver,
    state: "stopped",
    address: null,
    reason: `stopped: ${why}`,
    ...(endedAtMs !== undefined && { endedAtMs })
  }
}
