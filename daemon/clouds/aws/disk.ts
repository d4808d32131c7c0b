/** The root disk that a tier stands for. Pure. */
import type { EbsBlockDevice } from "@aws-sdk/client-ec2"
import type { MachineWish } from "../../../events/values.ts"
import { type DiskTier, diskGibDefault } from "../../../task/disk.ts"
import { diskUsdPerHour } from "../../catalog/disk-prices.ts"

type Volume = Pick<EbsBlockDevice, "VolumeType" | "Iops" | "Throughput">

const iopsOfThroughput = 16
const gp3 = (Iops: number): Volume => ({ VolumeType: "gp3", Iops, Throughput: Math.floor(Iops / iopsOfThroughput) })
const best = gp3(7000)
const tiers: { readonly [T in DiskTier]: Volume } = { low: { VolumeType: "standard" }, medium: gp3(3500), high: best, best }
/** Of gp3: a small one is no faster, whoever pays. */
const iopsMaxPerGib = 500
const iopsMin = 3000
const standardMaxGib = 1024

export const rootDisk = (tier: DiskTier = "medium", gib: number): EbsBlockDevice => {
  const volume = tiers[tier]
  const size = { VolumeSize: gib, DeleteOnTermination: true }
  // The old kind ends at a size that was much once.
  if (volume.Iops === undefined) return gib > standardMaxGib ? { VolumeType: "gp3", ...size } : { ...volume, ...size }
  const iops = Math.max(iopsMin, Math.min(volume.Iops, gib * iopsMaxPerGib))
  return { ...gp3(iops), ...size }
}

export const rootDiskUsdPerHour = ({ diskGib = diskGibDefault, diskTier }: MachineWish): number | null => {
  const { Iops = 0, Throughput = 0, VolumeType = "" } = rootDisk(diskTier as DiskTier | undefined, diskGib)
  return diskUsdPerHour({ kind: VolumeType, gib: diskGib, iops: Iops, mibPerSecond: Throughput })
}
