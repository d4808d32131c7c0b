/** What its user types at AWS's own command line for what skyd does not do. Pure. */
import type { Cloud, Owned } from "../Cloud.ts"
import { tagNames } from "./tags.ts"

export const endByHand = (machines: ReadonlyArray<Owned>): string =>
  [...Map.groupBy(machines, ({ region }) => region)]
    .map(([region, those]) => [region, those.map(({ host, node }) => host ?? node).join(" ")])
    .map(([region, ids]) => `aws ec2 terminate-instances --region ${region} --instance-ids ${ids}`)
    .join("; ")

export const lookByHand: NonNullable<Cloud["lookByHand"]> = (cluster, region) =>
  `aws ec2 describe-instances --region ${region} --filters Name=tag:${tagNames.cluster},Values=${cluster}`
