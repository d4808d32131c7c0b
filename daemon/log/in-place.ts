/**
 * Whether the log's files are still the ones that were opened. A process goes on writing to files that were deleted, moved or replaced
 * under it, and whoever looks in their place finds nothing of that.
 */
import { closeSync, fstatSync, openSync, statSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { readHead } from "./head-file.ts"
import { placesOf } from "./LevelLog.ts"

const numberOf = (path: string): number | undefined => {
  try {
    return statSync(path).ino
  } catch {
    return undefined
  }
}

/** Once the log is open. Answers the first of its places that holds another file now, or none; the witness too when it was overwritten. */
export const watchPlaces = Effect.fnUntraced(function* (home: string) {
  const { head, store } = placesOf(home)
  const opened = yield* Effect.acquireRelease(
    // Held open: the number of a file that is gone is given to another one. CURRENT is made anew when a store is opened, and not from then
    // on.
    Effect.sync(() => [store, join(store, "CURRENT"), head].map((path) => ({ path, file: openSync(path, "r") }))),
    (all) =>
      Effect.sync(() => {
        for (const { file } of all) closeSync(file)
      })
  )
  const places = opened.map(({ file, path }) => ({ path, ino: fstatSync(file).ino }))
  return () => places.find(({ ino, path }) => numberOf(path) !== ino)?.path ?? (typeof readHead(head) === "string" ? head : undefined)
})
