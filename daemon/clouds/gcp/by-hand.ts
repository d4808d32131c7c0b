/** What its user types at Google's own command line for what skyd does not do. Pure. */
import type { Cloud, Owned } from "../Cloud.ts"
import { labelNames } from "./names.ts"

export const endByHand = (machines: ReadonlyArray<Owned>): string =>
  [...Map.groupBy(machines, ({ zone }) => zone)]
    .map(([zone, those]) => `gcloud compute instances delete --zone ${zone} ${those.map(({ host, node }) => host ?? node).join(" ")}`)
    .join("; ")

export const lookByHand: NonNullable<Cloud["lookByHand"]> = (cluster) =>
  `gcloud compute instances list --filter=labels.${labelNames.cluster}=${cluster.toLowerCase()}`
