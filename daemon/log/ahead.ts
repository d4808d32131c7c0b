/**
 * A long log is read and its chain is proven by a thread, ahead of the fold, so that a start has two cores for it. The thread says
 * nothing of what is not sound: where it ends, whoever folds reads on and finds out. Where the bundle of the thread is not there, as in
 * a checkout that was not built, it proves nothing.
 */
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { eventMaxBytes } from "./chain.ts"
import { highWaterMarkBytes } from "./level-events.ts"

/** Below that, the thread starts later than the fold would have ended. */
const longLogEvents = 20_000
/**
 * Pages that it is ahead at most. They lie in memory that both see: what is handed over and dropped a thousand times is never given back.
 */
const pagesAhead = 16
/** Pages that it is asked for at once: to wake a thread takes longer than a page is worth. */
const pagesAsked = pagesAhead / 2
/** It keeps nothing, and what it drops late stays with the process. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }
/** What LevelDB hands back at once, and the event that exceeds it. */
const pageMaxBytes = highWaterMarkBytes + 2 * eventMaxBytes

/** After which event it begins, whose raw hash is this one. */
export interface Begin {
  readonly location: string
  readonly said: { readonly log: string; readonly seq: number; readonly hash: Uint8Array }
  readonly at: number
  readonly hash: Uint8Array
  /** Where the pages lie, in turn. */
  readonly pages: ReadonlyArray<SharedArrayBuffer>
}

/** Where each value of a page ends, all of which follow from each other. */
export type Ends = Uint32Array

const program = typeof __dirname === "undefined" ? "" : join(__dirname, "reader.cjs")

/** Whether a thread would help with so many events. */
export const isWorthAhead = (events: number): boolean => events >= longLogEvents && availableParallelism() > 1 && existsSync(program)

class Reader {
  // Loaded only here: few starts need one.
  private readonly worker = new (process.getBuiltinModule("node:worker_threads").Worker)(program, { resourceLimits })
  private readonly pages = Array.from({ length: pagesAhead }, () => new SharedArrayBuffer(pageMaxBytes))
  private readonly proven: Array<Ends | undefined> = []
  private taken = 0
  private wake = () => {}

  constructor(begin: Omit<Begin, "pages">) {
    const take = (ends: Ends | undefined) => {
      this.proven.push(ends)
      this.wake()
    }
    this.worker.on("message", take)
    // A thread that fails has proven what it has proven.
    this.worker.on("error", () => take(undefined))
    this.worker.postMessage({ ...begin, pages: this.pages } satisfies Begin)
    this.worker.postMessage(pagesAhead)
  }
  /** A page, until the next one is asked for; `undefined`: there is no more that it has proven. */
  async next(): Promise<ReadonlyArray<Buffer> | undefined> {
    if (this.taken > 0 && this.taken % pagesAsked === 0) this.worker.postMessage(pagesAsked)
    while (this.proven.length === 0) await new Promise<void>((done) => (this.wake = done))
    const ends = this.proven.shift()
    const page = Buffer.from(this.pages[this.taken++ % pagesAhead]!)
    return ends && Array.from(ends, (end, i) => page.subarray(ends[i - 1] ?? 0, end))
  }
  end(): Promise<number> {
    return this.worker.terminate()
  }
}

/** Page after page of values that are proven; nothing of one is kept that is not copied. */
export const readAhead = <E>(begin: Omit<Begin, "pages">, take: (page: ReadonlyArray<Buffer>) => E | undefined) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Reader(begin)),
    (reader) =>
      Effect.gen(function* () {
        for (;;) {
          const page = yield* Effect.promise(() => reader.next())
          const end = page && take(page)
          if (end !== undefined) return yield* Effect.fail(end)
          if (page === undefined) return
        }
      }),
    (reader) => Effect.promise(() => reader.end())
  )
