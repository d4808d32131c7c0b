/** The clouds that are enabled, by name. Nothing else knows which there are. */
import * as Context from "effect/Context"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { Cloud } from "./Cloud.ts"

export class Clouds extends Context.Service<Clouds, ReadonlyMap<string, Cloud>>()("skyd/daemon/clouds/Clouds") {}

/** The cloud that a cluster is on; `undefined` before a place was chosen. */
export const cloudOf = (clouds: ReadonlyMap<string, Cloud>, row: ClusterRow): Cloud | undefined =>
  row.offer === null ? undefined : clouds.get(row.offer.cloud)
