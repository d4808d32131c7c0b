/** Says, outside the store, how far the log has come. Nobody waits for it: it may be one group behind, and never ahead. */
import { fdatasyncSync, writeSync } from "node:fs"
import { open } from "node:fs/promises"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { emptyHead, type Head, printHead, slotBytes } from "./head-file.ts"

export class Witness extends Context.Service<
  Witness,
  {
    /** What it said when the log was opened. */
    readonly said: Head
    /** What is on disk now reaches this far. */
    readonly advance: (seq: number, hash: Buffer) => void
    /** Until it has said so. */
    readonly settled: Effect.Effect<void>
  }
>()("skyd/daemon/log/Witness") {
  /** For a log in memory: it has seen nothing. */
  static readonly blind = (log: string) => Layer.succeed(Witness, { said: emptyHead(log), advance: () => {}, settled: Effect.void })
}

/** The witness in a file that `readHead` has read. Its last word is written when the scope closes. */
export const fileWitness = Effect.fnUntraced(function* (path: string, said: Head, slot: 0 | 1) {
  const file = yield* Effect.acquireRelease(
    Effect.promise(() => open(path, "r+")),
    (handle) => Effect.promise(() => handle.close())
  )
  const news = yield* Queue.sliding<void>(1)
  let latest = said
  let written = said.seq
  let next = 1 - slot
  const bytesOf = (head: Head): [Buffer, number] => {
    const at = next * slotBytes
    next = 1 - next
    written = head.seq
    return [printHead(head), at]
  }
  const write = Effect.tryPromise(async () => {
    const [bytes, at] = bytesOf(latest)
    await file.write(bytes, 0, bytes.length, at)
    await file.datasync()
  }).pipe(
    Effect.catch(({ cause }) => Effect.logWarning(`the witness ${path} cannot be written: ${String(cause)}`)),
    Effect.uninterruptible
  )
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      if (written >= latest.seq) return
      const [bytes, at] = bytesOf(latest)
      writeSync(file.fd, bytes, 0, bytes.length, at)
      fdatasyncSync(file.fd)
    })
  )
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Queue.take(news), write)))
  return Witness.of({
    said,
    advance: (seq, hash) => {
      latest = { log: said.log, seq, hash }
      Queue.offerUnsafe(news, undefined)
    },
    settled: write
  })
})
