/** Whatever a test leaves in the folder for temporary files goes when the run ends. */
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Made by a test that leaves something to be looked at. */
export const keepName = "keep"

export default () => {
  // Short: the path of a socket takes no more than 107 bytes.
  const scratch = mkdtempSync(join(tmpdir(), "t-"))
  // Other users are kept out by the state folder alone, as tests show.
  chmodSync(scratch, 0o755)
  process.env.TMPDIR = scratch
  return () => {
    if (!existsSync(join(scratch, keepName))) rmSync(scratch, { recursive: true, force: true, maxRetries: 5 })
  }
}
