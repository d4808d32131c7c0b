/**
 * A disk that begins as a copy of another one: by an image of that, made for one cluster, under a name that says which, so that it is made
 * once however often it is asked for. It is of use until the cluster's machine has begun, and goes then.
 */
import type { Image, TagSpecification } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { ClusterId, NodeToken } from "../../../events/ids.ts"
import type { ClonedDisk } from "../../../events/values.ts"
import { begunInTurn } from "../../in-turn.ts"
import { refusedForAny } from "../../rented/errors.ts"
import type { CloudError, Tags } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import { refusedBy } from "./errors.ts"
import { type Root, rootOf } from "./images.ts"
import { ownerTags, tagNames } from "./tags.ts"

const pauseMs = 5_000
/** What was made a moment ago is listed soon. */
const seenLooks = 60
const Owners = ["self"]

/** Of the image that a cluster's disk is copied by, and as the tag `Name` of that and of its snapshot. */
export const nameOf = ({ cluster }: Pick<Tags, "cluster">) => `skyd-${cluster}`
const specifications = (tags: Tags, folder: string): Array<TagSpecification> => {
  const all = {
    [tagNames.name]: nameOf(tags),
    ...ownerTags(tags),
    [tagNames.folder]: folder
  }
  const Tags = Object.entries(all).map(([Key, Value]) => ({ Key, Value }))
  return ["image" as const, "snapshot" as const].map((ResourceType) => ({ ResourceType, Tags }))
}

/** Another request has made it meanwhile. */
const isThere = ({ code }: CloudError) => code === "InvalidAMIName.Duplicate"

const unlessGone = <A>(call: Effect.Effect<A, CloudError>, code: RegExp) =>
  Effect.catchIf(
    Effect.asVoid(call),
    (error) => code.test(error.code),
    () => Effect.void
  )

/** Whom the copy is for, and the request for a machine that needs it. */
interface Wish {
  readonly tags: Tags
  readonly token: NodeToken
  readonly folder: string
}

export const makeClones = (aws: Aws) => {
  const find = Effect.fnUntraced(function* (region: string, tags: Tags) {
    const Filters = [{ Name: "name", Values: [nameOf(tags)] }]
    const { Images = [] } = yield* aws.ask(region, "DescribeImages", (ec2, asked) => ec2.describeImages({ Owners, Filters }, asked))
    return Images[0]
  })

  /** One that is on its way would be there after it was removed. */
  const turn = begunInTurn<string>()
  const keyOf = (region: string, cluster: ClusterId) => `${region} ${cluster}`
  const untilSeen = (region: string, tags: Tags) =>
    Effect.repeat(find(region, tags), { until: (image) => image !== undefined, schedule: Schedule.spaced("1 second"), times: seenLooks })

  /** `make` is asked for it where it is not there, and only then. */
  const whenThere = Effect.fnUntraced(function* (region: string, tags: Tags, make: Effect.Effect<unknown, CloudError>) {
    for (;;) {
      const image = yield* find(region, tags)
      if (image?.State === "available") return image
      if (image === undefined)
        yield* Effect.catchIf(
          turn(keyOf(region, tags.cluster), Effect.andThen(make, Effect.ignore(untilSeen(region, tags)))),
          isThere,
          () => Effect.void
        )
      else if (image.State !== "pending") {
        const why = image.StateReason?.Message ?? image.State
        return yield* refusedBy("InvalidAMIID.Unavailable", `the copy of the disk cannot be made: ${why}`)
      }
      yield* Effect.sleep(pauseMs)
    }
  })

  const madeOf = (disk: ClonedDisk, tags: Tags, folder: string) =>
    Effect.mapError(
      aws.ask(disk.region!, "CreateImage", (ec2, asked) =>
        ec2.createImage(
          { InstanceId: disk.host!, Name: nameOf(tags), NoReboot: true, TagSpecifications: specifications(tags, folder) },
          asked
        )
      ),
      (error) =>
        error.code.startsWith("InvalidInstanceID")
          ? refusedForAny(error.code, `the machine of ${disk.clusterName} is gone: ${error.message}`, "everywhere")
          : error
    )

  return {
    isThere: (regions: ReadonlyArray<string>, tags: Tags) =>
      Effect.map(
        Effect.forEach(new Set(regions), (region) => find(region, tags)),
        (found) => found.some((image) => image !== undefined)
      ),
    /** Once what is on its way there is there. */
    removing: <A>(region: string, cluster: ClusterId, removal: Effect.Effect<A, CloudError>) => turn(keyOf(region, cluster), removal),
    /** Undefined while it is not whole. */
    known: (region: string, tags: Tags) =>
      Effect.map(find(region, tags), (image) => (image?.State === "available" ? rootOf(image.ImageId!, image) : undefined)),
    /** Waits for it, which takes minutes for a large disk, and more where it goes to another region. */
    rootFor: Effect.fn("Clones.rootFor")(function* (
      region: string,
      disk: ClonedDisk,
      { folder, tags, token }: Wish
    ): Effect.fn.Return<Root, CloudError> {
      const known = yield* find(region, tags)
      if (known?.State === "available") return rootOf(known.ImageId!, known)
      const own: Image = yield* whenThere(disk.region!, tags, madeOf(disk, tags, folder))
      if (region === disk.region) return rootOf(own.ImageId!, own)
      const copy = aws.ask(region, "CopyImage", (ec2, asked) =>
        ec2.copyImage(
          {
            Name: nameOf(tags),
            SourceImageId: own.ImageId!,
            SourceRegion: disk.region!,
            // A region that was left, and is asked again, has its copy no more.
            ClientToken: token,
            TagSpecifications: specifications(tags, folder)
          },
          asked
        )
      )
      const moved: Image = yield* whenThere(region, tags, copy)
      return rootOf(moved.ImageId!, moved)
    }),
    removeImage: (region: string, ImageId: string) =>
      unlessGone(
        aws.ask(region, "DeregisterImage", (ec2, asked) => ec2.deregisterImage({ ImageId }, asked)),
        /^InvalidAMIID/
      ),
    removeSnapshot: (region: string, SnapshotId: string) =>
      unlessGone(
        aws.ask(region, "DeleteSnapshot", (ec2, asked) => ec2.deleteSnapshot({ SnapshotId }, asked)),
        /^InvalidSnapshot\.NotFound/
      )
  }
}
export type Clones = ReturnType<typeof makeClones>
