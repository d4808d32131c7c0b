/** Copies a list of files into a folder of this machine, by the rules of placing. */

import { chmod } from "node:fs/promises"
import { join } from "node:path"
import { patient } from "./calls.ts"
import { copyFile } from "./copy-file.ts"
import type { FileEntry } from "./FileEntry.ts"
import { inParallel } from "./in-parallel.ts"
import { pathError } from "./PathError.ts"
import {
  at,
  clearWay,
  type Destination,
  isThere,
  makeFolder,
  makeStaging,
  makeTarget,
  placeLink,
  removeStaging,
  replace
} from "./placing.ts"

const width = 16

const copyOne = async (source: string, destination: Destination) => {
  const wanted = await patient.lstat(source)
  // It vanished, or became something else, after the list was made.
  if (!wanted?.isFile()) return
  const there = await clearWay(patient, destination.path)
  if (await isThere(patient, destination.path, there, wanted)) return
  await replace(patient, destination, (temp) => copyFile(source, temp, wanted, destination.signal))
}

const placeEntry = async (root: string, entry: FileEntry, destination: Destination) => {
  const source = join(root, entry.from ?? entry.path)
  try {
    await (entry.kind === "link" ? placeLink(patient, entry.target ?? "", destination) : copyOne(source, destination))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && !(await patient.lstat(source))) return
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
export const copyFiles = async (root: string, entries: ReadonlyArray<FileEntry>, place: Place, signal: AbortSignal): Promise<void> => {
  const { base, target } = place
  const staging = await at(place.staging, () => makeStaging(patient, place.staging))
  const into = await at(target, () => makeTarget(patient, base, target))
  const folders = entries.filter(({ kind }) => kind === "folder")
  const others = entries.filter(({ kind }) => kind !== "folder")
  const each = (some: ReadonlyArray<FileEntry>, parallel: number, work: (entry: FileEntry) => Promise<unknown>) =>
    inParallel(some, parallel, (entry) => {
      signal.throwIfAborted()
      return at(entry.path, () => work(entry))
    })
  try {
    await each(folders, 1, ({ path }) => makeFolder(patient, join(into, path)))
    await each(others, width, (entry) => placeEntry(root, entry, { path: join(into, entry.path), staging, signal }))
    await each(folders.toReversed(), 1, ({ path, mode }) => chmod(join(into, path), mode & 0o7777))
  } finally {
    await removeStaging(patient, staging)
  }
}
