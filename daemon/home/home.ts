/** The state folder: ours alone, and near enough to the root that its socket's path fits. Checked before anything is made. */
import { chmodSync, closeSync, existsSync, fstatSync, lstatSync, mkdirSync, openSync, statSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { ValueError } from "../../sdk/protocol/errors.ts"
import { refuseOther } from "../log/in-its-place.ts"
import { DiskError } from "./DiskError.ts"

/** What the kernel takes for the path of a Unix socket, less its final zero. */
const socketPathMax = process.platform === "darwin" ? 103 : 107
/** `/run/` and the longest name in it. */
const agentSocketChars = "/run/12345678.sock".length

/** The kernel's words, which LevelDB quotes as they are, what they mean for us, and a way on. */
const obstacles = [
  [
    /no space left/i,
    "there is no space left on its disk, or no room for one more file.",
    "Free some: df -h and df -i show what is left of both."
  ],
  [/quota exceeded/i, "your quota of its disk is used up.", "Free some space."],
  [
    /read-only file ?system/i,
    "it is on a file system that is mounted read-only.",
    "Mount it for writing, or set SKYD_HOME to another folder."
  ]
] as const

/** In a sentence for people why nothing can be written there; whatever else is wrong is left as it is. */
export const explainUnwritable = (home: string, error: unknown): DiskError | undefined => {
  const message = error instanceof Error ? error.message : ""
  const obstacle = obstacles.find(([words]) => words.test(message))
  return obstacle && new DiskError({ message: `The state folder ${home} cannot be written to: ${obstacle[1]}`, hint: obstacle[2] })
}

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
  const folders = { run: "sockets belong", nodes: "the nodes of this machine belong", trash: "what is being removed belongs" }
  for (const [name, what] of Object.entries(folders)) refuseOther(join(home, name), "folder", what)
  refuseOther(socket, "socket", "the daemon's socket belongs")
  for (const folder of [home, ...Object.keys(folders).map((name) => join(home, name))]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
  }
  return { socket }
}

/** Whether the path still leads to this folder. It is held open: the number of one that is gone is given to another. */
export const watchHome = (home: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => openSync(home, "r")),
      (file) => Effect.sync(() => closeSync(file))
    ),
    (file) => {
      const { ino } = fstatSync(file)
      return () => statSync(home, { throwIfNoEntry: false })?.ino === ino
    }
  )
