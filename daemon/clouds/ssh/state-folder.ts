/**
 * What a state folder says of machines that are shared with others, whatever became of the log: an id, by which they are told to be its
 * own; and which it has taken, for when they are not reached. Made when it is first needed.
 */
import { createHash } from "node:crypto"
import { rmSync } from "node:fs"
import { mkdir, readdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { folderId, readFolderId } from "../../home/folder-id.ts"
import { keyOf, type PoolMachine } from "./PoolMachine.ts"

type Named = Pick<PoolMachine, "pool" | "host">

export interface StateFolder {
  /** Null: nothing was ever taken from here. */
  readonly id: Effect.Effect<string | null>
  /** That a machine may have the node is noted, for when it is not reached; answers with the id, which is made with the first one. */
  readonly take: (machine: Named, node: string) => Effect.Effect<string>
  /** It has that node not, or not any more. */
  readonly letGo: (machine: Named, node: string) => Effect.Effect<void>
  /** It was seen to have none: what daemons before this one have noted goes. What this one is putting there now was begun since, maybe. */
  readonly seenFree: (machine: Named) => Effect.Effect<void>
  /** Whether there is a node of ours on it only the machine can say, so one too many is no harm. */
  readonly hasTaken: (machine: Named) => Effect.Effect<boolean>
}

/** A file for each node on a machine: who is refused one takes back nobody else's. */
export const stateFolder = (home: string): StateFolder => {
  const folder = join(home, "ssh-taken")
  const machinePart = (machine: Named) => createHash("sha256").update(keyOf(machine)).digest("hex").slice(0, 16)
  const noteOf = (machine: Named, node: string) => `${machinePart(machine)}.${node}`
  /** Those that this daemon has made: they go by the name of their node alone. */
  const own = new Set<string>()
  const notesOn = async (machine: Named) => {
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException): ReadonlyArray<string> => {
      if (error.code === "ENOENT") return []
      throw error
    })
    return names.filter((name) => name.startsWith(machinePart(machine)))
  }
  return {
    id: Effect.promise(() => readFolderId(home)),
    take: (machine, node) =>
      Effect.promise(async () => {
        own.add(noteOf(machine, node))
        const id = await folderId(home)
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await writeFile(join(folder, noteOf(machine, node)), `${keyOf(machine)}\n`, { mode: 0o600 })
        return id
      }),
    letGo: (machine, node) =>
      Effect.promise(async () => {
        own.delete(noteOf(machine, node))
        await rm(join(folder, noteOf(machine, node)), { force: true })
      }),
    seenFree: (machine) =>
      Effect.promise(async () => {
        // At once, so that none is made anew between the question and the deed.
        for (const name of await notesOn(machine)) if (!own.has(name)) rmSync(join(folder, name), { force: true })
      }),
    hasTaken: (machine) => Effect.promise(async () => (await notesOn(machine)).length > 0)
  }
}
