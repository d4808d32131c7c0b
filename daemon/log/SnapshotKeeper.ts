/** Keeps the state beside the log when nothing else is to be done, and at a clean exit. What cannot be kept is said, and is no loss. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { EventLog } from "./EventLog.ts"
import { LogStore } from "./LogStore.ts"
import { printSnapshot, type Snapshot } from "./snapshot.ts"
import { superfluous } from "./snapshots.ts"

/** Events since the newest snapshot that make another one worth its while. */
const worthEvents = 10_000
/** Without an event: so long is idle. */
const idleMs = 2000

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const log = yield* EventLog
    const store = yield* LogStore
    let newest = (yield* store.snapshots).at(-1) ?? 0

    const keepOne = Effect.fnUntraced(function* (snapshot: Snapshot) {
      yield* store.keepSnapshot(snapshot.world.at, printSnapshot(snapshot))
      newest = Math.max(newest, snapshot.world.at)
      yield* Effect.yieldNow
    })
    const keep = Effect.fnUntraced(
      function* (worth: number) {
        const tip = log.tip()
        yield* Effect.forEach([...log.takeMarks(), ...(tip.world.at - newest >= worth ? [tip] : [])], keepOne, { discard: true })
        yield* Effect.forEach(superfluous(yield* store.snapshots), store.dropSnapshot, { discard: true })
      },
      Effect.catch((error) => Effect.logWarning(`The state cannot be kept beside the log: ${error.message}`)),
      Effect.catchDefect((defect) => Effect.logError("The state cannot be kept beside the log:", defect))
    )

    yield* Effect.addFinalizer(() => keep(1))
    const news = yield* Queue.sliding<void>(1)
    const stop = log.follow(() => Queue.offerUnsafe(news, undefined))
    yield* Effect.addFinalizer(() => Effect.sync(stop))
    // Also what the start has passed on its way.
    Queue.offerUnsafe(news, undefined)
    const idle = Stream.debounce(Stream.fromQueue(news), idleMs)
    yield* Effect.forkScoped(Stream.runForEach(idle, () => keep(worthEvents)))
  })
)
