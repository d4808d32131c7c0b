/** A node as its head sees it: the head's own ranks at once, a worker's through its link. All of it may be said again and again. */
import type { Peer } from "../sdk/agent/protocol.ts"
import { ask } from "./ask.ts"
import type { Head } from "./Head.ts"
import { Link } from "./Link.ts"
import { killedCode } from "./outcome.ts"
import type { RankView } from "./Rank.ts"
import type { Ranks } from "./Ranks.ts"
import type { RankOrder } from "./rank-files.ts"
import { lastLines } from "./read-log.ts"
import type { Capacity } from "./scheduler.ts"
import { rankKey } from "./state.ts"

/** A setup's end does not wait longer for a node's words. */
const linesMs = 5000

export interface Host {
  readonly peer: Peer
  readonly reachable: boolean
  /** When it is not reachable: why, if that is known. */
  readonly why: string | null
  /** Its machine is gone, for certain: what was on it has ended. */
  lost: boolean
  view(key: string, rank: number): RankView | undefined
  views(): ReadonlyArray<RankView>
  start(key: string, rank: number, order: () => RankOrder): void
  end(key: string, rank: number): void
  forget(key: string, rank: number): void
  lastLines(log: string, count: number, secrets: ReadonlyArray<string>): Promise<ReadonlyArray<string>>
  exit(how: string): Promise<unknown>
  /** Where it refused whoever came: it may let them in by now. */
  tryAgain(): void
  close(): void
}

export const unreachable = ({ lost, why }: Host) =>
  lost ? "its node is gone" : `its node cannot be reached${why === null ? "" : ` (${why})`}`

export class LocalHost implements Host {
  readonly peer: Peer
  lost = false
  readonly reachable = true
  readonly why = null
  readonly #ranks: Ranks
  readonly #home: string

  constructor(peer: Peer, ranks: Ranks, home: string) {
    this.peer = peer
    this.#ranks = ranks
    this.#home = home
  }
  view(key: string, rank: number) {
    return this.#ranks.view(key, rank)
  }
  views() {
    return this.#ranks.views()
  }
  start(key: string, rank: number, order: () => RankOrder) {
    if (this.#ranks.view(key, rank) === undefined) this.#ranks.start(order())
  }
  end(key: string, rank: number) {
    this.#ranks.end(key, rank)
  }
  forget(key: string, rank: number) {
    this.#ranks.forget(key, rank)
  }
  lastLines(log: string, count: number, secrets: ReadonlyArray<string>) {
    return lastLines(`${this.#home}/${log}`, count, secrets)
  }
  /** The head ends by itself. */
  exit() {
    return Promise.resolve()
  }
  tryAgain() {}
  close() {}
}

type HeadOf = Pick<Head, "folder" | "handed" | "journal" | "poke" | "ssh" | "store">

export class RemoteHost implements Host {
  lost = false
  readonly #link: Link
  readonly #views = new Map<string, RankView>()
  readonly #said = new Set<string>()
  readonly #head: HeadOf

  constructor(peer: Peer, head: HeadOf) {
    this.#head = head
    const onRank = (data: object) => {
      if ("capacity" in data) this.#keep(data.capacity as Capacity)
      if ("view" in data) this.#see(data.view as RankView)
      head.poke()
    }
    this.#link = new Link(peer, head.ssh, head.folder.identity.cluster, head.journal.id, onRank, () => head.poke())
  }
  get peer() {
    return this.#link.peer
  }
  get reachable() {
    return this.#link.connected
  }
  get why() {
    return this.#link.problem
  }
  view(key: string, rank: number) {
    return this.#views.get(rankKey(key, rank))
  }
  views() {
    return [...this.#views.values()]
  }
  start(key: string, rank: number, order: () => RankOrder) {
    if (this.view(key, rank) === undefined) this.#say("rank.start", key, rank, order)
  }
  end(key: string, rank: number) {
    if (this.view(key, rank)?.exit) return
    if (this.#head.handed.has(key, rank)) return this.#say("rank.end", key, rank, () => ({ key, rank }))
    this.#takeBack("rank.start", key, rank)
    this.#see({ key, rank, pid: null, exit: { code: killedCode, reason: null }, quiet: true })
    this.#head.poke()
  }
  forget(key: string, rank: number) {
    // It is over there. An order to start it that was not answered yet would begin it anew when it is said again.
    this.#takeBack("rank.start", key, rank)
    if (this.#head.handed.has(key, rank)) this.#say("rank.forget", key, rank, () => ({ key, rank }))
    else this.#drop(key, rank)
  }
  async lastLines(log: string, count: number, secrets: ReadonlyArray<string>) {
    const signal = AbortSignal.timeout(linesMs)
    const question = { method: "rank.lines", params: { log, count, secrets }, signal }
    const answer = await ask(this.#head.ssh, this.peer, this.#head.folder.identity.cluster, question).catch(() => null)
    return (answer as { lines: ReadonlyArray<string> } | null)?.lines ?? []
  }
  exit(how: string) {
    return this.#link.wish("exit", () => ({ how, head: this.#head.journal.id }))
  }
  tryAgain() {
    this.#link.tryAgain()
  }
  close() {
    this.#link.close()
  }

  #keep(capacity: Capacity) {
    const { state } = this.#head.store
    const { rank } = this.peer
    const known = JSON.stringify(state.capacities[rank])
    if (known !== JSON.stringify(capacity)) this.#head.store.append({ type: "capacity", rank, capacity })
  }

  #see(view: RankView) {
    this.#views.set(rankKey(view.key, view.rank), view)
  }

  #drop(key: string, rank: number) {
    this.#views.delete(rankKey(key, rank))
    this.#head.handed.delete(key, rank)
    for (const method of ["rank.start", "rank.end", "rank.forget"]) this.#takeBack(method, key, rank)
  }

  #takeBack(method: string, key: string, rank: number) {
    this.#said.delete(`${method} ${rankKey(key, rank)}`)
  }

  async #say(method: string, key: string, rank: number, params: () => object) {
    const id = `${method} ${rankKey(key, rank)}`
    if (this.#said.has(id)) return
    this.#said.add(id)
    this.#link.hurry()
    const order = { ...params(), head: this.#head.journal.id }
    // A head that was killed before it wrote down what it began would be told of it anew, and begin it again.
    if (method === "rank.start") await this.#head.store.settled
    await this.#link.wish(method, () => {
      if (!this.#said.has(id)) return null
      if (method === "rank.start") this.#head.handed.add(key, rank)
      return order
    })
    if (method === "rank.forget") this.#drop(key, rank)
  }
}
