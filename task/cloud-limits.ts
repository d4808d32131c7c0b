/** What a cloud sets limits to, whatever machine is asked for: the size of a disk, and how things may be labelled. Pure. */
import { cloudDisplay } from "./clouds.ts"
import type { Need } from "./Need.ts"
import type { CloudOffers } from "./Offers.ts"

type Limits = Pick<CloudOffers, "diskGib" | "keepsDisks" | "labelProblem">

const diskProblem = (name: string, { disk_size: gib, image_id }: Need, { diskGib }: Limits): string | undefined => {
  if (gib === undefined || diskGib === undefined) return undefined
  const { least, most, usualImage } = diskGib
  if (gib > most) return `${name}'s disks have at most ${most} GiB, disk_size is ${gib}.`
  if (gib < least) return `${name}'s disks have at least ${least} GiB, disk_size is ${gib}.`
  return image_id === undefined && gib < usualImage ? `${name}'s usual image needs ${usualImage} GiB, disk_size is ${gib}.` : undefined
}

const keptDiskProblem = (name: string, { disk_size, disk_tier, image_id }: Need, { keepsDisks }: Limits): string | undefined => {
  const kept = Object.values(image_id ?? {}).find((image) => keepsDisks?.(image))
  const asked = [disk_size === undefined ? [] : ["disk_size"], disk_tier === undefined ? [] : ["disk_tier"]].flat()
  if (kept === undefined || asked.length === 0) return undefined
  return `${name}'s machine image ${kept} has the disks that it was kept with: leave out ${asked.join(" and ")}, or name an image.`
}

/** Why the cloud makes no machine of the kind, as a sentence. How large an image of the user's is, its cloud says when it is asked for. */
export const beyondLimits = (cloud: string, need: Need, limits: Limits): string | undefined => {
  const label = limits.labelProblem?.(need.labels ?? {})
  const name = cloudDisplay(cloud)
  return diskProblem(name, need, limits) ?? keptDiskProblem(name, need, limits) ?? (label === undefined ? undefined : `${label}.`)
}
