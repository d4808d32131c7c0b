/** The disks that machines have come with, told where they are of another size than was asked for, or than is usual. Pure. */
import type { MachineWish } from "../../events/values.ts"
import { diskGibDefault } from "../../task/disk.ts"
import type { Provisioned } from "../clouds/Cloud.ts"

export const ownDisk = (node: Provisioned, { diskGib = diskGibDefault }: MachineWish = {}, gib?: number): Provisioned =>
  gib === undefined || gib === diskGib ? node : { ...node, diskGib: gib }
