/**
 * What a state folder says of machines that are shared with others, whatever became of the log: an id, by which they are told to be its own; and
 * which it has taken, for when they are not reached. Made when it is first needed.
 */
import { createHash } from "node:crypto"
import { access, link, mkdir, readFile, rm, unlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { ulid } from "ulid"
import { keyOf, type PoolMachine } from "./PoolMachine.ts"

const fileOf = (home: string) => join(home, "folder-id")

/** Null: nothing was ever taken from here. */
export const readFolderId = (home: string): Promise<string | null> =>
  readFile(fileOf(home), "utf8").then(
    (text) => text.trim(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null
      throw error
    }
  )

export const folderId = async (home: string): Promise<string> => {
  const known = await readFolderId(home)
  if (known !== null) return known
  const [file, temp] = [fileOf(home), `${fileOf(home)}.${ulid()}`]
  await writeFile(temp, `${ulid()}\n`, { mode: 0o600, flush: true })
  await link(temp, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error
  })
  await unlink(temp)
  return (await readFolderId(home))!
}

type Named = Pick<PoolMachine, "pool" | "host">

/** A file for each: whether there is a node of ours on it only the machine can say, so one too many is no harm. */
export const takenFrom = (home: string) => {
  const folder = join(home, "ssh-taken")
  const fileOf = (machine: Named) => join(folder, createHash("sha256").update(keyOf(machine)).digest("hex").slice(0, 16))
  return {
    add: async (machine: Named) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeFile(fileOf(machine), `${keyOf(machine)}\n`, { mode: 0o600 })
    },
    remove: (machine: Named) => rm(fileOf(machine), { force: true }),
    has: (machine: Named) =>
      access(fileOf(machine)).then(
        () => true,
        () => false
      )
  }
}
