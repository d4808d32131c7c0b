/**
 * A disk that begins as a copy of another one's: by a snapshot of that, made for one cluster, under a name that says which, so that it is
 * made once however often it is asked for. It is of use until the cluster's machine has begun, and goes then.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { ClusterId } from "../../../events/ids.ts"
import type { ClonedDisk } from "../../../events/values.ts"
import { begunInTurn } from "../../in-turn.ts"
import { refusedForAny } from "../../rented/errors.ts"
import type { CloudError, Tags } from "../Cloud.ts"
import { lastPart } from "./api.ts"
import type { Gcp } from "./client.ts"
import { isNotThere, refusedBy } from "./errors.ts"
import type { Root } from "./images.ts"
import { asLabel, labelNames, ownerLabels } from "./names.ts"
import { begunAs, type Operations } from "./operations.ts"

const pauseMs = 5_000
/** What was accepted a moment ago. */
const seenEveryMs = 1_000

/** Of the snapshot that a cluster's disk is copied by. */
export const nameOf = (cluster: ClusterId) => `skyd-${asLabel(cluster)}`

export const makeClones = (gcp: Gcp, operations: Operations) => {
  const find = (snapshot: string) =>
    gcp
      .ask("snapshots.get", "", async ({ project, snapshots }, options) => {
        const [{ diskSizeGb, status }] = await (await snapshots()).get({ project, snapshot }, options)
        return { status, link: `projects/${project}/global/snapshots/${snapshot}`, gib: Number(diskSizeGb ?? 0) }
      })
      .pipe(
        Effect.catchIf(
          ({ code }) => isNotThere(code),
          () => Effect.succeed(undefined)
        )
      )

  /** Where the disk is that a stopped cluster's head begins from. */
  const sourceOf = ({ clusterName, host }: ClonedDisk) =>
    Effect.flatMap(
      gcp.ask("instances.aggregatedList", "", async ({ instances, project }, options) => {
        const request = { project, filter: `name = "${host}"` }
        for await (const [, { instances: some }] of (await instances()).aggregatedListAsync(request, options))
          for (const { disks, zone } of some ?? []) {
            const disk = lastPart(disks?.find(({ boot }) => boot)?.source)
            if (disk !== "") return { disk, zone: lastPart(zone) }
          }
        return undefined
      }),
      (found) =>
        found === undefined
          ? Effect.fail(refusedForAny("RESOURCE_NOT_FOUND", `the machine of ${clusterName} is gone`, "everywhere"))
          : Effect.succeed(found)
    )

  /** One that is on its way would be there after it was removed. */
  const turn = begunInTurn<ClusterId>()
  const isSeen = (snapshot: string) =>
    Effect.repeat(find(snapshot), { until: (found) => found !== undefined, schedule: Schedule.spaced(seenEveryMs) })
  /** As an operation, once it is to be seen, or over before that. */
  const begin = Effect.fn("Clones.begin")(function* (disk: string, zone: string, tags: Tags, folder: string) {
    const name = nameOf(tags.cluster)
    const labels = { ...ownerLabels(tags), [labelNames.folder]: asLabel(folder) }
    const begun = yield* gcp.ask("disks.createSnapshot", zone, async ({ disks, project }, options) =>
      begunAs(await (await disks()).createSnapshot({ project, zone, disk, snapshotResource: { name, labels } }, options))
    )
    // What is not to be looked at says nothing of what was begun.
    const over = <A>(look: Effect.Effect<A, CloudError>) => Effect.interruptible(Effect.asVoid(Effect.exit(look)))
    yield* Effect.raceFirst(over(isSeen(name)), over(operations.done(begun)))
    return begun
  })
  const make = Effect.fn("Clones.make")(function* (clone: ClonedDisk, tags: Tags, folder: string) {
    const { disk, zone } = yield* sourceOf(clone)
    // Another request may make it meanwhile.
    yield* operations.there(turn(tags.cluster, begin(disk, zone, tags, folder)))
  })

  const remove = (snapshot: string) =>
    operations.gone(
      gcp.ask("snapshots.delete", "", async ({ project, snapshots }, options) =>
        begunAs(await (await snapshots()).delete({ project, snapshot }, options))
      )
    )

  const wholeIn = (found: Effect.Success<ReturnType<typeof find>>): Root | undefined =>
    found?.status === "READY" ? { link: found.link, kind: "snapshot", gib: found.gib } : undefined

  return {
    /** Undefined while it is not whole. */
    known: ({ cluster }: Tags) => Effect.map(find(nameOf(cluster)), wholeIn),
    isThere: ({ cluster }: Tags) => Effect.map(find(nameOf(cluster)), (found) => found !== undefined),
    /** Waits for it, which takes minutes for a large disk. */
    rootFor: Effect.fn("Clones.rootFor")(function* (clone: ClonedDisk, tags: Tags, folder: string) {
      for (;;) {
        const found = yield* find(nameOf(tags.cluster))
        const whole = wholeIn(found)
        if (whole !== undefined) return whole
        if (found?.status === "FAILED")
          return yield* refusedBy("IMAGE_NOT_FOUND", "the copy of the disk cannot be made: its snapshot failed")
        if (found === undefined) yield* make(clone, tags, folder)
        else yield* Effect.sleep(pauseMs)
      }
    }),
    remove,
    removeOf: (cluster: ClusterId) => turn(cluster, remove(nameOf(cluster)))
  }
}
export type Clones = ReturnType<typeof makeClones>
