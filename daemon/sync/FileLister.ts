/** How a folder of the user's is listed. A reference, so that a simulation need not touch a disk. */
import * as Context from "effect/Context"
import { listFiles } from "./list-files.ts"

export const FileLister = Context.Reference<typeof listFiles>("skyd/daemon/sync/FileLister", { defaultValue: () => listFiles })
