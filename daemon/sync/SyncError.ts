/** Why a folder of the user's could not be listed or copied: a sentence that names the path and what to do. */
import * as Schema from "effect/Schema"

export class SyncError extends Schema.TaggedError<SyncError>()("SyncError", { path: Schema.String, message: Schema.String }) {}

/** The sentence for what the system said about a path. */
export const syncError = (path: string, error: unknown): SyncError => {
  if (error instanceof SyncError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === "EACCES" || code === "EPERM") {
    return new SyncError({
      path,
      message: `${path} cannot be read or written (${code}): change its permissions, or leave it out by .skyignore.`
    })
  }
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new SyncError({ path, message: `There is no space left for ${path} (${code}): free some and ask again.` })
  }
  return new SyncError({ path, message: `${path} cannot be copied: ${message ?? String(error)}` })
}
