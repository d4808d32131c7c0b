/** What a caller keeps of a cluster. */

import { present } from "../../task/present.ts"
import type { ResourceHandle as Wire } from "../protocol/rows.ts"
import { values } from "./load.ts"
import { printedAs } from "./printed.ts"
import { type Resources, resourcesOf } from "./Resources.ts"

/** Made by the daemon; opaque: it names a cluster of this moment. A later cluster of the same name has another id. */
export interface ResourceHandle {
  readonly clusterName: string
  readonly clusterId: string
  /** How many nodes it was launched with. */
  readonly launchedNodes: number
  /** Of the first node; null while there is none. */
  readonly headIp: string | null
  /** What each node runs on; null before a place was chosen. */
  readonly launchedResources: Resources | null
}

/** What each node of a place is, with the disk, image, ports and labels that it was asked for. */
export const offeredResources = (
  offer: NonNullable<Wire["launchedResources"]>,
  { diskGib, diskTier, images, labels, ports }: NonNullable<Wire["launchedMachine"]> = {}
): Resources => {
  const { needOfPlace, requestFrom } = values()
  const { cpus, instanceType, memoryGib } = offer
  const request = requestFrom({
    ...needOfPlace(offer),
    ...present({ disk_size: diskGib, disk_tier: diskTier, image_id: images, labels, ports })
  })
  return resourcesOf(request, instanceType === null ? `${cpus}CPU--${memoryGib}GB` : null)
}

class Handle implements ResourceHandle {
  readonly clusterName: string
  readonly clusterId: string
  readonly launchedNodes: number
  readonly headIp: string | null
  readonly #launched: Wire["launchedResources"]
  readonly #machine: Wire["launchedMachine"]

  constructor({ clusterId, clusterName, headIp, launchedMachine, launchedNodes, launchedResources }: Wire) {
    this.clusterName = clusterName
    this.clusterId = clusterId
    this.launchedNodes = launchedNodes
    this.headIp = headIp
    this.#launched = launchedResources
    this.#machine = launchedMachine
    Object.freeze(this)
  }

  static {
    printedAs(Handle.prototype, Handle.prototype.toJSON)
  }

  get launchedResources(): Resources | null {
    return this.#launched === null ? null : offeredResources(this.#launched, this.#machine)
  }

  toJSON(): ResourceHandle {
    const { clusterId, clusterName, headIp, launchedNodes, launchedResources } = this
    return { clusterName, clusterId, launchedNodes, headIp, launchedResources }
  }

  toString(): string {
    return `ResourceHandle(${this.clusterName}, ${this.launchedNodes}x)`
  }
}

export const handleOf = (wire: Wire): ResourceHandle => new Handle(wire)
