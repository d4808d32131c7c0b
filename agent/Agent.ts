/** One node's agent, wired: memory, ranks, and on the head the journal, the queue, autostop and logs. */
import { hash } from "node:crypto"
import * as fs from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { places } from "../machine/places.ts"
import { letGo } from "../machine/trash.ts"
import type { Ended } from "../sdk/agent/node-folder.ts"
import type { AgentHello } from "../sdk/agent/protocol.ts"
import { Autostop, awakeMs } from "./Autostop.ts"
import { Folder } from "./Folder.ts"
import { Head } from "./Head.ts"
import { Journal } from "./Journal.ts"
import { Logs } from "./logs.ts"
import { methodsOf } from "./methods.ts"
import { sweepSecrets } from "./orders.ts"
import { powerOff } from "./power-off.ts"
import { bootId } from "./processes.ts"
import { liveKeys } from "./queue.ts"
import { Ranks } from "./Ranks.ts"
import { isKnown } from "./Reports.ts"
import { Reserve } from "./Reserve.ts"
import { listen } from "./Server.ts"
import { Store } from "./Store.ts"
import { apply } from "./state.ts"

const folderLookMs = 5000
/** So that the last answer leaves. */
const flushMs = 20
const workersExitMs = 5000

export class Agent {
  readonly folder: Folder
  readonly ranks: Ranks
  readonly journal: Journal
  readonly head: Head | null = null
  readonly autostop: Autostop | null = null
  readonly logs: Logs | null = null
  readonly #store: Store
  readonly #build = hash("sha256", fs.readFileSync(process.argv[1]!), "hex")

  constructor(root: string) {
    this.folder = new Folder(root)
    const ended = this.folder.ended()
    if (ended !== null) throw new Error(`this node is ${ended.how}: it must be started by its cloud first`)
    const other = this.folder.claimPid()
    if (other !== null) throw new Error(`an agent of this folder runs already, pid ${other}`)
    this.folder.reserveEnded()
    const { cluster, node, rank } = this.folder.identity
    const reserve = new Reserve(this.folder.reserve)
    const giveRoom = (bytes: number) => reserve.give(bytes)
    this.#store = new Store(this.folder.records, cluster, node, giveRoom)
    this.journal = new Journal(this.folder.journal, this.#store.isNew, giveRoom)
    // The daemon takes a head with another journal for another head, and what the one before it had begun for lost.
    if (rank === 0 && this.journal.isNew && !this.#store.isNew) this.#store.drop()
    const orphaned = this.#store.isNew && this.folder.dropQueue()
    for (const { n, fact } of this.journal.entries) {
      if (fact._tag === "AutostopFired" && n <= this.#store.state.startedEntry) continue
      // Written down, and not noted before the agent ended: what is noted from here on builds on it.
      if (isKnown(this.#store.state, fact)) apply(this.#store.state, { type: "told", fact })
      else this.#store.note({ type: "told", fact })
    }
    const marker = this.folder.startMarker()
    const { marker: before, exited, boot } = this.#store.state
    const nodeStarted = before !== marker || exited
    // Claims are not synced: after a power cut what was planned may have run.
    const machineStarted = boot !== null && boot !== bootId()
    this.#store.append({ type: "started", marker, boot: bootId(), atMs: awakeMs(), entry: this.journal.lastEntry })
    this.ranks = new Ranks(this.folder, this.#store, orphaned)
    if (rank === 0) {
      this.ranks.heed(this.journal.id)
      this.head = new Head(this.folder, this.#store, this.journal, this.ranks)
      this.autostop = new Autostop(this.head, nodeStarted, (down) => this.#leave(down))
      this.logs = new Logs(this.head, this.ranks)
    }
    this.ranks.recover((nodeStarted && before !== null) || machineStarted)
    if (nodeStarted) this.head?.failAll("the node was restarted")
    else if (machineStarted) this.head?.failAll("the machine was restarted")
    if (this.head !== null) sweepSecrets(this.folder, liveKeys(this.#store.state))
    this.head?.poke()
  }

  async listen(): Promise<void> {
    const server = await listen(this.folder.identity.socket, methodsOf(this), () => this.journal.lastEntry)
    server.on("error", (cause) => console.error(cause))
    setInterval(() => this.#lookForFolder(), folderLookMs)
  }

  hello(): AgentHello {
    const { cluster, node, rank } = this.folder.identity
    const { id: journal, lastEntry } = this.journal
    const { halted: isHalted, taken } = this.#store.state
    const halted = isHalted || (this.head?.closed ?? false)
    const lastJob = taken.at(-1)?.[1] ?? 0
    return { cluster, node, rank, journal, lastEntry, lastJob, build: this.#build, pid: process.pid, halted }
  }

  /** `ended` is there before this process ends, so nobody starts it again. */
  async exit(ended: Ended): Promise<void> {
    if (this.head !== null) this.head.closed = true
    await this.ranks.endAll()
    await this.head?.disconnect()
    await this.#store.append({ type: "exited" })
    this.folder.writeEnded(ended)
    await this.#letGo(ended.how)
    setTimeout(() => this.#go(ended), flushMs)
  }

  /** A machine that nobody else has ends with a cluster that ends itself. */
  async #go({ by, how }: Ended): Promise<void> {
    if (by === "autostop" && this.folder.identity.powersOff) await powerOff(how === "Down")
    this.end()
  }

  end(): never {
    fs.rmSync(this.folder.identity.socket, { force: true })
    process.exit(0)
  }

  /** Autostop: nobody asked, so `ended` comes first. */
  async #leave(down: boolean): Promise<void> {
    const how = down ? "Down" : "Stopped"
    await this.#store.append({ type: "exited" })
    const ended: Ended = { how, by: "autostop", atMs: Date.now() }
    this.folder.writeEnded(ended)
    const workers = Promise.all(this.head!.hosts.map((host) => host.exit(how)))
    await Promise.all([this.ranks.endAll(), Promise.race([workers, sleep(workersExitMs)])])
    await this.head!.disconnect()
    await this.#letGo(how)
    await this.#go(ended)
  }

  /** A machine that it had alone is free for others, though nobody may ask for that for long. */
  async #letGo(how: Ended["how"]): Promise<void> {
    if (how !== "Down") return
    await letGo(places(join(this.folder.root, "../..")), this.folder.identity.node).catch((cause) => console.error(cause))
  }

  /** Jobs go on without an agent, but not without their folder. */
  async crash(cause: unknown): Promise<void> {
    console.error(cause)
    await this.#lookForFolder()
    process.exit(1)
  }

  async #lookForFolder() {
    if (this.folder.exists()) return
    await this.ranks.endAll()
    await this.head?.disconnect()
    this.end()
  }
}
