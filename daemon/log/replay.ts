/** Folds all that is stored, checking the chain as it goes. What does not fit stops the daemon before it acts. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Recorded } from "../../events/Recorded.ts"
import * as World from "../World.ts"
import { genesis, link, unpack } from "./chain.ts"
import type { LogStore } from "./LogStore.ts"
import { LogUnreadable, readRecord } from "./read-record.ts"

const broken = (seq: number, message: string) => new LogUnreadable({ seq, message })

/** The log's first fact names it, and so the hash that the chain begins with. */
const beginning = (first: Result.Result<Recorded, LogUnreadable>) =>
  Result.isSuccess(first) && first.success.event._tag === "LogCreated" ? genesis(first.success.event.log) : undefined

export const replay = Effect.fn("replay")(function* (store: LogStore["Service"]) {
  let world = World.empty
  let hash: Buffer | undefined
  yield* store.scan(1).pipe(
    Stream.runForEach((page) =>
      Effect.gen(function* () {
        for (const stored of page) {
          const { seq } = stored
          if (seq !== world.at + 1) return yield* broken(world.at + 1, `Event ${world.at + 1} is missing from the log.`)
          const result = readRecord(stored)
          const bytes = unpack(stored.value)
          // The chain's word comes first: what was damaged may read as anything, or as nothing.
          const previous: Buffer | undefined = hash ?? beginning(result)
          if (bytes !== undefined && (previous === undefined || !link(previous, bytes.json).equals(bytes.hash))) {
            return yield* broken(seq, `Event ${seq} is not what was written: its hash does not follow from the one before.`)
          }
          if (Result.isFailure(result)) return yield* result.failure
          hash = bytes?.hash
          world = World.apply(world, result.success)
        }
      })
    )
  )
  return { world, hash: hash ?? genesis("") }
})
