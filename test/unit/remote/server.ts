/** An ssh server that knows one key, for the length of a test. */
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import type { Target } from "../../../daemon/remote/Target.ts"
import { keyPair } from "../../fakes/ssh-keys.ts"
import { SshServer } from "../../fakes/ssh-server.ts"

const pair = keyPair()
const key = join(mkdtempSync(join(tmpdir(), "key-")), "id")
writeFileSync(key, pair.private, { mode: 0o600 })

export const serverNow = async () => {
  const server = await SshServer.start([pair])
  onTestFinished(() => server.stop())
  return server
}
export const to = (server: SshServer, changes: Partial<Target> = {}) => server.target({ identityFiles: [key], ...changes })
