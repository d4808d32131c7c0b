/**
 * Copies a list of files into a folder of this machine, the way rsync would without `--delete`. Below `base` no link is ever
 * followed: one that stands where a folder must be is replaced, else a job could turn the next sync onto files of the user's.
 * A file that is there already (size and time of change) is left alone. A file is replaced by a rename, so a program that runs from it goes on.
 */

import { randomBytes } from "node:crypto"
import type { Stats } from "node:fs"
import { chmod, lstat, mkdir, readlink, rename, rm, rmdir, symlink, unlink } from "node:fs/promises"
import { join } from "node:path"
import { copyFile } from "./copy-file.ts"
import type { FileEntry } from "./FileEntry.ts"
import { inParallel } from "./in-parallel.ts"
import { PathError, pathError } from "./PathError.ts"

const width = 16
/** Times are set in seconds as a double, which rounds below a microsecond. */
const timeToleranceMs = 0.01

const statOrNull = (path: string): Promise<Stats | null> =>
  lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null
    throw error
  })

/** Makes a folder that we may write into, whatever stood there. Answers whether it is new. */
const makeFolder = async (path: string): Promise<boolean> => {
  const there = await statOrNull(path)
  if (there?.isDirectory()) {
    if ((there.mode & 0o700) !== 0o700) await chmod(path, there.mode | 0o700)
    return false
  }
  if (there) await unlink(path)
  await mkdir(path, { mode: 0o700 })
  return true
}

/** An empty folder gives way to a file or a link; one that holds something is the user's to remove. */
const clearFolder = (path: string, what: string) =>
  rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error
    throw new PathError(path, `${path} is a folder with files in it, and a ${what} takes its place: remove the folder.`)
  })

interface Destination {
  readonly path: string
  /** Where files are made before they are renamed into place; on the same disk, and nobody's workdir. */
  readonly staging: string
  /** Nothing is put into place any more. */
  readonly signal: AbortSignal
}

const replace = async (
  { path, signal, staging }: Destination,
  there: Stats | null,
  what: "file" | "link",
  make: (temp: string) => Promise<void>
) => {
  if (there?.isDirectory()) await clearFolder(path, what)
  const temp = join(staging, randomBytes(8).toString("hex"))
  try {
    await make(temp)
    signal.throwIfAborted()
    await rename(temp, path)
  } catch (error) {
    await unlink(temp).catch(() => undefined)
    throw error
  }
}

const copyOne = async (source: string, destination: Destination) => {
  const wanted = await statOrNull(source)
  // It vanished, or became something else, after the list was made.
  if (!wanted?.isFile()) return
  const there = await statOrNull(destination.path)
  if (there?.isFile() && there.size === wanted.size && Math.abs(there.mtimeMs - wanted.mtimeMs) < timeToleranceMs) {
    return there.mode === wanted.mode ? undefined : chmod(destination.path, wanted.mode & 0o7777)
  }
  await replace(destination, there, "file", (temp) => copyFile(source, temp, wanted, destination.signal))
}

const linkOne = async (target: string, destination: Destination) => {
  const there = await statOrNull(destination.path)
  if (there?.isSymbolicLink() && (await readlink(destination.path)) === target) return
  await replace(destination, there, "link", (temp) => symlink(target, temp))
}

const placeEntry = async (root: string, entry: FileEntry, destination: Destination) => {
  const source = join(root, entry.from ?? entry.path)
  try {
    await (entry.kind === "link" ? linkOne(entry.target ?? "", destination) : copyOne(source, destination))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && !(await statOrNull(source))) return
    throw pathError(source, error)
  }
}

/** New and empty: half a file of a sync that was killed goes. One node is synced by one at a time. */
const makeStaging = async (staging: string) => {
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { mode: 0o700 })
}

/** The folders from `base` down to the target; what stands there as something else gives way. */
const makeTarget = async (base: string, target: string) => {
  let path = base
  for (const name of target.split("/").filter((name) => name !== "" && name !== ".")) {
    path = join(path, name)
    if (await makeFolder(path)) await chmod(path, 0o755)
  }
  return path
}

const at = async <A>(path: string, work: () => Promise<A>): Promise<A> => {
  try {
    return await work()
  } catch (error) {
    throw pathError(path, error)
  }
}

export interface Place {
  /** Exists, and nothing above it is looked at. */
  readonly base: string
  /** Relative to `base`, and does not leave it. */
  readonly target: string
  readonly staging: string
}

/** Folders get their modes last: some do not let us write. */
export const copyFiles = async (root: string, entries: ReadonlyArray<FileEntry>, place: Place, signal: AbortSignal): Promise<void> => {
  const { base, target, staging } = place
  await at(staging, () => makeStaging(staging))
  const into = await at(target, () => makeTarget(base, target))
  const folders = entries.filter(({ kind }) => kind === "folder")
  const others = entries.filter(({ kind }) => kind !== "folder")
  const each = (some: ReadonlyArray<FileEntry>, parallel: number, work: (entry: FileEntry) => Promise<unknown>) =>
    inParallel(some, parallel, (entry) => {
      signal.throwIfAborted()
      return at(entry.path, () => work(entry))
    })
  await each(folders, 1, ({ path }) => makeFolder(join(into, path)))
  await each(others, width, (entry) => placeEntry(root, entry, { path: join(into, entry.path), staging, signal }))
  await each(folders.toReversed(), 1, ({ path, mode }) => chmod(join(into, path), mode & 0o7777))
}
