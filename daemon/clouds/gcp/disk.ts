/** The boot disk that a tier stands for, of what the family of the machine can have. Pure. */
import type { MachineWish, Offer } from "../../../events/values.ts"
import { type DiskTier, diskGibDefault } from "../../../task/disk.ts"
import { namedImage } from "../../../task/images.ts"
import { diskUsdPerHour } from "../../catalog/disk-prices.ts"
import { isMachineImage } from "../../catalog/machine-images.ts"
import type { Instance } from "./api.ts"

const usual: { readonly [T in DiskTier]: string } = { low: "pd-standard", medium: "pd-balanced", high: "pd-ssd", best: "pd-ssd" }
/** Of these it is the only kind. */
const hyperdisk = /^(a3-ultragpu|a4|a4x|c4|c4a|c4d|h4d|m4|n4|n4a|n4d|x4)-/
/** Of these there is no slow one. */
const noStandard = /^(a3|c3|c3d|g2|h3|m3|z3)-/

export const diskType = (tier: DiskTier = "medium", instanceType: string): string => {
  if (hyperdisk.test(instanceType)) return "hyperdisk-balanced"
  return usual[tier === "low" && noStandard.test(instanceType) ? "medium" : tier]
}

/** As the list of machines has it. */
export const bootDiskGib = ({ disks }: Pick<Instance, "disks">): number | undefined => {
  const gib = Number(disks?.find(({ boot }) => boot)?.diskSizeGb ?? 0)
  return gib > 0 ? gib : undefined
}

/** What disks a machine image has nobody has asked. */
export const bootDiskUsdPerHour = (
  { instanceType, region }: Pick<Offer, "instanceType" | "region">,
  { diskGib, diskTier, images }: MachineWish
): number | null => {
  if (isMachineImage(namedImage(images, region ?? "") ?? "")) return null
  return diskUsdPerHour({ kind: diskType(diskTier as DiskTier | undefined, instanceType ?? ""), gib: diskGib ?? diskGibDefault })
}
