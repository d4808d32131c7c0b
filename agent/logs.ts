/**
 * The output of a job or a setup over all its nodes: a `source` frame before a rank's first bytes, `log` frames of them, then how
 * it ended. A detached setup comes first, under its own prefix. A worker's bytes come through its agent, and go on from the same
 * offset after that agent was away.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { AgentMethods, Peer } from "../sdk/agent/protocol.ts"
import { ask } from "./ask.ts"
import { jobDoesNotExist, valueError } from "./failures.ts"
import type { Frame } from "./frames.ts"
import type { Head } from "./Head.ts"
import type { Host } from "./hosts.ts"
import { detachedSetupLog, runLog, runPrefix, setupLog, setupPrefix } from "./log-files.ts"
import { detachedSetupKey, jobKey, setupKey } from "./orders.ts"
import type { Ranks } from "./Ranks.ts"
import type { Stream } from "./Server.ts"
import { runOf } from "./state.ts"
import { type RankLogs, streamRank } from "./stream-rank.ts"

export type LogsParams = AgentMethods["logs"][0]
type Answer = AgentMethods["logs"][1]
type Unread = NonNullable<Answer["unread"]>

/** Of each rank, known when all have ended. None: they never began. */
type EndedPids = () => ReadonlyArray<number> | undefined

interface Source {
  readonly host: Host
  readonly key: string
  readonly rank: number
  readonly log: string
  readonly prefix: (pid: number) => string
  readonly endedPids: EndedPids
}

const retryMs = 200
/** Of a worker from which nothing is awaited any more, after the last that came of it: so often, and for so long. */
const lastRetries = 5
const lastRetriesMaxMs = 10_000

const unreadOf = (unread: Unread) => (unread.length === 0 ? {} : { unread })

const checkRank = ({ rank }: LogsParams, count: number, what: string) => {
  if (rank === undefined || rank === null || count === 0) return
  if (Number.isInteger(rank) && rank >= 0 && rank < count) return
  throw valueError(`${what} has no rank ${rank}: it has ${count === 1 ? "rank 0" : `ranks 0 to ${count - 1}`}`)
}

export class Logs {
  readonly #head: Head
  readonly #ranks: Ranks

  constructor(head: Head, ranks: Ranks) {
    this.#head = head
    this.#ranks = ranks
  }

  stream(params: LogsParams, stream: Stream): Promise<Answer> {
    if (params.setup !== undefined) return this.#setup(params.setup, params, stream)
    if (params.job === undefined) throw valueError("logs needs a job or a setup")
    return this.#job(params.job, params, stream)
  }

