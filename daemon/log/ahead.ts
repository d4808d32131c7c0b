/**
 * A long log is read and its chain is proven by a thread, ahead of the fold, so that a start has two cores for it. The thread says
 * nothing of what is not sound: where it ends, whoever folds reads on and finds out. Where the bundle of the thread is not there, as in
 * a checkout that was not built, it proves nothing.
 */
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"

/** Below that, the thread starts later than the fold would have ended. */
const longLogEvents = 20_000
/** Pages that it is asked for at once, and twice so many that it is ahead at most: to wake a thread takes longer than a page is worth. */
const pagesAsked = 8

/** After which event it begins, whose raw hash is this one. */
export interface Begin {
  readonly location: string
  readonly said: { readonly log: string; readonly seq: number; readonly hash: Uint8Array }
  readonly at: number
  readonly hash: Uint8Array
}

/** Values that follow from each other, one behind the other, and where each of them ends. */
export interface Run {
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
}

const program = typeof __dirname === "undefined" ? "" : join(__dirname, "reader.cjs")

/** Whether a thread would help with so many events. */
export const isWorthAhead = (events: number): boolean => events >= longLogEvents && availableParallelism() > 1 && existsSync(program)

class Reader {
  // Loaded only here: few starts need one.
  private readonly worker = new (process.getBuiltinModule("node:worker_threads").Worker)(program)
  private readonly runs: Array<Run | undefined> = []
  private taken = 0
  private wake = () => {}

  constructor(begin: Begin) {
    const take = (run: Run | undefined) => {
      this.runs.push(run)
      this.wake()
    }
    this.worker.on("message", take)
    // A thread that fails has proven what it has proven.
    this.worker.on("error", () => take(undefined))
    this.worker.postMessage(begin)
    this.worker.postMessage(2 * pagesAsked)
  }
  /** `undefined`: there is no more that it has proven. */
  async next(): Promise<Run | undefined> {
    while (this.runs.length === 0) await new Promise<void>((done) => (this.wake = done))
    const run = this.runs.shift()
    if (++this.taken % pagesAsked === 0) this.worker.postMessage(pagesAsked)
    return run
  }
  end(): Promise<number> {
    return this.worker.terminate()
  }
}

/** Each value that is proven, in order. */
export const readAhead = <E>(begin: Begin, take: (value: Buffer) => E | undefined) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Reader(begin)),
    (reader) =>
      Effect.gen(function* () {
        for (let run = yield* Effect.promise(() => reader.next()); run !== undefined; run = yield* Effect.promise(() => reader.next())) {
          const bytes = Buffer.from(run.bytes.buffer)
          let from = 0
          for (const to of run.ends) {
            const end = take(bytes.subarray(from, to))
            if (end !== undefined) return yield* Effect.fail(end)
            from = to
          }
        }
      }),
    (reader) => Effect.promise(() => reader.end())
  )
