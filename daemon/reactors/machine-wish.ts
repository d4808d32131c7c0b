/**
 * What the machines of a place are asked to be besides: by the task that they are launched for, and as the others are where there are some.
 * Pure.
 */
import type { MachineWish, Offer } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { placedNeed } from "../../task/placed.ts"
import { present } from "../../task/present.ts"

export const machineWish = (row: ClusterRow, offer: Offer): MachineWish => {
  const [active] = workOf(row)
  if (row.nodes.length > 0 || active?.request?._tag !== "LaunchRequested") return row.machine
  const { clone, task } = active.request
  const { disk_size, disk_tier, image_id, labels, ports } = placedNeed(task.resources, offer)
  return present<MachineWish>({ diskGib: disk_size, diskTier: disk_tier, images: image_id, ports, labels, clone })
}
