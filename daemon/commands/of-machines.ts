/** What a task asks of the machines of a cluster that is there: ports are opened by a launch, all else stays as it was made. Pure. */
import * as Result from "effect/Result"
import type { MachineWish, Offer, RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { closedPorts } from "../../projections/open-ports.ts"
import { ResourcesMismatchError } from "../../sdk/protocol/errors.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { anyRegion, namedImage } from "../../task/images.ts"
import type { Need } from "../../task/Need.ts"
import { fitsPlace, placedNeed } from "../../task/placed.ts"
import { holdsPorts, portsText, portTexts } from "../../task/ports.ts"
import { joined } from "../../task/sentence.ts"

/** Of an exec, which opens none. */
export const refuseClosedPorts = (row: ClusterRow, task: RecordedTask) => {
  const open = row.machine.ports ?? []
  const fitting = alternativesOf(task.resources).items.filter((need) => fitsPlace(need, row.offer))
  if (fitting.some(({ ports = [] }) => holdsPorts(open, ports))) return undefined
  const wanted = fitting.map(({ ports = [] }) => portsText(ports)).join(" or ")
  return Result.fail(
    new ResourcesMismatchError({
      message: `The task does not fit ${row.name}: requested ${wanted}, existing ${open.length === 0 ? "none" : open.join(", ")}.`,
      hint: `A launch opens them: sky launch -c ${row.name}`
    })
  )
}

/** Of the place that a cluster has. */
export const imageAt = (images: Need["image_id"], offer: Pick<Offer, "region"> | null) => namedImage(images, offer?.region ?? anyRegion)

/** As clouds have it where none is asked for. */
const usualTier = "medium"
/** No cloud has a faster one than high. */
const isTier = (asked: string, { diskTier: has = usualTier }: MachineWish) => asked === has || (asked === "best" && has === "high")

/** Fields of the task that say another thing than the machines are. */
const differing = ({ cameGib, machine }: ClusterRow, offer: Offer, asked: Need): ReadonlyArray<string> => {
  const { disk_size, disk_tier, image_id, labels } = asked
  const hasLabels = Object.entries(labels ?? {}).every(([key, value]) => machine.labels?.[key] === value)
  const differs: ReadonlyArray<readonly [string, boolean]> = [
    ["disk_size", disk_size !== undefined && disk_size !== machine.diskGib && disk_size !== cameGib],
    ["disk_tier", disk_tier !== undefined && !isTier(disk_tier, machine)],
    ["image_id", image_id !== undefined && imageAt(image_id, offer) !== imageAt(machine.images, offer)],
    ["labels", !hasLabels]
  ]
  return differs.filter(([, is]) => is).map(([field]) => field)
}

/** What a launch on it changes and does not change of its machines, a sentence each. `opens`: its cloud keeps ports closed. */
export const notesOfMachines = (row: ClusterRow, task: RecordedTask, opens: boolean): ReadonlyArray<string> => {
  const { name, offer } = row
  if (offer === null || row.nodes.length === 0) return []
  const closed = closedPorts(row, task)
  const fields = differing(row, offer, placedNeed(task.resources, offer))
  return [
    ...(opens && closed.length > 0 ? [`Opens ${portsText(closed)} on ${name}, to everybody.`] : []),
    ...(fields.length > 0 ? [`${joined(fields)} ${fields.length > 1 ? "are" : "is"} ignored: ${name} is there already.`] : [])
  ]
}

/** Of a new cluster, in the place that it is to go to. */
export const notesOfPorts = (offer: Offer, task: RecordedTask, opens: boolean): ReadonlyArray<string> => {
  const ports = portTexts(placedNeed(task.resources, offer).ports ?? [])
  return opens && ports.length > 0 ? [`Opens ${portsText(ports)}, to everybody.`] : []
}
