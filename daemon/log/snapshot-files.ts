/**
 * States that are kept beside the store, a file each, and never in it: LevelDB goes on behind half a record when a write does not fit the
 * disk, and drops what follows when it is opened. They are checksummed and decide nothing, so nothing is synced, and one that cannot be
 * read is like one that rotted.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { digits } from "./digits.ts"
import { type LogStore, LogUnavailable } from "./LogStore.ts"

type SnapshotFiles = Pick<LogStore["Service"], "snapshots" | "snapshot" | "keepSnapshot" | "dropSnapshot">

/** For a store that is held a while and keeps none. */
const none: SnapshotFiles = {
  snapshots: Effect.succeed([]),
  snapshot: () => Effect.succeed(undefined),
  keepSnapshot: () => Effect.void,
  dropSnapshot: () => Effect.void
}

const written = (run: () => Promise<void>) =>
  Effect.tryPromise({ try: run, catch: (cause) => new LogUnavailable({ operation: "write", message: (cause as Error).message }) })
/** No folder yet is as good as an empty one. */
const namesIn = (folder: string) =>
  Effect.tryPromise(() => readdir(folder)).pipe(
    Effect.catch(({ cause }) =>
      (cause as NodeJS.ErrnoException).code === "ENOENT"
        ? Effect.succeed([])
        : Effect.as(Effect.logWarning(`The snapshots cannot be read: ${(cause as Error).message}`), [])
    )
  )

/** Their positions, ascending, whoever holds the store. */
export const keptIn = (folder: string) =>
  Effect.map(namesIn(folder), (names) =>
    names
      .filter((name) => /^\d{16}$/.test(name))
      .sort()
      .map(Number)
  )

/** In a folder that whoever holds the store has to itself; what a crash left half written is swept first. */
export const snapshotFiles = Effect.fnUntraced(function* (folder: string | undefined) {
  if (folder === undefined) return none
  const pathOf = (seq: number) => join(folder, digits(seq))
  const left = (yield* namesIn(folder)).filter((name) => /^\.\d{16}$/.test(name))
  yield* Effect.ignore(Effect.tryPromise(() => Promise.all(left.map((name) => rm(join(folder, name), { force: true })))))
  return {
    snapshots: keptIn(folder),
    snapshot: (seq) =>
      Effect.orElseSucceed(
        Effect.tryPromise(() => readFile(pathOf(seq))),
        () => undefined
      ),
    keepSnapshot: (seq, bytes) =>
      written(async () => {
        const fresh = join(folder, `.${digits(seq)}`)
        await mkdir(folder, { recursive: true, mode: 0o700 })
        try {
          await writeFile(fresh, bytes, { mode: 0o600 })
          await rename(fresh, pathOf(seq))
        } catch (cause) {
          await rm(fresh, { force: true })
          throw cause
        }
      }),
    dropSnapshot: (seq) => written(() => rm(pathOf(seq), { recursive: true, force: true }))
  } satisfies SnapshotFiles
})
