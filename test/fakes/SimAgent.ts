/**
 * An agent that keeps its promises over a real stream, in memory and on virtual time: it takes each job and setup once, journals
 * what becomes of them, and survives the daemon and its own death. It counts what a real one could do twice.
 */
import { type Duplex, duplexPair } from "node:stream"
import { Effect, type Fiber } from "effect"
import type { Setting } from "../../agent/idleness.ts"
import type { AgentHello, JobSpec, JournalEntry, JournalFact, SetupSpec } from "../../sdk/agent/protocol.ts"
import { SimAutostop } from "./SimAutostop.ts"

const lost = "its secrets are lost"

/** What a script says of itself; one that says nothing is over at once, and well. */
const numberIn = (script: string): number => Number(script) || 0

interface Request {
  readonly id: number
  readonly method: string
  readonly params: Record<string, never>
}

export class SimAgent {
  readonly node: string
  readonly cluster: string
  readonly rank: number
  alive = false
  halted = false
  /** It ends its cluster. */
  private left = false
  readonly journal: Array<JournalEntry> = []
  readonly journalId: string
  /** How often each job and each setup was begun. More than once is a defect of somebody. */
  readonly begun = new Map<string, number>()
  readonly jobs = new Map<number, JobSpec>()
  readonly outcome = new Map<number, string>()
  armed = 0
  readonly autostop: SimAutostop
  private readonly leave: (down: boolean) => void
  private readonly setups = new Set<string>()
  private readonly running = new Map<number, Fiber.Fiber<unknown, unknown>>()
  private readonly streams = new Set<Duplex>()
  private readonly followers = new Map<Duplex, number>()
  private readonly inWorld: <A>(work: Effect.Effect<A>) => Fiber.Fiber<A>
  private readonly nowMs: () => number

  constructor(
    who: { readonly node: string; readonly cluster: string; readonly rank: number; readonly journalId: string },
    world: {
      readonly inWorld: <A>(work: Effect.Effect<A>) => Fiber.Fiber<A>
      readonly nowMs: () => number
      /** The cluster ends itself. */
      readonly leave: (down: boolean) => void
    }
  ) {
    this.node = who.node
    this.cluster = who.cluster
    this.rank = who.rank
    this.journalId = who.journalId
    this.inWorld = world.inWorld
    this.nowMs = world.nowMs
    this.leave = world.leave
    this.autostop = new SimAutostop({
      inWorld: world.inWorld,
      nowMs: world.nowMs,
      isBusy: () => this.jobs.size > this.outcome.size,
      fire: (setting, idleSinceMs) => this.fire(setting, idleSinceMs)
    })
  }

  /** The node was started. */
  starts(): void {
    this.halted = false
    this.left = false
  }

  /** The cluster ends itself. */
  private fire({ down, idleMinutes }: Setting, idleSinceMs: number): void {
    if (!this.alive || this.halted) return
    this.write({ _tag: "AutostopFired", idleMinutes, down, idleSinceMs })
    this.halted = true
    this.left = true
    this.leave(down)
  }

  connect(): Duplex {
    const [ours, theirs] = duplexPair()
    ours.setEncoding("utf8")
    let buffer = ""
    ours.on("data", (chunk: string) => {
      buffer += chunk
      for (let end = buffer.indexOf("\n"); end !== -1; end = buffer.indexOf("\n")) {
        const { data, type } = JSON.parse(buffer.slice(0, end)) as { readonly type: string; readonly data: Request }
        buffer = buffer.slice(end + 1)
        if (type === "request") this.answer(ours, data)
      }
    })
    ours.on("close", () => {
      this.streams.delete(ours)
      this.followers.delete(ours)
    })
    // A pair does not carry the end of one side to the other, as a socket does.
    ours.on("close", () => theirs.destroy())
    theirs.on("close", () => ours.destroy())
    this.streams.add(ours)
    return theirs
  }

  /** kill -9: connections break, jobs and journal stay. */
  die(): void {
    this.alive = false
    for (const stream of this.streams) stream.destroy()
  }

  /** All jobs end as `status`; the machine goes away or stops. */
  endAll(status: "FAILED", reason: string): void {
    for (const [id, fiber] of this.running) {
      fiber.interruptUnsafe()
      this.end(id, { status, returnCodes: [], reason })
    }
    for (const id of this.jobs.keys()) if (!this.outcome.has(id)) this.end(id, { status, returnCodes: [], reason })
  }

  /** As if it had never been told of the job. */
  forget(job: number): void {
    this.running.get(job)?.interruptUnsafe()
    this.running.delete(job)
    this.begun.delete(`job ${job}`)
    this.jobs.delete(job)
    this.revive(job)
    this.journal.splice(0, this.journal.length, ...this.journal.filter(({ fact }) => !("job" in fact) || fact.job !== job))
  }

