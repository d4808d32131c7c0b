/** What clusters leave behind on EC2: disks that no machine has, groups that were a cluster's own, and what their disks were copied by. */
import type { Tag } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../../events/ids.ts"
import { again } from "../../rented/again.ts"
import type { Unlooked } from "../../rented/unlooked.ts"
import type { CloudError } from "../Cloud.ts"
import type { Remnant } from "../Remnant.ts"
import type { Aws } from "./client.ts"
import { type Clones, nameOf } from "./clones.ts"
import type { Groups } from "./groups.ts"
import { allPages } from "./pages.ts"
import { ownerOf, tagIn, tagNames } from "./tags.ts"

const Owners = ["self"]

/** Of a snapshot whose image was deregistered a moment ago. */
const isStillInUse = ({ code }: CloudError) => code === "InvalidSnapshot.InUse"

type Filters = Array<{ readonly Name: string; readonly Values: Array<string> }>

interface Listed {
  readonly kind: Remnant["kind"]
  readonly id: string | undefined
  readonly tags: Array<Tag> | undefined
  readonly at?: Date | string | undefined
}

/** What carries no tags of ours is none of ours. */
const remnantsOf = (region: string, listed: ReadonlyArray<Listed>) =>
  listed.flatMap(({ at, id, kind, tags }): ReadonlyArray<Remnant> => {
    const owner = ownerOf(tags)
    if (owner === null) return []
    const isCopy = (kind === "image" || kind === "snapshot") && tagIn(tags, tagNames.name) === nameOf(owner)
    return [{ kind, id: id!, region, tags: owner, madeAtMs: at === undefined ? null : new Date(at).getTime(), ...(isCopy && { isCopy }) }]
  })

export const makeRemnants = (aws: Aws, groups: Groups, clones: Clones) => {
  const disks = Effect.fnUntraced(function* (region: string, filters: Filters) {
    // One that a machine has goes with it.
    const Filters = [...filters, { Name: "status", Values: ["available", "error"] }]
    const pages = yield* allPages((from) =>
      aws.ask(region, "DescribeVolumes", (ec2, asked) => ec2.describeVolumes({ Filters, ...from }, asked))
    )
    const found = pages.flatMap(({ Volumes = [] }) => Volumes)
    return remnantsOf(
      region,
      found.map(({ CreateTime: at, Tags: tags, VolumeId: id }) => ({ kind: "disk", id, tags, at }))
    )
  })
  const securityGroups = Effect.fnUntraced(function* (region: string, Filters: Filters) {
    const found = yield* groups.list(region, Filters)
    return remnantsOf(
      region,
      found.map(({ GroupId: id, Tags: tags }) => ({ kind: "group", id, tags }))
    )
  })
  const images = Effect.fnUntraced(function* (region: string, Filters: Filters) {
    const pages = yield* allPages((from) =>
      aws.ask(region, "DescribeImages", (ec2, asked) => ec2.describeImages({ Owners, Filters, ...from }, asked))
    )
    const found = pages.flatMap(({ Images = [] }) => Images)
    return remnantsOf(
      region,
      found.map(({ CreationDate: at, ImageId: id, Tags: tags }) => ({ kind: "image", id, tags, at }))
    )
  })
  const snapshots = Effect.fnUntraced(function* (region: string, Filters: Filters) {
    const pages = yield* allPages((from) =>
      aws.ask(region, "DescribeSnapshots", (ec2, asked) => ec2.describeSnapshots({ OwnerIds: Owners, Filters, ...from }, asked))
    )
    const found = pages.flatMap(({ Snapshots = [] }) => Snapshots)
    return remnantsOf(
      region,
      found.map(({ SnapshotId: id, StartTime: at, Tags: tags }) => ({ kind: "snapshot", id, tags, at }))
    )
  })
  const looks = [
    ["disks", disks],
    ["groups", securityGroups],
    ["images", images],
    ["snapshots", snapshots]
  ] as const
  /** What may not be listed is said, and the rest is told all the same. */
  const listed = Effect.fn("Remnants.of")(function* (region: string, log: string | null) {
    const filters = [log === null ? { Name: "tag-key", Values: [tagNames.log] } : { Name: `tag:${tagNames.log}`, Values: [log] }]
    const unlooked: Array<Unlooked> = []
    const note = (what: string) => (error: CloudError) =>
      Effect.sync((): ReadonlyArray<Remnant> => {
        unlooked.push({ place: region, what, why: error.message })
        return []
      })
    const found = yield* Effect.forEach(looks, ([what, list]) => Effect.catch(list(region, filters), note(what)), {
      concurrency: "unbounded"
    })
    return { some: found.flat(), unlooked }
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
    // What others made of its machine carries its tags as well, but for the name.
    const own = { [tagNames.cluster]: cluster, [tagNames.name]: nameOf({ cluster }) }
    const filters = Object.entries(own).map(([name, value]) => ({ Name: `tag:${name}`, Values: [value] }))
    const removal = Effect.gen(function* () {
      for (const list of [images, snapshots])
        yield* Effect.forEach(yield* list(region, filters), (one) => again(remove(one), isStillInUse), { discard: true })
    })
    yield* clones.removing(region, cluster, removal)
  })
  return { of: listed, remove, removeCopies }
}
export type Remnants = ReturnType<typeof makeRemnants>
