/**
 * The store's files as they were found. LevelDB drops what it cannot read when it opens a store, and deletes the file that held it;
 * a second link to each file costs nothing and keeps all of it for whoever has to find out what happened.
 *
 * Only who holds the store decides what becomes of the links, those of ones that ended before they could decide among them. A store
 * that does not open nobody holds: of all that see it at once, the first one keeps them.
 */
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { basename, join } from "node:path"
import { isAlive } from "../../sdk/is-alive.ts"

const found = "log.found-"
/** Leads to the folder that is kept of a log that is damaged still. */
export const current = "log.damaged"
/** In that folder: what the store was made of when we had opened it. Another store than that one is another damage. */
const left = "left-as"
/** Of starts that end before they know whether the store is sound the first ones say most. */
const linksMax = 10

export interface AsFound {
  /** An earlier one ended before it knew, or knew it to be damaged. */
  readonly isSuspect: boolean
  /** The store is sound. Tidying that fails is no reason not to use it. */
  readonly discard: () => void
  /** Another one holds the store. */
  readonly release: () => void
  /** The store is damaged: the folder that holds its files as the first one found them that saw this damage; null when there are none. */
  readonly keep: (name: string) => string | null
  /** The damaged store whose files are kept was opened: as it is now, the next one finds it. */
  readonly settle: () => void
}

/** A second link to each file of a store, its lock apart, beside what is there already. */
const linkAll = (from: string, to: string) => {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    // Closing any descriptor of the lock would drop the lock of whoever holds the store.
    if (!entry.isFile() || entry.name === "LOCK") continue
    try {
      linkSync(join(from, entry.name), join(to, entry.name))
    } catch (cause) {
      // A daemon that holds the store may replace its files meanwhile.
      if (!["ENOENT", "EEXIST"].includes((cause as NodeJS.ErrnoException).code ?? "")) throw cause
    }
  }
}

const remove = (folder: string) => rmSync(folder, { recursive: true, force: true })

const quietly = (tidy: () => void) => {
  try {
    tidy()
  } catch {
    // What is left is in nobody's way.
  }
}

/** What LevelDB leaves where it did not open a store. */
const isTrace = (name: string) => /^(LOCK|LOG|LOG\.old)$/.test(name)

/** Another one that starts may take its own away meanwhile. */
const madeMs = (folder: string) => lstatSync(folder, { throwIfNoEntry: false })?.birthtimeMs ?? 0

/** All links, the first ones first: they say more, for LevelDB may have dropped something since. */
const linksOf = (home: string): ReadonlyArray<string> =>
  readdirSync(home)
    .filter((name) => name.startsWith(found))
    .map((name) => join(home, name))
    .toSorted((one, other) => madeMs(one) - madeMs(other))

const isOfEnded = (links: string): boolean => {
  const pid = Number.parseInt(basename(links).slice(found.length), 10)
  return pid === process.pid || !isAlive(pid)
}

/** The files of a store: the same names may be those of other ones. */
const filesOf = (store: string): string =>
  (existsSync(store) ? readdirSync(store) : [])
    .filter((name) => !isTrace(name))
    .map((name) => ({ name, stat: lstatSync(join(store, name), { throwIfNoEntry: false }) }))
    .map(({ name, stat }) => `${name} ${stat?.ino} ${stat?.size}\n`)
    .toSorted()
    .join("")

/** What is kept of the store that was left so. */
const keptOf = (home: string, files: string): string | undefined => {
  try {
    const folder = join(home, readlinkSync(join(home, current)))
    return readFileSync(join(folder, left), "utf8") === files ? folder : undefined
  } catch {
    return undefined
  }
}

/** Damage was found. A folder of that name is somebody's own. */
export const isMarked = (home: string): boolean => lstatSync(join(home, current), { throwIfNoEntry: false })?.isSymbolicLink() ?? false

const unmark = (home: string) => {
  if (isMarked(home)) rmSync(join(home, current))
}

export const mark = (home: string, folder: string) => {
  unmark(home)
  symlinkSync(basename(folder), join(home, current))
}

/** False where another one keeps it, or another folder under that name: a store that does not open is held by none of those that see it. */
const move = (folder: string, target: string): boolean => {
  try {
    renameSync(folder, target)
    return true
  } catch (cause) {
    if (["ENOENT", "ENOTEMPTY", "EEXIST"].includes((cause as NodeJS.ErrnoException).code ?? "")) return false
    throw cause
  }
}

/** The first links, with the later ones in it by their number. */
const keepAs = (home: string, name: string): string | null => {
  const target = join(home, `${current}-${name}`)
  let kept = 0
  for (const folder of linksOf(home)) {
    if (move(folder, kept === 0 ? target : join(target, String(kept + 1)))) kept++
  }
  return kept === 0 ? null : target
}

/**
 * Before the store is opened. Where the disk takes no second links (another file system behind `log/`, a mount that is read-only, no
 * room), `refused` is told, and the log is opened all the same.
 */
export const linkAsFound = (home: string, refused: (why: string) => void = () => {}): AsFound => {
  const store = join(home, "log")
  const files = filesOf(store)
  const isThere = files !== ""
  const isSuspect = isThere && (linksOf(home).some(isOfEnded) || isMarked(home))
  let own: string | undefined
  let kept: string | null = null
  const release = () => own !== undefined && remove(own)
  try {
    if (isThere && linksOf(home).length < linksMax) {
      own = mkdtempSync(join(home, `${found}${process.pid}-`))
      linkAll(store, own)
    }
  } catch (cause) {
    release()
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === undefined) throw cause
    refused(message)
  }
  return {
    isSuspect,
    discard: () =>
      quietly(() => {
        // Of a store that is gone they may be all that is left.
        if (isThere) linksOf(home).forEach(remove)
        else keepAs(home, `${Date.now()}`)
        unmark(home)
      }),
    release,
    keep: (name) => {
      // Nothing tells one store that is gone from another.
      const before = isThere ? keptOf(home, files) : undefined
      const folder = before ?? keepAs(home, name)
      kept = folder
      if (folder === null) return null
      quietly(() => {
        if (before !== undefined) return linksOf(home).forEach(remove)
        mark(home, folder)
      })
      return folder
    },
    settle: () =>
      quietly(() => {
        if (kept !== null) writeFileSync(join(kept, left), filesOf(store), { mode: 0o600 })
      })
  }
}

/** When, as a part of a name. */
export const stamp = () => new Date().toISOString().replaceAll(/[:.]/g, "-")
