/** What carries our tags in a cloud beside machines. */
import type { Holdings, Tags } from "./Cloud.ts"

/**
 * What a cluster's machines may leave behind in the cloud. `id`: as people there call it. A `group` is what opens ports, on GCP a firewall
 * rule.
 */
export interface Remnant {
  readonly kind: "disk" | "group" | "image" | "snapshot"
  readonly id: string
  readonly region: string | null
  readonly tags: Tags
  readonly madeAtMs: number | null
}
export interface Tagged extends Holdings {
  readonly remnants: ReadonlyArray<Remnant>
}
