/** What can be proven of a damaged log, behind the log's own interface: it is read as always, up to the damage, and takes nothing. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { ReadOnlyError } from "../../sdk/protocol/errors.ts"
import { EventLog } from "../log/EventLog.ts"
import { emptyHead, type Head } from "../log/head-file.ts"
import { LogStore } from "../log/LogStore.ts"
import { readRecord } from "../log/read-record.ts"
import { readingOf } from "../log/reading.ts"
import { replay } from "../log/replay.ts"

/** Without its witness, a log is taken by its own word. */
const ownWord = Effect.fnUntraced(
  function* (store: LogStore["Service"]) {
    const value = yield* store.get(1)
    const first = value === undefined ? undefined : Result.getOrUndefined(readRecord({ seq: 1, value }))
    return emptyHead(first?.event._tag === "LogCreated" ? first.event.log : "")
  },
  Effect.catchTag("LogDamaged", () => Effect.succeed(emptyHead("")))
)

export const make = Effect.fnUntraced(function* (said: Head | undefined) {
  const store = yield* LogStore
  const { hash, world } = yield* replay(store, said ?? (yield* ownWord(store)), true)
  const refuse = () =>
    Effect.die(new ReadOnlyError({ message: "The log is damaged, and takes nothing more.", hint: "sky status says why." }))
  return EventLog.of({
    append: refuse,
    decide: refuse,
    world: () => world,
    tip: () => ({ world, hash }),
    takeMarks: () => [],
    keptAt: Effect.succeed([]),
    kept: () => Effect.succeed(undefined),
    follow: () => () => {},
    ...readingOf(store, world.at)
  })
})
