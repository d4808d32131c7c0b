/** What its user types at AWS's own command line for what skyd does not do. Pure. */
import type { Owned } from "../Cloud.ts"

export const endByHand = (machines: ReadonlyArray<Owned>): string =>
  [...Map.groupBy(machines, ({ region }) => region)]
    .map(([region, those]) => [region, those.map(({ host, node }) => host ?? node).join(" ")])
    .map(([region, ids]) => `aws ec2 terminate-instances --region ${region} --instance-ids ${ids}`)
    .join("; ")
