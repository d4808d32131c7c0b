/** Copies a list of files into a folder of this machine, as a machine does it for itself. */
import * as Effect from "effect/Effect"
import { onDisk } from "./disk-threads.ts"
import type { FileList } from "./FileList.ts"
import { type SyncError, syncError } from "./SyncError.ts"

/** `base` exists; `target` is relative to it and does not leave it. */
export const copyFiles = ({ root, entries }: FileList, base: string, target: string): Effect.Effect<void, SyncError> => {
  const place = { base, target, staging: `${base}.incoming` }
  return Effect.tryPromise({
    try: (signal) => onDisk("copy", { root, entries, place }, signal),
    catch: (error) => syncError(target, error)
  })
}
