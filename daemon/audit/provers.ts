/**
 * A long log is read and proven by threads, each a stretch of it, so that a daemon goes on answering and every core helps. Each takes the
 * stored hash before its stretch by its word, which is held against what the stretch before has proven. A thread says nothing of what is
 * not sound: there whoever asked reads on and finds out. Where the bundle of the threads is not there, as in a checkout that was not built,
 * they prove nothing.
 */
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import type { Worker } from "node:worker_threads"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { LogStore, Stored } from "../log/LogStore.ts"
import { pageEntries } from "../log/level-events.ts"
import type { Proven, Run } from "./prove-run.ts"

/** Below that, threads start later than they would have ended. */
const longLogEvents = 20_000
const threadsMax = 4
/** One that is proven, and what is read meanwhile. */
const stretchesPerThread = 3

export interface Begin {
  readonly location: string
  readonly said: Run["said"]
  /** Whether the events are asked for, beside what is proven of them. */
  readonly isKept: boolean
}

/** The events after `at`, up to `to`. */
export interface Asked {
  readonly at: number
  readonly to: number
}

export interface Block {
  readonly bytes: Uint8Array
  /** Where each value of it ends. */
  readonly ends: Uint32Array
}

/** Of as many as could be read at once. */
export type Answer =
  | {
      /** In hex; undefined where the log begins. */ readonly before: string | undefined
      readonly proven: Proven
      readonly block: Block | undefined
    }
  | undefined

const valuesIn = (at: number, { bytes, ends }: Block): ReadonlyArray<Stored> =>
  Array.from(ends, (end, i) => ({ seq: at + 1 + i, value: bytes.subarray(ends[i - 1] ?? 0, end) }))

class Thread {
  private readonly worker: Worker
  private readonly asked = new Map<number, (answer: Answer) => void>()

  constructor(begin: Begin) {
    // Loaded only here: few daemons ever need one.
    const threads = process.getBuiltinModule("node:worker_threads")
    this.worker = new threads.Worker(program)
    this.worker.on("message", ([at, answer]: [number, Answer]) => {
      const take = this.asked.get(at)
      this.asked.delete(at)
      take?.(answer)
    })
    // A thread that fails has proven what it has proven.
    this.worker.on("error", () => {
      for (const take of this.asked.values()) take(undefined)
    })
    this.worker.postMessage(begin)
  }
  get load(): number {
    return this.asked.size
  }
  prove(asked: Asked): Promise<Answer> {
    return new Promise((take) => {
      this.asked.set(asked.at, take)
      this.worker.postMessage(asked)
    })
  }
  end(): Promise<number> {
    return this.worker.terminate()
  }
}

const program = typeof __dirname === "undefined" ? "" : join(__dirname, "prover.cjs")

const threadsFor = (begin: Begin) =>
  Effect.acquireRelease(
    Effect.sync(() => Array.from({ length: Math.min(threadsMax, availableParallelism()) }, () => new Thread(begin))),
    (threads) => Effect.promise(() => Promise.all(threads.map((thread) => thread.end())))
  )

/** From the first event on, up to `last` or to where they cannot prove it; `take` is told page after page. */
export const proveAhead = Effect.fnUntraced(function* <E>(
  { location }: LogStore["Service"],
  { isKept, said }: Omit<Begin, "location">,
  last: number,
  take: (values: ReadonlyArray<Stored>, proven: Proven) => Effect.Effect<void, E>
) {
  // The last key may be none of ours, and say no number.
  if (location === undefined || !(last >= longLogEvents) || !existsSync(program)) return
  const threads = yield* threadsFor({ location, said, isKept })
  const prove = (asked: Asked) =>
    Effect.promise(() => threads.reduce((idlest, next) => (next.load < idlest.load ? next : idlest)).prove(asked))
  const toOf = (at: number) => Math.min(last, at + pageEntries)
  let at = 0
  let hash: string | undefined
  yield* Stream.range(0, Math.ceil(last / pageEntries) - 1).pipe(
    Stream.map((i) => ({ at: i * pageEntries, to: toOf(i * pageEntries) })),
    Stream.mapEffect((asked) => Effect.map(prove(asked), (answer) => ({ answer, to: asked.to })), {
      concurrency: threads.length * stretchesPerThread
    }),
    Stream.runForEachWhile(({ answer, to }) =>
      Effect.gen(function* () {
        for (let next = answer; next !== undefined && next.before === hash; next = yield* prove({ at, to })) {
          const before = at
          at = next.proven.head!.seq
          hash = next.proven.head!.hash
          yield* take(next.block === undefined ? [] : valuesIn(before, next.block), next.proven)
          if (at === to) return true
        }
        return false
      })
    )
  )
}, Effect.scoped)
