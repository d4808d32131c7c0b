/**
 * What a state folder says of machines that are shared with others, whatever became of the log: an id, by which they are told to be its own; and
 * which it has taken, for when they are not reached. Made when it is first needed.
 */
import { createHash } from "node:crypto"
import { access, mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { folderId, readFolderId } from "../../folder-id.ts"
import { keyOf, type PoolMachine } from "./PoolMachine.ts"

type Named = Pick<PoolMachine, "pool" | "host">

export interface StateFolder {
  /** Null: nothing was ever taken from here. */
  readonly id: Effect.Effect<string | null>
  /** That a machine is taken is noted, for when it is not reached; answers with the id, which is made with the first one. */
  readonly take: (machine: Named) => Effect.Effect<string>
  readonly letGo: (machine: Named) => Effect.Effect<void>
  /** Whether there is a node of ours on it only the machine can say, so one too many is no harm. */
  readonly hasTaken: (machine: Named) => Effect.Effect<boolean>
}

/** A file for each machine. */
export const stateFolder = (home: string): StateFolder => {
  const folder = join(home, "ssh-taken")
  const noteOf = (machine: Named) => join(folder, createHash("sha256").update(keyOf(machine)).digest("hex").slice(0, 16))
  return {
    id: Effect.promise(() => readFolderId(home)),
    take: (machine) =>
      Effect.promise(async () => {
        const id = await folderId(home)
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await writeFile(noteOf(machine), `${keyOf(machine)}\n`, { mode: 0o600 })
        return id
      }),
    letGo: (machine) => Effect.promise(() => rm(noteOf(machine), { force: true })),
    hasTaken: (machine) =>
      Effect.promise(() =>
        access(noteOf(machine)).then(
          () => true,
          () => false
        )
      )
  }
}
