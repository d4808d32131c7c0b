/** What its user types at Google's own command line for what skyd does not do. Pure. */
import type { Cloud, Owned } from "../Cloud.ts"
import { labelNames } from "./names.ts"

/** Where it is known: what the command line takes for its own may be another one. */
const inProject = (project: string | null) => (project === null ? "" : ` --project ${project}`)

export const endByHand = (machines: ReadonlyArray<Owned>, project: string | null): string =>
  [...Map.groupBy(machines, ({ zone }) => zone)]
    .map(([zone, those]) => {
      const names = those.map(({ host, node }) => host ?? node).join(" ")
      return `gcloud compute instances delete${inProject(project)} --zone ${zone} ${names}`
    })
    .join("; ")

export const lookByHand = (cluster: Parameters<NonNullable<Cloud["lookByHand"]>>[0], project: string | null): string =>
  `gcloud compute instances list${inProject(project)} --filter=labels.${labelNames.cluster}=${cluster.toLowerCase()}`
