/** Which workdirs and mounts a launch can do. Pure. */
import type { RecordedTask } from "../../events/values.ts"
import { NotSupportedError } from "../../sdk/protocol/errors.ts"
import { bucketMountsOf, homePathOf, localMountsOf } from "../../task/mounts.ts"
import { cut } from "../../task/sentence.ts"

/** Paths of the caller's machine that only the caller could find: its name in the task, and the path. */
export const relativePathOf = (task: Pick<RecordedTask, "workdir" | "file_mounts">): readonly [field: string, path: string] | undefined => {
  const { workdir } = task
  if (typeof workdir === "string" && !workdir.startsWith("/")) return ["workdir", workdir]
  const mount = localMountsOf(task).find(({ source }) => !source.startsWith("/"))
  return mount && [`file_mounts.${mount.target}`, mount.source]
}

export const cannotBuckets = (task: RecordedTask): NotSupportedError | undefined => {
  const [bucket] = bucketMountsOf(task)
  return bucket === undefined
    ? undefined
    : new NotSupportedError({
        message: `file_mounts.${cut(bucket)}: buckets are not supported yet, only files and folders of your machine.`,
        hint: "Fetch it in setup, with the store's own program, or leave it out."
      })
}

/** Where other folders of a node are the user's own machine (contract, D39). */
export const cannotOutside = (task: RecordedTask): NotSupportedError | undefined => {
  const outside = localMountsOf(task).find(({ target }) => homePathOf(target) === null)
  if (outside === undefined) return undefined
  const inside = `~/${outside.target.split("/").at(-1)}`
  return new NotSupportedError({
    message: `file_mounts.${cut(outside.target)} is outside of ~: on the local cloud that is a path of your own machine.`,
    hint: `Choose a target below ~, which is the node's own: ${homePathOf(inside) ? cut(inside) : "~/NAME"}`
  })
}
