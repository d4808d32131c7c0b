/** Something that a cloud holds under tags of a log, and that no cluster has. */
import type { Owned } from "../clouds/Cloud.ts"
import type { Remnant } from "../clouds/Remnant.ts"

export interface Held {
  readonly cloud: string
  /** As people call it there. */
  readonly id: string
  readonly thing: (Owned & { readonly kind: "machine" }) | Remnant
}

export interface Leak extends Held {
  /** Why it is one, as the middle of a sentence. */
  readonly reason: string
}

export const heldMachine = (cloud: string, machine: Owned): Held => ({
  cloud,
  id: cloud === "ssh" ? `${machine.region}/${machine.host}` : (machine.host ?? machine.node),
  thing: { ...machine, kind: "machine" }
})

/** By its own name, that of its cluster, or the cluster's id. */
export const isCalled = ({ id, thing: { tags } }: Held, name: string) => name === id || name === tags.clusterName || name === tags.cluster
