/** Folds all that is stored, checking the chain as it goes. What does not fit stops the daemon before it acts. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as World from "../World.ts"
import { genesis, link, unpack } from "./chain.ts"
import type { LogStore } from "./LogStore.ts"
import { LogUnreadable, readRecord } from "./read-record.ts"

const broken = (seq: number, message: string) => new LogUnreadable({ seq, message })

export const replay = Effect.fn("replay")(function* (store: LogStore["Service"]) {
  let world = World.empty
  let hash: Buffer | undefined
  yield* store.scan(1).pipe(
    Stream.runForEach((page) =>
      Effect.gen(function* () {
        for (const stored of page) {
          const result = readRecord(stored)
          if (Result.isFailure(result)) return yield* result.failure
          const { event, seq } = result.success
          const { hash: said, json } = unpack(stored.value)!
          if (seq !== world.at + 1) return yield* broken(world.at + 1, `Event ${world.at + 1} is missing from the log.`)
          const previous: Buffer | undefined = hash ?? (event._tag === "LogCreated" ? genesis(event.log) : undefined)
          if (previous === undefined || !link(previous, json).equals(said)) {
            return yield* broken(seq, `Event ${seq} is not what was written: its hash does not follow from the one before.`)
          }
          hash = said
          world = World.apply(world, result.success)
        }
      })
    )
  )
  return { world, hash: hash ?? genesis("") }
})
