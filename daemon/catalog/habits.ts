/** What lists of offers do not say of a cloud: which machines are usual there, how places are tried, what goes with what. Pure. */
import { type Accelerators, acceleratorText } from "../../task/accelerators.ts"
import type { Need } from "../../task/Need.ts"
import type { CloudOffers, InstanceType } from "../../task/Offers.ts"
import { type Hosts, hostMismatch, hostsFor, sized } from "./hosts.ts"
import { awsTagProblem, gcpLabelProblem } from "./labels.ts"
import { isMachineImage } from "./machine-images.ts"

export interface Habits {
  /** Types for those who say nothing of the machine begin with one of these. */
  readonly families: ReadonlyArray<string>
  /** One zone at a time, whatever is asked. Elsewhere a region is asked as a whole, but for spot and for several nodes. */
  readonly byZone: boolean
  /** Regions of a lower rank are tried first, whatever they cost; only ties are left to it where the price decides. */
  readonly regionRank: (region: string) => number
  /** Accelerators have rows and prices of their own: there a machine may be paid with them, and cost nothing itself. */
  readonly pricedApart: boolean
  /** What its default images are taken to need. */
  readonly imageGib: number
  /** As in `CloudOffers`. */
  readonly diskGib?: CloudOffers["diskGib"]
  readonly keepsDisks?: CloudOffers["keepsDisks"]
  readonly labelProblem?: CloudOffers["labelProblem"]
  /** Tags that its list of images has no more: tasks name them still. */
  readonly formerImageTags: ReadonlyArray<string>
  readonly hostsFor?: (accelerators: Accelerators, need: Need) => Hosts
  readonly sized: (type: InstanceType, accelerators: Accelerators | undefined) => InstanceType
  /** Why a type does not go with the accelerators that are asked for, as a sentence. */
  readonly mismatch: (type: InstanceType, asked: Accelerators | undefined) => string | undefined
}

const ownMismatch: Habits["mismatch"] = ({ accelerators, name }, asked) => {
  if (asked === undefined || (accelerators?.name === asked.name && accelerators.count === asked.count)) return undefined
  const has = accelerators === null ? "no accelerators" : acceleratorText(accelerators)
  return `${name} has ${has}, ${acceleratorText(asked)} was asked for. Name one of the two.`
}

const plain: Habits = {
  families: [],
  byZone: false,
  pricedApart: false,
  regionRank: () => 0,
  imageGib: 0,
  formerImageTags: [],
  sized: (type) => type,
  mismatch: ownMismatch
}

const clouds: Readonly<Record<string, Habits>> = {
  aws: {
    ...plain,
    families: ["m6i.", "r6i.", "c6i."],
    regionRank: (region) => (region.startsWith("us-") ? 0 : 1),
    imageGib: 45,
    diskGib: { least: 1, usualImage: 8, most: 16_384 },
    labelProblem: awsTagProblem,
    formerImageTags: ["gpu-ubuntu-1804", "gpu-ubuntu-2004", "k80-ubuntu-1804", "k80-ubuntu-2004"]
  },
  gcp: {
    ...plain,
    families: ["n2-standard-", "n2-highmem-", "n2-highcpu-"],
    byZone: true,
    pricedApart: true,
    imageGib: 50,
    diskGib: { least: 10, usualImage: 10, most: 65_536 },
    keepsDisks: isMachineImage,
    labelProblem: gcpLabelProblem,
    formerImageTags: ["cpu-debian-10", "cpu-debian-11", "gpu-debian-10", "gpu-debian-11", "k80-debian-10"],
    hostsFor,
    sized,
    mismatch: hostMismatch
  }
}

export const habitsOf = (cloud: string): Habits => clouds[cloud] ?? plain
