/** Says, outside the store, how far the log has come. Nobody waits for it: it may be a second behind, and never ahead. */
import { open } from "node:fs/promises"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Semaphore from "effect/Semaphore"
import { emptyHead, type Head, printHead, slotBytes } from "./head-file.ts"
import { LogUnavailable } from "./LogStore.ts"

export class Witness extends Context.Service<
  Witness,
  {
    /** What it said when the log was opened. */
    readonly said: Head
    /** Damage was found in the log before: nothing of it is taken for sound unread. */
    readonly isDoubted: boolean
    /** What is on disk now reaches this far. */
    readonly advance: (seq: number, hash: Buffer) => void
    /** Until it has said so, on disk. */
    readonly settled: Effect.Effect<void, LogUnavailable>
  }
>()("skyd/daemon/log/Witness") {
  /** For a log in memory: it has seen nothing. */
  static readonly blind = (log: string) =>
    Layer.succeed(Witness, { said: emptyHead(log), isDoubted: false, advance: () => {}, settled: Effect.void })
}

/**
 * From the first fact that it has not said until it says the last one, since a word costs the disk what an append does: one for all that a
 * busy daemon does meanwhile, none that somebody waits for. What that leaves open stands in docs/durability.md.
 */
const restMs = 1000

/** The witness in a file that `readHead` has read. Its last word is written when the scope closes. */
export const fileWitness = Effect.fnUntraced(function* (path: string, said: Head, slot: 0 | 1, isDoubted = false) {
  const file = yield* Effect.acquireRelease(
    Effect.promise(() => open(path, "r+")),
    (handle) => Effect.promise(() => handle.close())
  )
  const news = yield* Queue.sliding<void>(1)
  let latest = said
  let written = said.seq
  let next = 1 - slot
  const one = Semaphore.makeUnsafe(1)
  /** A slot that was not written to the end is written again: the other one is all that there is then. */
  const write = Effect.tryPromise({
    try: async () => {
      const head = latest
      if (head.seq <= written) return
      const bytes = printHead(head)
      const { bytesWritten } = await file.write(bytes, 0, bytes.length, next * slotBytes)
      if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} bytes of ${bytes.length} were taken`)
      await file.datasync()
      written = head.seq
      next = 1 - next
    },
    catch: (cause) =>
      new LogUnavailable({ operation: "write", message: `The witness ${path} cannot be written: ${(cause as Error).message}` })
  }).pipe(Effect.uninterruptible, one.withPermit)
  const told = Effect.catch(write, ({ message }) => Effect.logWarning(message))
  yield* Effect.addFinalizer(() => told)
  yield* Effect.forkScoped(Effect.forever(Queue.take(news).pipe(Effect.andThen(Effect.sleep(restMs)), Effect.andThen(told))))
  return Witness.of({
    said,
    isDoubted,
    advance: (seq, hash) => {
      latest = { log: said.log, seq, hash }
      Queue.offerUnsafe(news, undefined)
    },
    settled: write
  })
})
