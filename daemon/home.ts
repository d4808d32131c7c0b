/** The state folder: ours alone, and near enough to the root that its socket's path fits. Checked before anything is made. */
import { chmodSync, existsSync, lstatSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { ValueError } from "../sdk/protocol/errors.ts"

/** What the kernel takes for the path of a Unix socket, less its final zero. */
const socketPathMax = process.platform === "darwin" ? 103 : 107
/** `/run/` and the longest name in it. */
const agentSocketChars = "/run/12345678.sock".length

export const prepareHome = (home: string): { readonly socket: string } => {
  const socket = join(home, "run", "sock")
  if (Buffer.byteLength(home) + agentSocketChars > socketPathMax) {
    throw new ValueError({
      message: `The state folder ${home} is too deep: the path of a socket in it is longer than ${socketPathMax} bytes.`,
      hint: "Set SKYD_HOME to a shorter path."
    })
  }
  if (existsSync(home)) {
    const stat = lstatSync(home)
    if (stat.uid !== process.getuid?.()) {
      throw new ValueError({ message: `The state folder ${home} belongs to another user.`, hint: "Set SKYD_HOME to a folder of your own." })
    }
  }
  for (const folder of [home, join(home, "run"), join(home, "nodes"), join(home, "trash")]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
  }
  return { socket }
}
