/** Copies a list of files into a folder of this machine, by the rules of placing. */

import { join } from "node:path"
import { chmod, lstat } from "./calls.ts"
import { copyFile } from "./copy-file.ts"
import { codeOf } from "./errno.ts"
import type { FileEntry } from "./FileEntry.ts"
import { pathError } from "./PathError.ts"
import {
  at,
  clearWay,
  type Destination,
  type GivenUp,
  isThere,
  makeFolder,
  makeStaging,
  makeTarget,
  placeLink,
  removeStaging,
  replace
} from "./placing.ts"

const copyOne = (source: string, destination: Destination) => {
  const wanted = lstat(source)
  // It vanished, or became something else, after the list was made.
  if (!wanted?.isFile()) return
  const there = clearWay(destination.path)
  if (isThere(destination.path, there, wanted)) return
  replace(destination, (temp) => copyFile(source, temp, wanted, destination.signal))
}

const placeEntry = (root: string, entry: FileEntry, destination: Destination) => {
  const source = join(root, entry.from ?? entry.path)
  try {
    if (entry.kind === "link") placeLink(entry.target ?? "", destination)
    else copyOne(source, destination)
  } catch (error) {
    if (codeOf(error) === "ENOENT" && lstat(source) === null) return
    throw pathError(source, error)
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
export const copyFiles = (root: string, entries: ReadonlyArray<FileEntry>, place: Place, signal: GivenUp): void => {
  const { base, target } = place
  const staging = at(place.staging, () => makeStaging(place.staging))
  try {
    const into = at(target, () => makeTarget(base, target))
    const each = (some: ReadonlyArray<FileEntry>, work: (entry: FileEntry, path: string) => void) => {
      for (const entry of some) {
        signal.throwIfAborted()
        at(entry.path, () => work(entry, join(into, entry.path)))
      }
    }
    const folders = entries.filter(({ kind }) => kind === "folder")
    each(folders, (_, path) => makeFolder(path))
    each(
      entries.filter(({ kind }) => kind !== "folder"),
      (entry, path) => placeEntry(root, entry, { path, staging, signal })
    )
    each(folders.toReversed(), ({ mode }, path) => chmod(path, mode & 0o7777))
  } finally {
    removeStaging(staging)
  }
}
