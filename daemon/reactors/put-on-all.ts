/** Puts files on all nodes of a cluster, side by side, and says how far that is to whoever waits. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { Ongoing } from "../Ongoing.ts"
import type { FileList } from "../sync/FileList.ts"
import { farText, type PutProgress, sizeText } from "../sync/SyncTold.ts"
import { operationOf, refOf } from "./machines.ts"

const width = 8
/** No reader reads faster. */
const everyMs = 500

export const putOnAll = Effect.fn("putOnAll")(function* (
  row: ClusterRow,
  cloud: Cloud,
  log: string,
  what: string,
  files: FileList,
  target: string
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
  say(sizeText(what, files))
  yield* Effect.forEach(row.nodes, (node) => cloud.put(refOf(row, node, log), files, target, tell(node.rank)), {
    concurrency: width,
    discard: true
  })
})
