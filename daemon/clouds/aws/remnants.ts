/** What clusters leave behind on EC2: disks that no machine has, groups that were a cluster's own, and what their disks were copied by. */
import type { Tag } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../../events/ids.ts"
import type { CloudError } from "../Cloud.ts"
import type { Remnant } from "../Remnant.ts"
import type { Aws } from "./client.ts"
import type { Clones } from "./clones.ts"
import type { Groups } from "./groups.ts"
import { ownerOf, tagNames } from "./tags.ts"

const pageSize = 500
const Owners = ["self"]

interface Page {
  readonly items: ReadonlyArray<
    Omit<Remnant, "region" | "tags" | "madeAtMs"> & { readonly at?: Date | string; readonly tags: Array<Tag> | undefined }
  >
  readonly next: string | undefined
}

const all = Effect.fnUntraced(function* (
  region: string,
  page: (from: { readonly MaxResults: number; readonly NextToken?: string }) => Effect.Effect<Page, CloudError>
) {
  const found: Array<Remnant> = []
  for (let from: { readonly MaxResults: number; readonly NextToken?: string } = { MaxResults: pageSize }; ; ) {
    const { items, next } = yield* page(from)
    for (const { at, id, kind, tags } of items) {
      const owner = ownerOf(tags)
      if (owner !== null) found.push({ kind, id, region, tags: owner, madeAtMs: at === undefined ? null : new Date(at).getTime() })
    }
    if (next === undefined || next === "") return found
    from = { MaxResults: pageSize, NextToken: next }
  }
})

type Filters = Array<{ readonly Name: string; readonly Values: Array<string> }>

export const makeRemnants = (aws: Aws, groups: Groups, clones: Clones) => {
  const disks = (region: string, filters: Filters) =>
    all(region, (from) => {
      // One that a machine has goes with it.
      const Filters = [...filters, { Name: "status", Values: ["available", "error"] }]
      return Effect.map(
        aws.ask(region, "DescribeVolumes", (ec2, asked) => ec2.describeVolumes({ Filters, ...from }, asked)),
        ({ NextToken, Volumes = [] }) => ({
          items: Volumes.map(({ CreateTime: at, Tags: tags, VolumeId }) => ({ kind: "disk", id: VolumeId!, tags, ...(at && { at }) })),
          next: NextToken
        })
      )
    })
  const securityGroups = (region: string, Filters: Filters) =>
    all(region, (from) =>
      Effect.map(
        aws.ask(region, "DescribeSecurityGroups", (ec2, asked) => ec2.describeSecurityGroups({ Filters, ...from }, asked)),
        ({ NextToken, SecurityGroups = [] }) => ({
          items: SecurityGroups.map(({ GroupId, Tags: tags }) => ({ kind: "group", id: GroupId!, tags })),
          next: NextToken
        })
      )
    )
  const images = (region: string, Filters: Filters) =>
    all(region, (from) =>
      Effect.map(
        aws.ask(region, "DescribeImages", (ec2, asked) => ec2.describeImages({ Owners, Filters, ...from }, asked)),
        ({ Images = [], NextToken }) => ({
          items: Images.map(({ CreationDate: at, ImageId, Tags: tags }) => ({ kind: "image", id: ImageId!, tags, ...(at && { at }) })),
          next: NextToken
        })
      )
    )
  const snapshots = (region: string, Filters: Filters) =>
    all(region, (from) =>
      Effect.map(
        aws.ask(region, "DescribeSnapshots", (ec2, asked) => ec2.describeSnapshots({ OwnerIds: Owners, Filters, ...from }, asked)),
        ({ NextToken, Snapshots = [] }) => ({
          items: Snapshots.map(({ SnapshotId, StartTime: at, Tags: tags }) => ({
            kind: "snapshot",
            id: SnapshotId!,
            tags,
            ...(at && { at })
          })),
          next: NextToken
        })
      )
    )
  const listed = Effect.fn("Remnants.of")(function* (region: string, log: string | null) {
    const filters = [log === null ? { Name: "tag-key", Values: [tagNames.log] } : { Name: `tag:${tagNames.log}`, Values: [log] }]
    const found = yield* Effect.forEach([disks, securityGroups, images, snapshots], (list) => list(region, filters), {
      concurrency: "unbounded"
    })
    return found.flat()
  })

  const remove = ({ id, kind, region }: Remnant) => {
    if (kind === "group") return groups.remove(region!, id)
    if (kind === "image") return clones.removeImage(region!, id)
    if (kind === "snapshot") return clones.removeSnapshot(region!, id)
    return Effect.catchIf(
      Effect.asVoid(aws.ask(region!, "DeleteVolume", (ec2, asked) => ec2.deleteVolume({ VolumeId: id }, asked))),
      ({ code }) => code === "InvalidVolume.NotFound",
      () => Effect.void
    )
  }

  /** An image first: a snapshot that it is made of cannot go before it. */
  const removeCopies = Effect.fn("Remnants.removeCopies")(function* (region: string, cluster: ClusterId) {
    const filters = [{ Name: `tag:${tagNames.cluster}`, Values: [cluster] }]
    for (const list of [images, snapshots]) yield* Effect.forEach(yield* list(region, filters), remove, { discard: true })
  })
  return { of: listed, remove, removeCopies }
}
export type Remnants = ReturnType<typeof makeRemnants>
