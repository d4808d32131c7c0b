/**
 * The store's files as they were found. LevelDB drops what it cannot read when it opens a store, and deletes the file that held it;
 * a second link to each file costs nothing and keeps all of it for whoever has to find out what happened.
 */
import { linkSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { isAlive } from "../../sdk/is-alive.ts"

const kept = "log.damaged-"
const found = "log.found-"

export interface AsFound {
  readonly discard: () => void
  /** Nothing was opened: what was taken over from another stays, for whoever opens the store. */
  readonly release: () => void
  /** The folder that holds them now. */
  readonly keep: (name: string) => string
}

/** A second link to each file of a store, its lock apart, beside what is there already. */
export const linkAll = (from: string, to: string) => {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(from)) {
    // Closing any descriptor of it would drop the lock of whoever holds the store.
    if (name === "LOCK") continue
    try {
      linkSync(join(from, name), join(to, name))
    } catch (cause) {
      // A daemon that holds the store may replace its files meanwhile.
      if (!["ENOENT", "EEXIST"].includes((cause as NodeJS.ErrnoException).code ?? "")) throw cause
    }
  }
}

/** Of one that ended before it knew whether the store is sound: what it found is older, and may be gone since. */
const takeOver = (from: string, to: string) => {
  try {
    linkAll(from, to)
    rmSync(from, { recursive: true, force: true })
  } catch (cause) {
    // Another one that starts has taken it over.
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause
  }
}

/**
 * Before the store is opened. `undefined` when there is nothing to keep, it was kept already, or the disk takes no second links (another
 * file system behind `log/`, a mount that is read-only, no room): the log is opened all the same.
 */
export const linkAsFound = (home: string): AsFound | undefined => {
  try {
    return linked(home)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause
    return undefined
  }
}

const linked = (home: string): AsFound | undefined => {
  const names = readdirSync(home)
  if (!names.includes("log") || names.some((name) => name.startsWith(kept))) return undefined
  const own = `${found}${process.pid}`
  const folder = join(home, own)
  const older = names.filter((name) => name.startsWith(found) && name !== own && !isAlive(Number(name.slice(found.length))))
  for (const name of older) takeOver(join(home, name), folder)
  const discard = () => rmSync(folder, { recursive: true, force: true })
  try {
    linkAll(join(home, "log"), folder)
  } catch (cause) {
    // What was taken over stays for the next one.
    if (older.length === 0) discard()
    throw cause
  }
  return {
    discard,
    release: () => (older.length > 0 || names.includes(own) ? undefined : discard()),
    keep: (name) => {
      const target = join(home, `${kept}${name}`)
      renameSync(folder, target)
      return target
    }
  }
}
