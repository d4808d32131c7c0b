/** Puts files, listed once, on all nodes of a cluster, side by side, and says how far that is to whoever waits. Answers with the list. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { Ongoing } from "../requests/Ongoing.ts"
import type { Placed } from "../sync/FileList.ts"
import { farText, type PutProgress, sizeText } from "../sync/SyncTold.ts"
import { operationOf, refOf } from "./raise-machines.ts"

/** Each holds some megabytes that are on their way. */
const width = 32
/** No reader reads faster. */
const everyMs = 500

export const putOnAll = Effect.fn("putOnAll")(function* <E>(
  row: ClusterRow,
  cloud: Cloud,
  log: string,
  what: string,
  placed: Effect.Effect<Placed, E>
) {
  const ongoing = yield* Ongoing
  const clock = yield* Clock.Clock
  const operation = operationOf(row)
  const begunMs = clock.currentTimeMillisUnsafe()
  const far = new Map<number, PutProgress>()
  let toldMs = begunMs
  const say = (detail: string) => operation !== null && ongoing.say(operation, { phase: "sync", detail })
  const tell = (rank: number) => (progress: PutProgress) => {
    far.set(rank, progress)
    const nowMs = clock.currentTimeMillisUnsafe()
    if (nowMs - toldMs < everyMs) return
    toldMs = nowMs
    say(farText(what, far.values(), nowMs - begunMs))
  }
  const listing = yield* Effect.forkScoped(Effect.tap(placed, ({ files }) => Effect.sync(() => say(sizeText(what, files)))))
  const listed = Fiber.join(listing)
  yield* Effect.forEach(row.nodes, (node) => cloud.put(refOf(row, node, log), listed, tell(node.rank)), {
    concurrency: width,
    discard: true
  })
  return (yield* listed).files
}, Effect.scoped)
