/** What an instance is to whoever pays for it. Pure. */
import type { Instance } from "@aws-sdk/client-ec2"
import { inner } from "../../../task/sentence.ts"
import { isOn, type Phase } from "../../rented/phases.ts"
import { unwanted } from "../../rented/unwanted.ts"
import type { CloudError, NodeState } from "../Cloud.ts"
import { bare, refusedBy } from "./errors.ts"
import type { Label } from "./tags.ts"

export const phaseOf = ({ State }: Pick<Instance, "State">): Phase => {
  switch (State?.Name) {
    case "running":
    case "stopping":
    case "stopped":
      return State.Name
    // There is no way back from there, and nothing more to pay.
    case "shutting-down":
    case "terminated":
      return "gone"
    default:
      return "pending"
  }
}

/** Where we go; null before it has one. */
export const addressOf = ({ PrivateIpAddress, PublicIpAddress }: Instance, useInternalIps: boolean): string | null => {
  const address = useInternalIps ? PrivateIpAddress : (PublicIpAddress ?? PrivateIpAddress)
  return address === undefined || address === "" ? null : address
}

const byUser = "Client.UserInitiatedShutdown"

const meanings: Readonly<Record<string, string>> = {
  [byUser]: "by a call to AWS",
  "Client.InstanceInitiatedShutdown": "by itself",
  "Server.SpotInstanceTermination": "AWS took the spot machine back",
  "Server.SpotInstanceShutdown": "AWS took the spot machine back",
  "Server.ScheduledStop": "AWS stopped it as scheduled"
}

/** Why it does not run, in words: what AWS says of it, with who that was. */
export const reasonOf = ({ State, StateReason, StateTransitionReason }: Instance): string => {
  const code = StateReason?.Code ?? ""
  const words = meanings[code] ?? (StateReason?.Message || StateTransitionReason || "AWS does not say why")
  const ended = phaseOf({ State }) === "gone" ? "terminated" : "stopped"
  return `${ended}: ${inner(words)}${code === "" || words.includes(code) ? "" : ` (${code})`}`
}

/** "User initiated (2026-11-27 03:10:11 GMT)": when it was told to end. */
const endedAt = ({ StateTransitionReason }: Instance): { readonly endedAtMs?: number } => {
  const [, day, time] = /\((\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:GMT|UTC)\)/.exec(StateTransitionReason ?? "") ?? []
  const endedAtMs = Date.parse(`${day}T${time}Z`)
  return Number.isNaN(endedAtMs) ? {} : { endedAtMs }
}

export const stateOf = (instance: Instance, { node, rank }: Pick<Label, "node" | "rank">, useInternalIps: boolean): NodeState => {
  const phase = phaseOf(instance)
  const about = { rank, node, down: false }
  if (isOn(phase)) return { ...about, state: "running", address: addressOf(instance, useInternalIps), reason: null }
  return { ...about, state: phase === "gone" ? "missing" : "stopped", address: null, reason: reasonOf(instance), ...endedAt(instance) }
}

/** It will not run by itself. */
export const hasEnded = (instance: Pick<Instance, "State">): boolean => !isOn(phaseOf(instance))

/** Of those that ended as they began the one that tells why: of a gang that fell short the others are ended by us. */
export const endedFirst = (instances: ReadonlyArray<Instance>): Instance | undefined => {
  const ended = instances.filter(hasEnded)
  return ended.find(({ StateReason }) => StateReason?.Code !== byUser) ?? ended[0]
}

/** Of one that ended before it ran: what EC2 would have said, had it known that when it was asked. */
export const failureOf = (instance: Instance, left: CloudError["left"] = []): CloudError => {
  const code = bare(instance.StateReason?.Code ?? "InternalError")
  const message = `${instance.InstanceId} ${reasonOf(instance)}`
  return instance.StateReason?.Code === byUser ? unwanted(code, message, left) : refusedBy(code, message, left)
}
