/** A home of its own for each test of a file, and the authorized_keys that would be there. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach } from "vitest"

export const at = { scratch: "", file: "" }

let home: string | undefined
beforeEach(() => {
  at.scratch = mkdtempSync(join(tmpdir(), "skyd-k-"))
  at.file = join(at.scratch, ".ssh/authorized_keys")
  home = process.env.HOME
  process.env.HOME = at.scratch
})
afterEach(() => {
  process.env.HOME = home
  rmSync(at.scratch, { recursive: true, force: true })
})
