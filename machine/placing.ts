/**
 * The rules by which what is copied comes to lie below a folder, the way rsync would without `--delete`. No link is ever followed there:
 * one that stands where a folder must be is replaced, else a job could turn the next sync onto files of the user's. A file that is
 * there already (size and time of change) is left alone. A file is replaced by a rename, so a program that runs from it goes on.
 */

import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync, type Stats } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as calls from "./calls.ts"
import { codeOf } from "./errno.ts"
import { MachineError } from "./MachineError.ts"
import { PathError, pathError } from "./PathError.ts"

/** Times are set in seconds as a double, which rounds below a microsecond. */
const timeToleranceMs = 0.01
/** Another that is told to end may still write there. */
const maxRetries = 3

/** Of what is thrown within a sentence is made that names the path. */
export const at = <A>(path: string, work: () => A): A => {
  try {
    return work()
  } catch (error) {
    throw onPath(path, error)
  }
}
export const onPath = (path: string, error: unknown) => (error instanceof MachineError ? error : pathError(path, error))

/** Makes a folder that we may write into, whatever stood there. Answers whether it is new. */
export const makeFolder = (path: string): boolean => {
  const there = calls.lstat(path)
  if (there?.isDirectory()) {
    if ((there.mode & 0o700) !== 0o700) calls.chmod(path, there.mode | 0o700)
    return false
  }
  if (there) calls.unlink(path)
  calls.mkdir(path, 0o700)
  return true
}

/** The folders from `base` down to the target; what stands there as something else gives way. */
export const makeTarget = (base: string, target: string): string => {
  let path = base
  for (const name of target.split("/").filter((name) => name !== "" && name !== ".")) {
    path = join(path, name)
    if (makeFolder(path)) calls.chmod(path, 0o755)
  }
  return path
}

/**
 * A folder within `staging`, new and empty: half a file of a sync that was killed goes. One node is synced by one at a time; an earlier one
 * that is not dead yet has lost its own folder with that, and puts nothing into place any more.
 */
export const makeStaging = (staging: string): string => {
  removeStaging(staging)
  for (;;) {
    mkdirSync(staging, { recursive: true, mode: 0o700 })
    try {
      return mkdtempSync(`${staging}/`)
    } catch (error) {
      // Another that begins in this moment may take it away: the last of them goes on.
      if (codeOf(error) !== "ENOENT") throw error
    }
  }
}

export const removeStaging = (staging: string): void => rmSync(staging, { recursive: true, force: true, maxRetries })

/** An empty folder gives way to a file or a link; one that holds something is the user's to remove. */
const clearFolder = (path: string, what: string) => {
  try {
    calls.rmdir(path)
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes(codeOf(error))) throw error
    throw new PathError(path, `${path} is a folder with files in it, and a ${what} takes its place: remove the folder.`)
  }
}

/** What is at a path as something else than a folder, or nothing: a folder is in the way of all but folders. */
export const clearWay = (path: string, what: "file" | "link" = "file"): Stats | null => {
  const there = calls.lstat(path)
  if (!there?.isDirectory()) return there
  clearFolder(path, what)
  return null
}

/** Whether a file that lies at `path` is the one that is wanted there; if so it has its mode after this. */
export const isThere = (path: string, there: Stats | null, wanted: Pick<Stats, "size" | "mtimeMs" | "mode">) => {
  if (!there?.isFile() || there.size !== wanted.size || Math.abs(there.mtimeMs - wanted.mtimeMs) >= timeToleranceMs) return false
  if (((there.mode ^ wanted.mode) & 0o7777) !== 0) calls.chmod(path, wanted.mode & 0o7777)
  return true
}

/** Names in staging folders are those of this program alone. */
let made = 0

/** Throws once nobody waits for it any more. */
export type GivenUp = Pick<AbortSignal, "throwIfAborted">

export interface Destination {
  readonly path: string
  /** Where files are made before they are renamed into place: by `makeStaging`. */
  readonly staging: string
  /** Nothing is put into place any more. */
  readonly signal: GivenUp
}

/** Always the same of the same file, so that the next sync removes what one that was killed has left. */
const besideOf = (path: string) => join(dirname(path), `.skyd-${createHash("sha256").update(basename(path)).digest("hex").slice(0, 16)}`)

const renamed = (temp: string, { path, signal }: Destination) => {
  signal.throwIfAborted()
  try {
    calls.rename(temp, path)
    return true
  } catch (error) {
    if (codeOf(error) !== "EXDEV") throw error
    return false
  }
}

const unlinkIfThere = (path: string) => {
  try {
    calls.unlink(path)
  } catch {
    // It was never made.
  }
}

/**
 * The file or link that `make` makes comes to its place, where no folder is, at once and whole. Where a folder lies on another disk than
 * `staging` it is made again beside its place, by `again`, of the first where that is given.
 */
export const replace = (
  destination: Destination,
  make: (temp: string) => void,
  again: (temp: string, first: string) => void = make
): void => {
  const temp = join(destination.staging, String(made++))
  try {
    make(temp)
    if (renamed(temp, destination)) return
    const beside = besideOf(destination.path)
    unlinkIfThere(beside)
    try {
      again(beside, temp)
      renamed(beside, destination)
    } catch (error) {
      unlinkIfThere(beside)
      throw error
    }
    unlinkIfThere(temp)
  } catch (error) {
    unlinkIfThere(temp)
    throw error
  }
}

export const placeLink = (target: string, destination: Destination): void => {
  const { path } = destination
  const there = clearWay(path, "link")
  if (there?.isSymbolicLink() && calls.readlink(path) === target) return
  replace(destination, (temp) => calls.symlink(target, temp))
}
