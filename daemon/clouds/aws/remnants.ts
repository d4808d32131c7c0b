/** What clusters leave behind on EC2: disks that no machine has, and groups that were a cluster's own. */
import type { SecurityGroup, Tag, Volume } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import type { ClusterId, ClusterName } from "../../../events/ids.ts"
import type { CloudError, Remnant, Tags } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import type { Groups } from "./groups.ts"
import { tagIn, tagNames } from "./tags.ts"

const pageSize = 500

interface Page<A> {
  readonly items: ReadonlyArray<A> | undefined
  readonly next: string | undefined
}

const all = Effect.fnUntraced(function* <A>(page: (token: { readonly NextToken?: string }) => Effect.Effect<Page<A>, CloudError>) {
  const found: Array<A> = []
  for (let token: { readonly NextToken?: string } = {}; ; ) {
    const { items = [], next } = yield* page(token)
    found.push(...items)
    if (next === undefined || next === "") return found
    token = { NextToken: next }
  }
})

/** Null where it is no cluster's. */
const ownerIn = (tags: ReadonlyArray<Tag> | undefined): Tags | null => {
  const [log, cluster] = [tagIn(tags, tagNames.log), tagIn(tags, tagNames.cluster)]
  if (log === undefined || cluster === undefined) return null
  return { log, cluster: cluster as ClusterId, clusterName: (tagIn(tags, tagNames.clusterName) ?? cluster) as ClusterName }
}

const diskOf = (region: string, { CreateTime, Tags, VolumeId }: Volume): ReadonlyArray<Remnant> => {
  const tags = ownerIn(Tags)
  if (tags === null || VolumeId === undefined) return []
  return [{ kind: "disk", id: VolumeId, region, tags, madeAtMs: CreateTime?.getTime() ?? null }]
}

const groupOf = (region: string, { GroupId, Tags }: SecurityGroup): ReadonlyArray<Remnant> => {
  const tags = ownerIn(Tags)
  return tags === null || GroupId === undefined ? [] : [{ kind: "group", id: GroupId, region, tags, madeAtMs: null }]
}

export const makeRemnants = (aws: Aws, groups: Groups) => {
  const listed = Effect.fn("Remnants.of")(function* (region: string, log: string | null) {
    const Filters = [log === null ? { Name: "tag-key", Values: [tagNames.log] } : { Name: `tag:${tagNames.log}`, Values: [log] }]
    // One that a machine has goes with it.
    const alone = [...Filters, { Name: "status", Values: ["available", "error"] }]
    const disks = all((token) =>
      Effect.map(
        aws.ask(region, "DescribeVolumes", (ec2, asked) => ec2.describeVolumes({ Filters: alone, MaxResults: pageSize, ...token }, asked)),
        ({ NextToken, Volumes }) => ({ items: Volumes, next: NextToken })
      )
    )
    const groups = all((token) =>
      Effect.map(
        aws.ask(region, "DescribeSecurityGroups", (ec2, asked) =>
          ec2.describeSecurityGroups({ Filters, MaxResults: pageSize, ...token }, asked)
        ),
        ({ NextToken, SecurityGroups }) => ({ items: SecurityGroups, next: NextToken })
      )
    )
    const [volumes, own] = yield* Effect.all([disks, groups], { concurrency: "unbounded" })
    return [...volumes.flatMap((one) => diskOf(region, one)), ...own.flatMap((one) => groupOf(region, one))]
  })

  const removeDisk = (region: string, VolumeId: string) =>
    aws
      .ask(region, "DeleteVolume", (ec2, asked) => ec2.deleteVolume({ VolumeId }, asked))
      .pipe(
        Effect.asVoid,
        Effect.catchIf(
          ({ code }) => code === "InvalidVolume.NotFound",
          () => Effect.void
        )
      )

  return {
    of: listed,
    remove: ({ id, kind, region }: Remnant) => (kind === "disk" ? removeDisk(region!, id) : groups.remove(region!, id))
  }
}
export type Remnants = ReturnType<typeof makeRemnants>
