/** `check`: which clouds can be used. */
import type { CheckAnswer } from "../protocol/clouds.ts"
import { type Cloud, cloudNamed } from "./Cloud.ts"
import { ask } from "./call.ts"

/**
 * The clouds that are enabled: `Local()`, `SSH()` where `ssh_node_pools.yaml` names machines, `AWS()` and `GCP()` where there are
 * credentials that may do all it takes.
 */
export const check = async (): Promise<Array<Cloud>> => {
  const { clouds } = await ask<CheckAnswer>("check", {})
  return clouds.filter(({ enabled }) => enabled).map(({ cloud }) => cloudNamed(cloud, cloud))
}
