/**
 * Ports that launches open on a cluster that is there. A launch that asks for such says so in the log before its cloud is asked: where it
 * ends without an answer they may be open, until the cloud has been looked at. Pure.
 */
import type { PortsNotOpened, PortsOpened } from "../events/setup.ts"
import type { MachineWish, RecordedTask } from "../events/values.ts"
import { placedNeed } from "../task/placed.ts"
import { portsBeyond, portsText, portTexts } from "../task/ports.ts"
import { inner } from "../task/sentence.ts"
import type { ActiveOperation, ClusterRow } from "./ClusterRow.ts"

/** In any of its wishes. */
export const asksPorts = ({ resources }: RecordedTask) =>
  [resources, ...(resources?.any_of ?? []), ...(resources?.ordered ?? [])].some((one) => (one?.ports ?? null) !== null)

/** Those that a launch opens. */
export const closedPorts = ({ machine, offer }: Pick<ClusterRow, "machine" | "offer">, task: RecordedTask): ReadonlyArray<string> =>
  portsBeyond(machine.ports ?? [], placedNeed(task.resources, offer).ports ?? [])

/** They are asked for once all nodes have answered to this launch, and before anything else is done for it. */
const mayHaveOpened = (row: ClusterRow, { readyRanks, request }: ActiveOperation): ReadonlyArray<string> => {
  if (request?._tag !== "LaunchRequested" || !asksPorts(request.task)) return []
  const isReady = row.nodes.length > 0 && row.nodes.every(({ rank }) => readyRanks.includes(rank))
  return isReady ? closedPorts(row, request.task) : []
}

/** As the end of a sentence about a launch that ends now. */
export const mayBeOpen = (row: ClusterRow, active: ActiveOperation): string => {
  const ports = mayHaveOpened(row, active)
  return ports.length === 0 ? "" : `; ${portsText(ports)} may be open`
}

/** Its launch has ended, and has not opened them as far as is known. */
export const doubtAfter = (row: ClusterRow, active: ActiveOperation | undefined): ClusterRow["portsInDoubt"] => {
  const { portsInDoubt } = row
  const ports = active === undefined ? [] : mayHaveOpened(row, active)
  return ports.length === 0 ? portsInDoubt : { operation: active!.id, ports: portTexts([...(portsInDoubt?.ports ?? []), ...ports]) }
}

const without = ({ portsInDoubt }: ClusterRow, known: ReadonlyArray<string>): ClusterRow["portsInDoubt"] => {
  const ports = portsInDoubt === null ? [] : portsBeyond(known, portsInDoubt.ports)
  return ports.length === 0 ? null : { ...portsInDoubt!, ports }
}

/** After a launch has opened these. */
export const withPorts = <M extends MachineWish>(machine: M, opened: ReadonlyArray<string>): M => ({
  ...machine,
  ports: portTexts([...(machine.ports ?? []), ...opened])
})

export const nextOfPorts = (row: ClusterRow, { _tag, ports }: typeof PortsOpened.Type | typeof PortsNotOpened.Type): ClusterRow => {
  const open = _tag === "PortsOpened" ? { machine: withPorts(row.machine, ports) } : {}
  return { ...row, ...open, portsInDoubt: without(row, ports), trouble: null }
}

/** Of a cluster at rest, where nothing else is tried than to look at it. */
export const inDoubtText = ({ portsInDoubt, trouble }: ClusterRow): string | null => {
  if (portsInDoubt === null) return null
  const text = portsText(portsInDoubt.ports)
  const whose = text.startsWith("ports") ? "their" : "its"
  const then = trouble === null ? "it is asked again by itself" : `it cannot be asked now: ${inner(trouble.message)}`
  return `${text} may be open: ${whose} launch ended before the cloud had answered; ${then}`
}
