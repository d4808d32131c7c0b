/**
 * The head's half of an agent: its jobs and setups over all nodes. Level-triggered: `step` looks at what is recorded and what
 * the nodes show, never at what just happened, so a restart is not a special case.
 */
import type { JobSpec, Peer, SetupSpec } from "../sdk/agent/protocol.ts"
import { advanceJob } from "./advance-job.ts"
import { advanceSetup } from "./advance-setup.ts"
import type { Folder } from "./Folder.ts"
import { halted, valueError } from "./failures.ts"
import { Handed } from "./Handed.ts"
import { type Host, LocalHost, RemoteHost, unreachable } from "./hosts.ts"
import type { Journal } from "./Journal.ts"
import { keepSecrets, selfPeer, setupKey } from "./orders.ts"
import { type Exit, killedCode } from "./outcome.ts"
import { endBroken, forgetEnded, startQueued } from "./queue.ts"
import type { Ranks } from "./Ranks.ts"
import { Reports } from "./Reports.ts"
import type { Store } from "./Store.ts"
import { mustBeReachable, Ssh } from "./ssh.ts"
import { freshOf, lostSecrets, othersOf, type Submitted, sortOut } from "./submission.ts"

/** How long a halt waits for a node that cannot be reached; longer than a kill takes. */
const unreachableMs = 15_000

export class Head {
  readonly folder: Folder
  readonly store: Store
  readonly journal: Journal
  readonly reports: Reports
  readonly ssh: Ssh
  readonly handed: Handed
  hosts: ReadonlyArray<Host> = []
  /** The node is going: nothing new starts. */
  closed = false
  readonly #ranks: Ranks
  readonly #listeners = new Set<() => void>()
  #stepping = false
  #givenUp = false

  constructor(folder: Folder, store: Store, journal: Journal, ranks: Ranks) {
    this.folder = folder
    this.store = store
    this.journal = journal
    this.reports = new Reports(folder, store, journal, () => this.poke())
    this.ssh = new Ssh(folder.root)
    this.handed = new Handed(store.state)
    this.#ranks = ranks
    ranks.watch(() => this.poke())
    this.#connect()
  }

  get peers(): ReadonlyArray<Peer> {
    const { peers } = this.store.state
    return peers.length === 0 ? [selfPeer(this.folder.identity)] : peers
  }

  get busy() {
    const { jobs, setups } = this.store.state
    return Object.keys(jobs).length > 0 || Object.keys(setups).length > 0
  }

  configure(peers: ReadonlyArray<Peer>) {
    const ordered = peers.every(({ rank }, index) => rank === index) && peers[0]?.node === this.folder.identity.node
    if (!ordered) throw valueError("peers must be all nodes in rank order, the head first")
    for (const peer of peers) mustBeReachable(peer)
    if (JSON.stringify(peers) === JSON.stringify(this.peers)) return this.store.settled
    const replaced = this.peers.filter(({ node, rank }) => peers[rank]?.node !== node).map(({ rank }) => rank)
    endBroken(this, new Set(replaced))
    const written = this.store.append({ type: "peers", peers })
    this.#connect()
    this.poke()
    return written
  }

  async submit(jobs: ReadonlyArray<JobSpec>): Promise<Submitted> {
    const fresh = freshOf(this.store.state, jobs)
    const others = othersOf(this.store.state, jobs)
    const answer = others.length === 0 ? {} : { others }
    if (fresh.length === 0) {
      await this.store.settled
      return { taken: [], refused: [], ...answer }
    }
    this.#refuseWhenHalted()
    const { taken, refused, specs } = sortOut(this.folder, fresh)
    this.store.append({ type: "submitted", jobs: specs })
    for (const { id, message: reason } of refused) this.store.append({ type: "ending", jobs: [id], ending: { status: "FAILED", reason } })
    const written = this.store.settled
    this.step()
    await written
    return { taken, refused, ...answer }
  }

  async setup(spec: SetupSpec): Promise<void> {
    const { setups, endedSetups } = this.store.state
    if (setups[spec.operation] !== undefined || endedSetups[spec.operation] !== undefined) return this.store.settled
    this.#refuseWhenHalted()
    const kept = keepSecrets(this.folder, setupKey(spec.operation), spec.secrets)
    const written = this.store.append({ type: "setup", spec: { ...spec, ...kept } })
    if (spec.secrets === null) this.store.append({ type: "endingSetup", operations: [spec.operation], reason: lostSecrets })
    this.step()
    await written
  }

  async cancelSetup(operation: string): Promise<void> {
    if (this.store.state.setups[operation] === undefined) return this.store.settled
    const written = this.store.append({ type: "endingSetup", operations: [operation], reason: "cancelled" })
    this.step()
    await written
  }

  async cancel(jobs: ReadonlyArray<number>): Promise<void> {
    const running = jobs.filter((id) => this.store.state.jobs[id] !== undefined)
    if (running.length === 0) return this.store.settled
    const written = this.store.append({ type: "ending", jobs: running, ending: { status: "CANCELLED", reason: null } })
    this.step()
    await written
  }

  async halt(reason: string): Promise<number> {
    await this.store.append({ type: "halted" })
    this.failAll(reason)
    const timer = setTimeout(() => {
      this.#givenUp = true
      this.poke()
    }, unreachableMs)
    const isQuiet = (host: Host) => (!host.reachable && this.#givenUp) || host.views().every(({ quiet }) => quiet)
    await this.until(() => !this.busy && this.hosts.every(isQuiet))
    clearTimeout(timer)
    return this.journal.lastEntry
  }

  failAll(reason: string) {
    const { jobs, setups } = this.store.state
    this.store.append({ type: "ending", jobs: Object.keys(jobs).map(Number), ending: { status: "FAILED", reason } })
    this.store.append({ type: "endingSetup", operations: Object.keys(setups), reason })
    this.step()
  }

  /** Resolves when it holds, or at once when `signal` is aborted. */
  until(holds: () => boolean, signal?: AbortSignal): Promise<void> {
    if (holds() || signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const stop = this.onStep(() => {
        if (holds()) end()
      })
      const end = () => {
        stop()
        signal?.removeEventListener("abort", end)
        resolve()
      }
      signal?.addEventListener("abort", end)
    })
  }

  onStep(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  poke() {
    if (this.#stepping) return
    this.#stepping = true
    queueMicrotask(() => this.step())
  }

  step() {
    this.#stepping = false
    const { jobs, setups } = this.store.state
    for (const setup of Object.values(setups)) advanceSetup(this, setup)
    for (const job of Object.values(jobs)) if (job.placement !== null || job.ending !== null) advanceJob(this, job)
    if (!this.closed) startQueued(this)
    forgetEnded(this)
    for (const listener of this.#listeners) listener()
  }

  /** How a rank ended; null while nobody can say. */
  exitOf(host: Host, key: string, rank: number): Exit | null {
    const isOver = host.lost || (this.#givenUp && !host.reachable)
    return host.view(key, rank)?.exit ?? (isOver ? { code: killedCode, reason: unreachable(host) } : null)
  }

  #refuseWhenHalted() {
    if (this.closed || this.store.state.halted) throw halted()
    this.folder.mustExist()
  }

  async disconnect() {
    for (const host of this.hosts) host.close()
    await this.ssh.end()
  }

  #connect() {
    for (const host of this.hosts) host.close()
    this.ssh.know(this.peers)
    const { home, identity } = this.folder
    this.hosts = this.peers.map((peer) =>
      peer.rank === identity.rank ? new LocalHost(peer, this.#ranks, home) : new RemoteHost(peer, this)
    )
  }
}
