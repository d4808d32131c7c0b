/**
 * The ranks that this node runs. "Planned" is on disk before a supervisor is spawned, and a claim is never started again. A
 * rank is `quiet` when nothing of it is left, which is later than its exit.
 */
import * as fs from "node:fs"
import type { Folder } from "./Folder.ts"
import { valueError } from "./failures.ts"
import { endProcesses } from "./leftovers.ts"
import { type Exit, killedCode } from "./outcome.ts"
import { Rank, type RankView } from "./Rank.ts"
import type { RankOrder } from "./rank-files.ts"
import type { Store } from "./Store.ts"
import { rankKey } from "./state.ts"

export class Ranks {
  readonly #folder: Folder
  readonly #store: Store
  readonly #ranks = new Map<string, Rank>()
  readonly #spawning: Array<() => void> = []
  readonly #listeners = new Set<(view: RankView) => void>()
  /** The journal of the head that gives the orders. */
  #head: string | null
  /** Nothing starts before; undefined: there is nothing to wait for. */
  #clearing: Promise<unknown> | undefined

  /** `orphaned`: work was begun here that nobody remembers. */
  constructor(folder: Folder, store: Store, orphaned: boolean) {
    this.#folder = folder
    this.#store = store
    this.#head = store.state.head
    if (orphaned) this.#clearing = this.endAll()
  }

  /**
   * From now on the head with this journal gives the orders. Resolves when nothing is left here of what another one ordered: it
   * would pass for the new head's, which counts its jobs from 1 as well.
   */
  async heed(head: string): Promise<void> {
    if (head !== this.#head) {
      // An older agent kept no note of who gave the orders; it was this one.
      const isAnother = this.#head !== null
      this.#head = head
      const clearing = Promise.resolve(this.#clearing)
        .then(() => (isAnother ? this.#clear() : undefined))
        .then(() => {
          this.#store.note({ type: "heeded", head })
          if (this.#clearing === clearing) this.#clearing = undefined
        })
      this.#clearing = clearing
    }
    await this.#clearing
  }

  /** A head that was replaced may still be about. */
  mustHeed(head: string | undefined) {
    if (head !== undefined && head !== this.#head) throw valueError("another head gives the orders here")
  }

  /** Taken once; asking again is harmless. Where nothing is waited for, it is on disk with what it was decided on: one sync for both. */
  async start(order: RankOrder): Promise<void> {
    if (this.#clearing !== undefined) await this.#clearing
    if (this.#ranks.has(rankKey(order.key, order.rank))) return
    this.#folder.mustExist()
    const rank = this.#create(order.key, order.rank)
    await this.#store.append({ type: "planned", key: order.key, rank: order.rank, ending: false })
    await this.#spawn(rank, order)
  }

  /** A spawn blocks for a millisecond or more: of many at once each has a turn of its own. */
  #spawn(rank: Rank, order: RankOrder): Promise<void> {
    return new Promise((resolve) => {
      this.#spawning.push(() => {
        if (!rank.ending) rank.start(order)
        resolve()
      })
      if (this.#spawning.length === 1) this.#spawnNext()
    })
  }

  #spawnNext() {
    this.#spawning[0]!()
    setImmediate(() => {
      this.#spawning.shift()
      if (this.#spawning.length > 0) this.#spawnNext()
    })
  }

  /** Ends it, also when that comes before its start. */
  async end(key: string, number: number): Promise<void> {
    const known = this.#ranks.get(rankKey(key, number))
    if (known?.ending || known?.exit) return
    const rank = known ?? this.#create(key, number)
    rank.ending = true
    const written = this.#store.append(
      known === undefined ? { type: "planned", key, rank: number, ending: true } : { type: "endingRank", key, rank: number }
    )
    this.#finishEnding(rank)
    await written
  }

  forget(key: string, number: number) {
    const rank = this.#ranks.get(rankKey(key, number))
    if (rank === undefined) return
    rank.close()
    this.#ranks.delete(rankKey(key, number))
    this.#store.note({ type: "forgotten", key, rank: number })
    fs.rmSync(rank.folder, { recursive: true, force: true })
  }

  view(key: string, number: number): RankView | undefined {
    return this.#ranks.get(rankKey(key, number))?.view
  }

  views(): ReadonlyArray<RankView> {
    return [...this.#ranks.values()].map(({ view }) => view)
  }

  watch(listener: (view: RankView) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** After a start of the agent: what was planned is started, adopted, or found dead. */
  recover(restarted: boolean) {
    for (const { key, rank: number, ending } of Object.values(this.#store.state.ranks)) {
      const rank = this.#create(key, number)
      rank.ending = ending
      if (ending) this.#finishEnding(rank)
      else this.#recoverOne(rank, restarted)
    }
  }

  #recoverOne(rank: Rank, restarted: boolean) {
    const order = rank.unclaimed()
    if (order === null) rank.adopt()
    else if (restarted) rank.fail("the node was restarted")
    // Its head will say it again.
    else if (order === "never written") this.forget(rank.key, rank.number)
    else this.#spawn(rank, order)
  }

  /** Every process of this cluster on this node. */
  async endAll(): Promise<void> {
    const { identity, root } = this.#folder
    for (const rank of this.#ranks.values()) rank.ending = true
    await endProcesses({ folder: root, job: `${identity.cluster}/` })
  }

  async #clear() {
    const ranks = [...this.#ranks.values()]
    for (const { key, number } of ranks) this.end(key, number)
    const change = () =>
      new Promise<void>((resolve) => {
        const stop = this.watch(() => resolve(stop()))
      })
    while (!ranks.every(({ quiet }) => quiet)) await change()
    for (const { key, number } of ranks) this.forget(key, number)
  }

  #create(key: string, number: number): Rank {
    const rank: Rank = new Rank(this.#folder, key, number, () => this.#changed(rank))
    this.#ranks.set(rankKey(key, number), rank)
    return rank
  }

  #notify(rank: Rank) {
    for (const listener of this.#listeners) listener(rank.view)
  }

  #changed(rank: Rank) {
    this.#notify(rank)
    if (rank.exit === null || rank.cleaning) return
    rank.cleaning = true
    // A setup that went well may leave services behind.
    const leave = rank.isSetup && rank.exit.code === 0
    const cleaned = leave ? Promise.resolve() : endProcesses(rank.mark)
    cleaned.then(() => this.#settle(rank, rank.exit!))
  }

  #finishEnding(rank: Rank) {
    endProcesses(rank.mark).then(() => this.#settle(rank, { code: killedCode, reason: null }))
  }

  #settle(rank: Rank, exit: Exit) {
    rank.close()
    rank.exit = exit
    rank.quiet = true
    this.#notify(rank)
  }
}
