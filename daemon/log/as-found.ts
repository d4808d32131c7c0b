/**
 * The store's files as they were found. LevelDB drops what it cannot read when it opens a store, and deletes the file that held it;
 * a second link to each file costs nothing and keeps all of it for whoever has to find out what happened.
 *
 * Only who holds the store decides what becomes of the links, those of ones that were killed before they could decide among them.
 */
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync
} from "node:fs"
import { basename, join } from "node:path"
import { isAlive } from "../../sdk/is-alive.ts"

const found = "log.found-"
/** Leads to the folder that is kept of a log that is damaged still. */
const current = "log.damaged"

export interface AsFound {
  /** The store is sound. */
  readonly discard: () => void
  /** Another one holds the store. */
  readonly release: () => void
  /** It is not known yet: for the next one that opens the store. */
  readonly leave: () => void
  /** The store is damaged: the folder that holds its files as the first one found them that saw this damage. */
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

const remove = (folder: string) => rmSync(folder, { recursive: true, force: true })

/** All links, those of who still opens the store apart, the first ones first. */
const linksOf = (home: string): ReadonlyArray<string> => {
  const isOver = (pid: number) => pid === process.pid || !isAlive(pid)
  return readdirSync(home)
    .filter((name) => name.startsWith(found) && isOver(Number.parseInt(name.slice(found.length), 10)))
    .map((name) => join(home, name))
    .toSorted((one, other) => lstatSync(one).birthtimeMs - lstatSync(other).birthtimeMs)
}

/** What was found first says more: LevelDB may have dropped it since. */
const gather = (home: string): string => {
  const [first, ...later] = linksOf(home)
  for (const folder of later) {
    linkAll(folder, first!)
    remove(folder)
  }
  return first!
}

const keptStill = (home: string): string | undefined => {
  try {
    const folder = join(home, readlinkSync(join(home, current)))
    return existsSync(folder) ? folder : undefined
  } catch {
    return undefined
  }
}

const keepAs = (home: string, folder: string, name: string): string => {
  const target = join(home, `${current}-${name}`)
  renameSync(folder, target)
  try {
    rmSync(join(home, current), { force: true })
    symlinkSync(basename(target), join(home, current))
  } catch {
    // The next start keeps them once more.
  }
  return target
}

/**
 * Before the store is opened. `undefined` when there is nothing to link, or the disk takes no second links (another file system behind
 * `log/`, a mount that is read-only, no room), which `refused` is told: the log is opened all the same.
 */
export const linkAsFound = (home: string, refused: (why: string) => void = () => {}): AsFound | undefined => {
  const store = join(home, "log")
  if (!existsSync(store)) return undefined
  let own: string | undefined
  try {
    own = mkdtempSync(join(home, `${found}${process.pid}-`))
    linkAll(store, own)
  } catch (cause) {
    if (own !== undefined) remove(own)
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === undefined) throw cause
    refused(message)
    return undefined
  }
  const folder = own
  const discard = () => linksOf(home).forEach(remove)
  return {
    discard: () => {
      discard()
      rmSync(join(home, current), { force: true })
    },
    release: () => remove(folder),
    leave: () => void gather(home),
    keep: (name) => {
      const kept = keptStill(home)
      if (kept === undefined) return keepAs(home, gather(home), name)
      discard()
      return kept
    }
  }
}
