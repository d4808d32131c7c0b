/** What a cloud sets limits to, whatever machine is asked for: the size of a disk, and how things may be labelled. Pure. */
import { cloudDisplay } from "./clouds.ts"
import type { Need } from "./Need.ts"
import type { CloudOffers } from "./Offers.ts"

type Limits = Pick<CloudOffers, "diskGib" | "labelProblem">

const diskProblem = (name: string, { disk_size: gib, image_id }: Need, { diskGib }: Limits): string | undefined => {
  if (gib === undefined || diskGib === undefined) return undefined
  const { least, most, usualImage } = diskGib
  if (gib > most) return `${name}'s disks have at most ${most} GiB, disk_size is ${gib}.`
  if (gib < least) return `${name}'s disks have at least ${least} GiB, disk_size is ${gib}.`
  return image_id === undefined && gib < usualImage ? `${name}'s usual image needs ${usualImage} GiB, disk_size is ${gib}.` : undefined
}

/** Why the cloud makes no machine of the kind, as a sentence. How large an image of the user's is, its cloud says when it is asked for. */
export const beyondLimits = (cloud: string, need: Need, limits: Limits): string | undefined => {
  const label = limits.labelProblem?.(need.labels ?? {})
  return diskProblem(cloudDisplay(cloud), need, limits) ?? (label === undefined ? undefined : `${label}.`)
}
