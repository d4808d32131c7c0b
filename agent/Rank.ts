/**
 * One rank on this node: its supervisor's process, and how its end is noticed: the exit of our own child, or, for one that an earlier
 * agent started, its folder being watched and its process looked at.
 */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { wordsOf } from "../machine/room.ts"
import type { Folder } from "./Folder.ts"
import { isFull, noteGaps } from "./full-disk.ts"
import { type Mark, markedEnvironment } from "./leftovers.ts"
import { type Exit, killedCode } from "./outcome.ts"
import { bootId, isAlive } from "./processes.ts"
import { logIn, type RankOrder, readFrom, unclaimedOrder, writeOrder } from "./rank-files.ts"
import { supervisor } from "./script.ts"

const adoptedLookMs = 500
/** How often a claim may be found empty before its writer counts as dead. */
const emptyLooks = 10
const notStarted = 126
const findBash = (path: string | undefined) =>
  [...(path ?? "").split(":"), "/bin", "/usr/bin", "/usr/local/bin"]
    .map((folder) => join(folder, "bash"))
    .find((file) => fs.existsSync(file)) ?? "bash"

export interface RankView {
  readonly key: string
  readonly rank: number
  readonly pid: number | null
  readonly exit: Exit | null
  readonly quiet: boolean
}

export class Rank {
  readonly key: string
  readonly number: number
  readonly folder: string
  pid: number | null = null
  exit: Exit | null = null
  quiet = false
  /** Its end was asked for: from then on only that says how it ended. */
  ending = false
  cleaning = false
  readonly #node: Folder
  readonly #changed: () => void
  #watcher: fs.FSWatcher | null = null
  #timer: NodeJS.Timeout | null = null
  #noted: (() => void) | null = null
  #emptyLooks = 0
  /** Our own supervisor is there and may not have come to its claim yet. */
  #starting = false

  constructor(node: Folder, key: string, number: number, changed: () => void) {
    this.key = key
    this.number = number
    this.folder = node.rank(key, number)
    this.#node = node
    this.#changed = changed
  }

  /** A detached setup is part of its job. */
  get mark(): Mark {
    const { identity, root } = this.#node
    return { folder: root, job: `${identity.cluster}/${this.key.replace(/^(job|setup-of)-/, "")}` }
  }

  get view(): RankView {
    const { exit, key, number, pid, quiet } = this
    return { key, rank: number, pid, exit, quiet }
  }

  get isSetup() {
    return this.key.startsWith("setup-")
  }

  start(order: RankOrder) {
    this.#node.mustExist()
    try {
      writeOrder(this.folder, order, this.#node.workdir)
      this.#spawn(order)
    } catch (cause) {
      this.#end({ code: notStarted, reason: `it could not be started: ${wordsOf(cause)}` })
    }
  }

  #spawn(order: RankOrder) {
    const { identity, home, workdir } = this.#node
    const mark = markedEnvironment(this.mark)
    const env = { ...identity.environment, HOME: home, ...order.environment, ...order.secrets, ...mark, SKYD_NODE: identity.node }
    const log = join(home, order.log)
    fs.mkdirSync(dirname(log), { recursive: true })
    fs.mkdirSync(workdir, { recursive: true })
    const output = fs.openSync(log, "a", 0o644)
    this.#watch()
    this.#noted = noteGaps(log)
    try {
      // Loaded when the first job comes: the agent listens a millisecond earlier.
      const { spawn } = process.getBuiltinModule("node:child_process")
      const child = spawn("/bin/sh", ["-c", supervisor, "sh", this.folder, findBash(identity.environment.PATH), bootId()], {
        cwd: workdir,
        env,
        detached: true,
        stdio: ["ignore", output, output]
      })
      child.on("error", (cause) => this.#end({ code: notStarted, reason: `it could not be started: ${cause.message}` }))
      this.#starting = true
      child.on("exit", () => {
        this.#starting = false
        this.look()
      })
    } finally {
      fs.closeSync(output)
    }
  }

  /** Its order, when it was planned by an earlier agent and nobody has claimed it. */
  unclaimed(): RankOrder | "never written" | null {
    return unclaimedOrder(this.folder)
  }

  /** One that an earlier agent started. */
  adopt() {
    this.#watch()
    const log = logIn(this.folder)
    if (log !== null) this.#noted = noteGaps(join(this.#node.home, log))
    this.look()
  }

  fail(reason: string) {
    this.#end({ code: killedCode, reason })
  }

  /** Looks at what the folder and /proc say, and looks again while the supervisor runs. */
  look() {
    if (this.exit !== null || this.ending) return
    if (this.pid === null && this.#readPid()) this.#changed()
    const claim = readFrom(this.folder, "claim")
    const [pid = "", start = "", boot = ""] = (claim ?? "").split(" ")
    const writing = claim === "" && this.#emptyLooks++ < emptyLooks
    const alive = boot === bootId() && isAlive(Number(pid), start)
    // The exit is read after its writer was seen gone, else one written in between would be missed.
    const code = readFrom(this.folder, "exit")
    if (code !== null && code !== "") {
      const failed = Number(code) !== 0
      return this.#end({ code: Number(code), reason: null, ...(failed && isFull(this.#node.home) && { full: true }) })
    }
    if (alive || writing || this.#starting) return this.#lookLater()
    if (boot !== "" && boot !== bootId()) return this.#end({ code: killedCode, reason: "the machine was restarted" })
    if (!fs.existsSync(this.folder)) return this.#end({ code: killedCode, reason: "its folder on the node was removed" })
    this.#end(
      claim === null ? { code: notStarted, reason: "it could not be started" } : { code: killedCode, reason: "its supervisor was killed" }
    )
  }

  close() {
    this.#watcher?.close()
    this.#watcher = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#noted?.()
  }

  #lookLater() {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.look(), adoptedLookMs)
  }

  #watch() {
    try {
      this.#watcher = fs
        .watch(this.folder, (_, name) => {
          if (name === "pid" && this.pid === null && this.#readPid()) this.#changed()
          if (name === "exit" && this.#timer !== null) this.look()
        })
        .on("error", () => this.#lookLater())
    } catch {
      // No inotify left, or no folder: looking now and then must do.
      this.#lookLater()
    }
  }

  #readPid(): boolean {
    this.pid ??= Number(readFrom(this.folder, "pid")) || null
    return this.pid !== null
  }

  #end(exit: Exit) {
    this.close()
    if (this.exit !== null || this.ending) return
    this.exit = exit
    this.#changed()
  }
}
