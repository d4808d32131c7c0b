/** What is said of a disk that has space and no inodes: the system says that it has no space. */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { noInodes, wordsOf } from "../../machine/room.ts"

const folder = mkdtempSync(join(tmpdir(), "skyd-"))
const isSmall = ((): boolean => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=8,size=1m", "tmpfs", folder], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()
if (!isSmall) console.warn("\n*** SKIPPED: a disk without inodes needs a mount of its own ***\n")

it.skipIf(!isSmall)("is said to be out of them, also where what was to be made lies below what could not be", () => {
  try {
    expect(() => {
      for (let i = 0; ; i++) writeFileSync(join(folder, String(i)), "")
    }).toThrow("ENOSPC")
    const words = (path: string) => {
      try {
        mkdirSync(join(folder, path), { recursive: true })
        return "made"
      } catch (error) {
        return wordsOf(error)
      }
    }
    for (const path of ["a", "a/b", "a/b/c"]) expect(words(path), path).toContain(noInodes)
  } finally {
    execFileSync("umount", [folder])
    rmSync(folder, { recursive: true })
  }
})
