/** Nobody answers at the socket: that is told, and mended where it may be, whatever the system calls it. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { whenRefused } from "../../../sdk/client/rare.ts"

it.each(["ENOENT", "ECONNREFUSED", "ECONNRESET"])("%s, also of a daemon that was killed as it was connected to", async (code) => {
  const folder = mkdtempSync(join(tmpdir(), "skyd-n-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const error = Object.assign(new Error(`connect ${code}`), { code })
  await expect(whenRefused({ folder, socket: join(folder, "run/sock") }, error, false, 1)).rejects.toThrow("The daemon is not running.")
})
