/**
 * Why a system says that no space is left: a disk that has some can be out of inodes, and whoever looks for space alone does not find out.
 */
import { statfsSync } from "node:fs"
import { dirname } from "node:path"
import { raw } from "./calls.ts"
import { codeOf } from "./errno.ts"

/** What takes a few files leaves none behind when it fails, so it is seen with some to spare. */
export const inodesMin = 32
/** A disk with less is full anyway. */
const spaceMinBytes = 64 * 1024

export const noInodes = "its disk has no inodes left for more files (df -i), whatever space there is"

const isOutOfInodes = (folder: string): boolean => {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(raw(folder))
    return files > 0 && ffree < inodesMin && bavail * bsize >= spaceMinBytes
  } catch (error) {
    // What was to be made may lie below a folder that could not be made, or is taken back by now.
    return codeOf(error) === "ENOENT" && dirname(folder) !== folder && isOutOfInodes(dirname(folder))
  }
}

/** Whether it is the number of files that kept something from being made. */
export const isForInodes = (error: unknown): boolean => {
  const { dest, path } = error as { readonly dest?: string; readonly path?: string }
  const at = dest ?? path
  return codeOf(error) === "ENOSPC" && typeof at === "string" && isOutOfInodes(dirname(at))
}

/** What the system said, and what it did not say. */
export const wordsOf = (error: unknown): string => {
  const message = (error as Partial<Error> | null)?.message ?? String(error)
  return isForInodes(error) ? `${message}: ${noInodes}` : message
}
