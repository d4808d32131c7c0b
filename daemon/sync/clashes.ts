/**
 * Workdir and mounts that contradict each other: what is a file or a link in one is on the way to another. The nodes would hold one of the
 * two, and the next launch fail. Looked for only where one lies in the other, and before anything is done.
 */
import { lstat, stat } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { ValueError } from "../../sdk/protocol/errors.ts"
import { homePathOf, localMountsOf, workdirFolder } from "../../task/mounts.ts"
import { cut } from "../../task/sentence.ts"
import type { Task } from "../../task/Task.ts"
import type { FileLister } from "./FileLister.ts"
import type { Purpose } from "./walk.ts"

/** What is sent, and where it lies on the nodes. */
interface Part {
  readonly name: string
  readonly source: string
  readonly purpose: Purpose
  readonly place: string
}

const partsOf = (task: Task): ReadonlyArray<Part> => [
  ...(typeof task.workdir === "string"
    ? [{ name: "workdir", source: task.workdir, purpose: "workdir" as const, place: workdirFolder }]
    : []),
  ...localMountsOf(task).map(({ source, target }) => ({
    name: `file_mounts.${cut(target)}`,
    source,
    purpose: "mount" as const,
    place: homePathOf(target) ?? target
  }))
]

/** The places at which another may lie that holds this one, itself first. */
const placesAbove = (place: string): ReadonlyArray<string> => {
  const above = [place]
  for (let end = place.lastIndexOf("/"); end > 0; end = place.lastIndexOf("/", end - 1)) above.push(place.slice(0, end))
  return place === "" ? above : [...above, ""]
}

const isFile = ({ source }: Part) =>
  Effect.promise(() =>
    stat(source).then(
      (found) => found.isFile(),
      () => false
    )
  )

/** What of a folder is in the way to what is `below` it: what is no folder, or a folder where a file goes. */
const inTheWay = async (folder: string, below: string, toFile: boolean): Promise<string | undefined> => {
  const names = below.split("/")
  for (let i = 1; i <= names.length; i++) {
    const path = names.slice(0, i).join("/")
    const found = await lstat(join(folder, path)).catch(() => null)
    if (found === null) return undefined
    if (!found.isDirectory()) return i === names.length && toFile ? undefined : path
  }
  return toFile ? below : undefined
}

const clashOf = Effect.fn("clashOf")(function* (outer: Part, inner: Part, list: typeof FileLister.Service) {
  if (yield* isFile(outer)) return `${inner.name} lies at or below ${outer.name}, which is a file`
  const below = outer.place === "" ? inner.place : inner.place.slice(outer.place.length + 1)
  if (below === "") return undefined
  const toFile = yield* isFile(inner)
  const path = yield* Effect.promise(() => inTheWay(outer.source, below, toFile))
  if (path === undefined) return undefined
  const { entries } = yield* list(outer.source, outer.purpose)
  const there = entries.find((entry) => (entry.path === path ? entry.kind !== "folder" : entry.path.startsWith(`${path}/`)))
  if (there === undefined) return undefined
  return there.path === path
    ? `${inner.name} needs a folder where ${outer.name} has a ${there.kind}, ${join(outer.source, path)}`
    : `${inner.name} is a file where ${outer.name} has a folder with files in it, ${join(outer.source, path)}`
})

export const refuseClashes = Effect.fn("refuseClashes")(function* (task: Task, list: typeof FileLister.Service) {
  const parts = partsOf(task)
  const byPlace = Map.groupBy(parts, ({ place }) => place)
  for (const inner of parts) {
    for (const outer of placesAbove(inner.place).flatMap((place) => byPlace.get(place) ?? [])) {
      if (outer === inner) continue
      // Who cannot be listed is told so when it is sent, with more words.
      const clash = yield* clashOf(outer, inner, list).pipe(Effect.catchTag("SyncError", () => Effect.succeed(undefined)))
      if (clash !== undefined)
        return yield* new ValueError({
          message: `${clash}.`,
          hint: "Choose another target, or leave one of them out: .skyignore does so for a workdir."
        })
    }
  }
})
