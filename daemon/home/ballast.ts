/**
 * Space that is held in reserve: LevelDB must write to open, so on a full disk a daemon that ended could never come back. The bytes are
 * written and random: neither a sparse file nor a disk that compresses would hold any space.
 */
import { randomFillSync } from "node:crypto"
import { existsSync, rmSync, statfsSync } from "node:fs"
import { open, rename, rm } from "node:fs/promises"
import { join } from "node:path"

export const mib = 1024 * 1024
export const ballastBytes = 64 * mib

const pathOf = (home: string) => join(home, "ballast")

/** What is left for us on the disk of this folder, in bytes. */
export const freeBytes = (home: string): number => {
  const { bavail, bsize } = statfsSync(home)
  return bavail * bsize
}

/** How many files more it takes; endless where it does not count them. */
export const freeFiles = (home: string): number => {
  const { ffree, files } = statfsSync(home)
  return files === 0 ? Number.POSITIVE_INFINITY : ffree
}

export const hasBallast = (home: string): boolean => existsSync(pathOf(home))

export const dropBallast = (home: string): void => {
  for (const path of [pathOf(home), `${pathOf(home)}.new`]) rmSync(path, { force: true })
}

/** Whole or not at all. */
export const writeBallast = async (home: string): Promise<void> => {
  const fresh = `${pathOf(home)}.new`
  const chunk = Buffer.alloc(mib)
  try {
    const file = await open(fresh, "w", 0o600)
    try {
      for (let written = 0; written < ballastBytes; written += chunk.length) await file.write(randomFillSync(chunk))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, pathOf(home))
  } catch (cause) {
    await rm(fresh, { force: true })
    throw cause
  }
}

/** Before the store is opened. */
export const makeRoom = (home: string): void => {
  if (freeBytes(home) < ballastBytes) dropBallast(home)
}
