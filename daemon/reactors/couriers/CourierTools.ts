/** What a courier works with. */
import type * as Effect from "effect/Effect"
import type { ClusterRow, NodeRow } from "../../../projections/ClusterRow.ts"
import type { Jobs } from "../../../projections/jobs.ts"
import type { Peer } from "../../../sdk/agent/protocol.ts"
import type { Cloud, CloudError, NodeRef } from "../../clouds/Cloud.ts"
import type { Secrets } from "../../home/Secrets.ts"
import type { Identity } from "../../life/Identity.ts"
import type { EventLog } from "../../log/EventLog.ts"
import type { AgentLink } from "./AgentLink.ts"

export interface CourierTools {
  readonly log: EventLog["Service"]
  readonly secrets: Secrets["Service"]
  readonly identity: Identity["Service"]
  /** Of the log as the daemon found it. */
  readonly before: Jobs
  readonly refOf: (row: ClusterRow, node: NodeRow) => NodeRef
  readonly cloudFor: (row: ClusterRow) => Effect.Effect<Cloud, CloudError>
  readonly peersOf: (row: ClusterRow) => Effect.Effect<ReadonlyArray<Peer>, CloudError>
  readonly dial: (row: ClusterRow, node: NodeRow) => Effect.Effect<AgentLink, CloudError>
}
