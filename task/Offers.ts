/** What clouds have and what it costs, as far as a check or a price needs to know. Pure: whoever holds the data implements it. */
import type { Accelerators } from "./accelerators.ts"

export interface InstanceType {
  readonly name: string
  /** Null where the machine comes with the accelerator. */
  readonly vcpus: number | null
  readonly memoryGib: number | null
  /** Those that the type always has. */
  readonly accelerators: Accelerators | null
}

/** Of a machine, of accelerators, or of both together; the places are those of both. */
export interface Goods {
  readonly instanceType?: string | undefined
  readonly accelerators?: Accelerators | undefined
  readonly useSpot: boolean
  readonly region?: string | undefined
  readonly zone?: string | undefined
}

export interface RegionOffer {
  readonly region: string
  readonly zones: ReadonlyArray<string>
}

export interface CloudOffers {
  readonly regions: ReadonlyArray<string>
  /** Regions that the cloud has, and that the account has not enabled; none where nobody knows. */
  readonly closedRegions?: ReadonlyArray<string>
  readonly zonesOf: (region: string) => ReadonlyArray<string>
  readonly regionOf: (zone: string) => string | undefined
  readonly instanceType: (name: string) => InstanceType | undefined
  readonly typeNames: ReadonlyArray<string>
  readonly acceleratorNames: ReadonlyArray<string>
  /** Tags of images, without `skypilot:`. */
  readonly imageTags: ReadonlyArray<string>
  /** What images are taken to need, until a cloud says it. */
  readonly imageGib: number
  /** What a disk can have, and what the usual images need of it; absent where nobody knows. */
  readonly diskGib?: { readonly least: number; readonly usualImage: number; readonly most: number } | undefined
  /** Whether a machine of the image has the disks that it was kept with, whatever size and tier are asked for. */
  readonly keepsDisks?: ((image: string) => boolean) | undefined
  /** Why it takes no labels like these, as a sentence without its full stop; undefined: it takes them. Absent: it takes any. */
  readonly labelProblem?: ((labels: Readonly<Record<string, string>>) => string | undefined) | undefined
  /** USD, where it is cheapest; undefined where it cannot be had. */
  readonly usdPerHour: (goods: Goods) => number | undefined
  /** In the order in which they are tried. */
  readonly places: (goods: Goods) => ReadonlyArray<RegionOffer>
}

/** Undefined for a cloud that has no list of offers. */
export type Offers = (cloud: string) => CloudOffers | undefined
