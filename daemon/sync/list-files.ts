/** Lists what a folder of the user's holds that is sent: `walk.ts`, on a thread of its own. */
import * as Effect from "effect/Effect"
import { onDisk } from "./disk-threads.ts"
import { syncError } from "./SyncError.ts"
import type { Purpose } from "./walk.ts"

/** `state`: the daemon's own folder, if it has one. */
export const makeLister = (state: string | null) =>
  Effect.fn("listFiles")((folder: string, purpose: Purpose = "workdir") =>
    Effect.tryPromise({
      try: (signal) => onDisk("list", { folder, purpose, state }, signal),
      catch: (error) => syncError(folder, error)
    })
  )

export const listFiles = makeLister(null)
