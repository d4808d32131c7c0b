/** A node's folder: what is where, and whose node it is. Relative paths come from nodeFiles, which the cloud shares. */
import * as fs from "node:fs"
import { join, resolve } from "node:path"
import { type Ended, homeOf, type NodeIdentity, nodeFiles, workdirName } from "../sdk/agent/node-folder.ts"
import { replaceFile, syncFolder, temporaryOf } from "./durable.ts"
import { logsFolder } from "./log-files.ts"
import { isAlive, processOf, worksIn } from "./processes.ts"

export class Folder {
  readonly root: string
  readonly identity: NodeIdentity
  readonly home: string
  readonly workdir: string
  readonly journal: string
  readonly records: string
  readonly reserve: string

  constructor(path: string) {
    const root = resolve(path)
    this.root = root
    this.identity = JSON.parse(fs.readFileSync(join(root, nodeFiles.identity), "utf8"))
    this.home = homeOf(root, this.identity)
    this.workdir = join(this.home, workdirName)
    this.journal = join(root, nodeFiles.journal)
    this.records = join(root, "agent/records.jsonl")
    this.reserve = join(root, "agent/reserve")
    fs.mkdirSync(join(root, "agent"), { recursive: true, mode: 0o700 })
    fs.mkdirSync(this.workdir, { recursive: true })
  }

  rank(key: string, rank: number) {
    return join(this.root, "agent/ranks", `${key}.${rank}`)
  }

  secrets(key: string) {
    return join(this.root, "agent/secrets", `${key}.json`)
  }

  exists() {
    return fs.existsSync(join(this.root, nodeFiles.identity))
  }

  /** Before folders are made in it: half a folder is never a node. */
  mustExist() {
    if (!this.exists()) throw new Error("this node's folder is gone")
  }

  /** What an agent left here that nothing is remembered of. Answers whether it may have begun any work: a user's home holds more logs. */
  dropQueue(): boolean {
    for (const left of ["agent/ranks", "agent/secrets"]) fs.rmSync(join(this.root, left), { recursive: true, force: true })
    return fs.existsSync(join(this.home, logsFolder))
  }

  /** Changes when the cloud starts the node, and only then. */
  startMarker(): string {
    try {
      const path = join(this.root, nodeFiles.boot)
      return `${fs.readFileSync(path, "utf8").trim()} ${fs.statSync(path).mtimeMs}`
    } catch {
      return "none"
    }
  }

  ended(): Ended | null {
    try {
      return JSON.parse(fs.readFileSync(join(this.root, nodeFiles.ended), "utf8"))
    } catch {
      return null
    }
  }

  /** A place for `ended` is made while there is one: a disk that takes no more files does not keep the node from ending. */
  reserveEnded() {
    try {
      fs.closeSync(fs.openSync(temporaryOf(join(this.root, nodeFiles.ended)), "a", 0o600))
    } catch (cause) {
      console.error(cause)
    }
  }

  writeEnded(ended: Ended) {
    replaceFile(join(this.root, nodeFiles.ended), `${JSON.stringify(ended)}\n`)
    syncFolder(this.root)
  }

  /** Null when this process is now the agent of the folder; else the pid of the one that is. */
  claimPid(): number | null {
    const path = join(this.root, nodeFiles.pid)
    try {
      const [pid = "", start = ""] = fs.readFileSync(path, "utf8").split(" ")
      if (Number(pid) !== process.pid && isAlive(Number(pid), start.trim()) && worksIn(Number(pid), this.root)) return Number(pid)
    } catch {
      // None before.
    }
    fs.writeFileSync(path, `${process.pid} ${processOf("self")?.start ?? ""}\n`)
    return null
  }
}