  /** As if the job had not ended: it runs on. */
  revive(job: number): void {
    this.outcome.delete(job)
    const ends = ({ fact }: JournalEntry) => fact._tag === "JobEnded" && fact.job === job
    this.journal.splice(0, this.journal.length, ...this.journal.filter((entry) => !ends(entry)))
  }

  private end(
    job: number,
    how: { readonly status: string; readonly returnCodes: ReadonlyArray<number>; readonly reason: string | null }
  ): void {
    this.running.delete(job)
    if (this.outcome.has(job)) return
    this.outcome.set(job, how.status)
    this.write({ _tag: "JobEnded", job, ...how } as JournalFact)
    this.autostop.activity()
  }

  private write(fact: JournalFact): void {
    const named = "job" in fact ? { ...fact, runTimestamp: this.jobs.get(fact.job)!.runTimestamp } : fact
    const entry = { n: this.journal.length + 1, atMs: this.nowMs(), fact: named }
    this.journal.push(entry)
    for (const [stream, id] of this.followers) this.say(stream, "entry", { id, journal: this.journalId, entry })
  }

  private say(stream: Duplex, type: string, data: object): void {
    if (!stream.destroyed) stream.write(`${JSON.stringify({ type, data })}\n`)
  }

  private begin(key: string): void {
    this.begun.set(key, (this.begun.get(key) ?? 0) + 1)
  }

  /** Its number, when another job has it. */
  private start(spec: JobSpec): ReadonlyArray<number> {
    const known = this.jobs.get(spec.id)
    if (known !== undefined) return known.runTimestamp === spec.runTimestamp ? [] : [spec.id]
    this.jobs.set(spec.id, spec)
    if (spec.secrets === null) {
      this.end(spec.id, { status: "FAILED", returnCodes: [], reason: spec.refusal ?? lost })
      return []
    }
    this.begin(`job ${spec.id}`)
    this.autostop.activity()
    this.write({ _tag: "JobStarted", job: spec.id, ranks: [] })
    const [seconds = "1", code = "0"] = spec.run.split(" ")
    const work = Effect.andThen(
      Effect.sleep(`${numberIn(seconds)} seconds`),
      Effect.sync(() =>
        this.end(spec.id, { status: numberIn(code) === 0 ? "SUCCEEDED" : "FAILED", returnCodes: [numberIn(code)], reason: null })
      )
    )
    this.running.set(spec.id, this.inWorld(work))
    return []
  }

  private setUp({ operation, script, secrets }: SetupSpec): void {
    if (this.setups.has(operation)) return
    this.setups.add(operation)
    if (secrets === null) {
      this.write({ _tag: "SetupEnded", operation, returnCodes: [], failedRank: null, lastLines: [], reason: lost })
      return
    }
    this.begin(`setup ${operation}`)
    const code = numberIn(script)
    const ended: JournalFact = {
      _tag: "SetupEnded",
      operation,
      returnCodes: [code],
      failedRank: code === 0 ? null : 0,
      lastLines: [],
      reason: null
    }
    this.inWorld(
      Effect.andThen(
        Effect.sleep("2 seconds"),
        Effect.sync(() => this.write(ended))
      )
    )
  }

  private answer(stream: Duplex, { id, method, params }: Request): void {
    const value = this.perform(stream, id, method, params)
    if (value !== undefined) this.say(stream, "result", { id, value })
  }

  private perform(stream: Duplex, id: number, method: string, params: Record<string, unknown>): object | undefined {
    switch (method) {
      case "hello": {
        const hello: AgentHello = {
          cluster: this.cluster,
          node: this.node,
          rank: this.rank,
          journal: this.journalId,
          lastEntry: this.journal.length,
          build: "sim",
          pid: 1,
          halted: this.halted
        }
        return hello
      }
      case "journal.follow":
        this.followers.set(stream, id)
        for (const entry of this.journal.slice(Number(params["after"]))) this.say(stream, "entry", { id, journal: this.journalId, entry })
        return undefined
      case "unreached":
        return { nodes: [] }
      case "submit":
        return this.halted ? {} : { others: (params["jobs"] as ReadonlyArray<JobSpec>).flatMap((spec) => this.start(spec)) }
      case "setup":
        if (!this.halted) this.setUp(params as unknown as SetupSpec)
        return {}
      case "cancel":
        for (const job of params["jobs"] as ReadonlyArray<number>) {
          this.running.get(job)?.interruptUnsafe()
          this.end(job, { status: "CANCELLED", returnCodes: [], reason: null })
        }
        return {}
      case "autostop":
        this.armed = Number(params["setting"])
        this.autostop.set(params as unknown as Setting)
        return {}
      case "halt":
        this.halted = true
        this.endAll("FAILED", String(params["reason"]))
        return { lastEntry: this.journal.length }
      case "resume":
        this.halted = this.left
        return {}
      default:
        return {}
    }
  }
}
