/** What carries our tags in a cloud beside machines. */
import type { Holdings, NodeRef, Tags } from "./Cloud.ts"

/**
 * What a cluster's machines may leave behind in the cloud. `id`: as people there call it. A `group` is what opens ports.
 */
export interface Remnant {
  readonly kind: "disk" | "group" | "image" | "snapshot"
  readonly id: string
  /** Its kind as people there call it, where that is another word: a group of GCP's is a firewall rule. */
  readonly kindThere?: string
  /** What the disk of its cluster was copied by, which is of use until its machine is there. */
  readonly isCopy?: true
  readonly region: string | null
  readonly tags: Tags
  readonly madeAtMs: number | null
}

/** What a cluster may have in its cloud beside its machines: open ports, and what its disk was copied by. */
export type Rest = "ports" | "copies"

/** Nodes that a log has by what their cloud calls them, which tells them whatever has become of their tags. */
export interface KnownNodes {
  /** A cluster's: what lists have of them is theirs. */
  readonly had: ReadonlyArray<NodeRef>
  /** Given up on: those that no list has are looked for one by one. */
  readonly dropped: ReadonlyArray<NodeRef>
}

export interface Tagged extends Holdings {
  readonly remnants: ReadonlyArray<Remnant>
}