  async #setup(operation: string, params: LogsParams, stream: Stream): Promise<Answer> {
    const { setups, endedSetups } = this.#head.store.state
    const spec = setups[operation]?.spec ?? endedSetups[operation]
    if (spec === undefined) throw jobDoesNotExist(`no setup of operation ${operation} ran here`)
    checkRank(params, this.#head.peers.length, "this setup")
    const over = () => endedSetups[operation]
    const unread = await this.#show(
      this.#setupSources(
        setupKey(operation),
        (rank) => setupLog(spec.runTimestamp, rank),
        () => over()?.setupPids
      ),
      params,
      stream
    )
    if (params.follow) await this.#head.until(() => over() !== undefined, stream.signal)
    const fact = over()?.fact
    return {
      status: fact === undefined ? null : fact.returnCodes.every((code) => code === 0) ? "SUCCEEDED" : "FAILED",
      returnCodes: fact?.returnCodes ?? [],
      reason: fact?.reason ?? null,
      ...unreadOf(unread)
    }
  }

  async #job(id: number, params: LogsParams, stream: Stream): Promise<Answer> {
    const { state } = this.#head.store
    const run = runOf(state, id)
    if (run === undefined || (params.runTimestamp !== undefined && params.runTimestamp !== run))
      throw jobDoesNotExist(`job ${id} was not found on this cluster`)
    checkRank(params, this.#rankCount(id), `job ${id}`)
    const placed = () => state.endedJobs[id] !== undefined || (state.jobs[id]?.placement ?? null) !== null
    if (params.follow) await this.#head.until(placed, stream.signal)
    const unread = placed() && !stream.signal.aborted ? await this.#ranksOf(id, params, stream) : []
    if (params.follow) await this.#head.until(() => state.endedJobs[id] !== undefined, stream.signal)
    const fact = state.endedJobs[id]?.fact
    return { status: fact?.status ?? null, returnCodes: fact?.returnCodes ?? [], reason: fact?.reason ?? null, ...unreadOf(unread) }
  }

  /** A detached setup runs on all nodes. 0 when that is not known any more. */
  #rankCount(id: number) {
    const { jobs, endedJobs } = this.#head.store.state
    const { setup, numNodes } = jobs[id]?.spec ?? endedJobs[id]!.spec
    const count = numNodes ?? endedJobs[id]?.placement.length ?? 0
    return count > 0 && setup !== null && setup !== false ? Math.max(count, this.#head.peers.length) : count
  }

  async #ranksOf(id: number, params: LogsParams, stream: Stream): Promise<Unread> {
    const { state } = this.#head.store
    const over = () => state.endedJobs[id]
    const job = () => over() ?? state.jobs[id]!
    const { runTimestamp, name, setup } = job().spec
    const nodes = this.#head.peers.length
    const unread: Array<Unread[number]> = []
    if (setup !== null && setup !== false) {
      const log = (rank: number) => detachedSetupLog(runTimestamp, nodes, rank)
      const sources = this.#setupSources(detachedSetupKey(id), log, () => over()?.setupPids)
      const { gone: _, ...all } = params
      unread.push(...(await this.#show(sources, all, stream)))
    }
    // Ended in its setup, or before it: it has no ranks.
    const runs = () => this.#head.hosts.some((host) => host.views().some(({ key }) => key === jobKey(id)))
    if (params.follow) await this.#head.until(() => runs() || over() !== undefined, stream.signal)
    if (!runs() && over() === undefined) return unread
    const sources = (job().placement ?? []).map(({ nodeRank }, rank): Source => {
      const host = this.#head.hosts[nodeRank]!
      const of = { nodes, rank, nodeRank, address: host.peer.address }
      const prefix = (pid: number) => runPrefix(name, { ...of, pid })
      return { host, key: jobKey(id), rank, log: runLog(runTimestamp, nodes, rank, nodeRank), prefix, endedPids: () => over()?.pids }
    })
    if (over()?.pids.length !== 0) unread.push(...(await this.#show(sources, params, stream)))
    return unread.filter(({ rank }, at) => unread.findIndex((other) => other.rank === rank) === at)
  }

  #setupSources(key: string, log: (rank: number) => string, endedPids: EndedPids): ReadonlyArray<Source> {
    const nodes = this.#head.peers.length
    return this.#head.hosts.map((host, rank) => {
      const prefix = (pid: number) => setupPrefix({ nodes, rank, nodeRank: rank, address: host.peer.address, pid })
      return { host, key, rank, log: log(rank), prefix, endedPids }
    })
  }

  async #show(sources: ReadonlyArray<Source>, params: LogsParams, stream: Stream): Promise<Unread> {
    const wanted = sources.filter(({ rank }) => params.rank === undefined || params.rank === null || params.rank === rank)
    const shown = wanted.map(async (source) => ({ rank: source.rank, reason: await this.#showOne(source, params, stream) }))
    return (await Promise.all(shown)).filter((one): one is Unread[number] => one.reason !== null)
  }

  /** Why it was not shown to its end; null when it was. */
  async #showOne(source: Source, params: LogsParams, stream: Stream): Promise<string | null> {
    const { host, key, rank, log, endedPids } = source
    if (params.gone?.includes(rank) && host.peer.rank !== this.#head.folder.identity.rank) return "its machine is gone"
    const view = () => host.view(key, rank)
    const known = () => endedPids() !== undefined || Boolean(view()?.pid) || (view()?.exit ?? null) !== null
    if (params.follow) await this.#head.until(known, stream.signal)
    if (stream.signal.aborted) return null
    stream.send("source", { rank, source: log, prefix: source.prefix(view()?.pid ?? endedPids()?.[rank] ?? 0) })
    const wish = { key, rank, log, follow: params.follow, tail: params.tail ?? null, from: params.from?.[log] ?? null }
    if (host.peer.rank !== this.#head.folder.identity.rank) return this.#showRemote(host.peer, source, wish, stream)
    await streamRank(this.#head.folder, this.#ranks, wish, stream)
    return null
  }

  async #showRemote(peer: Peer, source: Source, wish: RankLogs, stream: Stream): Promise<string | null> {
    let params = wish
    let [left, cameMs] = [lastRetries, Date.now()]
    for (;;) {
      const read = ({ data: { id: _, ...chunk } }: Frame) => {
        if (chunk.to !== params.from) [left, cameMs] = [lastRetries, Date.now()]
        params = { ...wish, from: chunk.to as number }
        stream.send("log", chunk)
        return stream.full ? stream.drained() : undefined
      }
      const question = { method: "rank.logs", params, onFrame: read, signal: stream.signal }
      const why = await ask(this.#head.ssh, peer, this.#head.folder.identity.cluster, question).then(
        () => null,
        ({ message }: Error) => message
      )
      if (why === null || stream.signal.aborted) return null
      const isAwaited = wish.follow && source.endedPids() === undefined
      if (!isAwaited && (left-- === 0 || Date.now() - cameMs > lastRetriesMaxMs)) return why
      await sleep(retryMs)
    }
  }
}
