/** Why a folder of the user's could not be listed or copied: a sentence that names the path and what to do. */
import * as Schema from "effect/Schema"
import { pathError } from "../../machine/PathError.ts"

export class SyncError extends Schema.TaggedError<SyncError>()("SyncError", { path: Schema.String, message: Schema.String }) {}

export const syncError = (path: string, error: unknown): SyncError => {
  if (error instanceof SyncError) return error
  const { path: at, message } = pathError(path, error)
  return new SyncError({ path: at, message })
}
