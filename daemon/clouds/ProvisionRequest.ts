/** What a cloud is asked for when nodes are to have machines. */
import type { NodeToken } from "../../events/ids.ts"
import type { MachineWish, Offer } from "../../events/values.ts"
import type { Tags } from "./Cloud.ts"

export interface ProvisionRequest {
  readonly tags: Tags
  readonly token: NodeToken
  readonly ranks: ReadonlyArray<number>
  readonly offer: Offer
  /** An earlier daemon may have sent it: its answer may be missing. By the log, for clocks may have been set meanwhile. */
  readonly isInherited?: boolean
  /** Its cluster is to end: what came of it is looked for, and what was not asked for yet is not any more. */
  readonly isEnding?: boolean
  /** For a cloud that makes machines: what they are to be besides. */
  readonly machine?: MachineWish
  /** Regions of the cloud where this cluster asked before and had nothing, the last one last: what was made for it there is of no use. */
  readonly leftRegions?: ReadonlyArray<string>
}
