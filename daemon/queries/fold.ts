/** The fold of the log up to a position, from a world at or before it. Page by page: others have their turn between two pages. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Recorded } from "../../events/Recorded.ts"
import { AuditError, type SkydError } from "../../sdk/protocol/errors.ts"
import type { EventLog } from "../log/EventLog.ts"
import * as World from "../World.ts"

/** What is read of the log here. */
export type Readable = Pick<EventLog["Service"], "event" | "kept" | "keptAt" | "read" | "world">
export type Visit = (before: World.World, recorded: Recorded, after: World.World) => Effect.Effect<void, SkydError> | undefined

export const damaged = (message: string) => new AuditError({ message, hint: "Look at the whole log: sky audit verify" })
export const missing = (seq: number) => damaged(`Event ${seq} is missing from the log.`)

/** Where the fold to a position begins: at the state that is kept nearest before it. */
export const beginning = (log: Readable, seq: number) =>
  log.kept(seq).pipe(
    Effect.map((kept) => kept ?? World.empty),
    Effect.mapError(({ message }) => damaged(message))
  )

/** Folds what follows a world up to a position. `visit` sees each step, and may take its time. */
export const foldOn = Effect.fn("foldOn")(function* (log: Readable, from: World.World, to: number, visit?: Visit) {
  let world = from
  if (from.at < to) {
    yield* log.read(from.at + 1, to).pipe(
      Stream.mapError(({ message }) => damaged(message)),
      Stream.runForEachArray((page) =>
        Effect.gen(function* () {
          for (const recorded of page) {
            if (recorded.seq !== world.at + 1) return yield* missing(world.at + 1)
            const before = world
            world = World.apply(before, recorded)
            const work = visit?.(before, recorded, world)
            if (work !== undefined) yield* work
          }
          yield* Effect.yieldNow
        })
      )
    )
  }
  if (world.at !== to) return yield* missing(world.at + 1)
  return world
})
