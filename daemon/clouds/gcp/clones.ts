/**
 * A disk that begins as a copy of another one's: by a snapshot of that, made for one cluster, under a name that says which, so that it is
 * made once however often it is asked for. It is of use until the cluster's machine has begun, and goes then.
 */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../../events/ids.ts"
import type { ClonedDisk } from "../../../events/values.ts"
import { refusedForAny } from "../../rented/errors.ts"
import type { Tags } from "../Cloud.ts"
import { lastPart } from "./api.ts"
import type { Gcp } from "./client.ts"
import { isNotThere, refusedBy } from "./errors.ts"
import type { Root } from "./images.ts"
import { asLabel, labelNames, ownerLabels } from "./names.ts"
import { begunAs, type Operations } from "./operations.ts"

const pauseMs = 5_000

const nameOf = (cluster: ClusterId) => `skyd-${asLabel(cluster)}`

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

  const make = Effect.fn("Clones.make")(function* (clone: ClonedDisk, tags: Tags, folder: string) {
    const { disk, zone } = yield* sourceOf(clone)
    const labels = { ...ownerLabels(tags), [labelNames.folder]: asLabel(folder) }
    // Another request may make it meanwhile.
    yield* operations.there(
      gcp.ask("disks.createSnapshot", zone, async ({ disks, project }, options) => {
        const request = { project, zone, disk, snapshotResource: { name: nameOf(tags.cluster), labels } }
        return begunAs(await (await disks()).createSnapshot(request, options))
      })
    )
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
    removeOf: (cluster: ClusterId) => remove(nameOf(cluster))
  }
}
export type Clones = ReturnType<typeof makeClones>
