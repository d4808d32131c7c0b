/** A place that refused is asked again after a while, and when that is, is said to who waits. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { lasting } from "../../task/lasting.ts"
import { Ongoing } from "../requests/Ongoing.ts"
import { beginStart, operationOf, requestNodes } from "./raise-machines.ts"

/** Before a place that refused is asked again: longer each time, and a little chance keeps many waiting clusters from asking together. */
const askAgainFirstMs = 30_000
const askAgainMaxMs = 5 * 60_000
const askAgainJitter = 0.4

/** However the clock is set meanwhile. */
export const waitMaxMs = askAgainMaxMs * (1 + askAgainJitter)

/** `times`: it, or all there is, has refused. */
export const askAgainAfterMs = (times: number) =>
  Effect.map(Random.next, (chance) =>
    Math.round(Math.min(askAgainMaxMs, askAgainFirstMs * 2 ** (times - 1)) * (1 + askAgainJitter * (2 * chance - 1)))
  )

/** For new machines, or to start those that are there. */
export const askAgain = Effect.fn("perform.askAgain")(function* (row: ClusterRow, ranks: ReadonlyArray<number>) {
  const isStart = row.nodes.some(({ rank }) => ranks.includes(rank))
  // Each node that is not started is a refusal of its own.
  const times = Math.ceil((row.refused?.times ?? 1) / (isStart ? ranks.length : 1))
  const afterMs = yield* askAgainAfterMs(times)
  const waiter = operationOf(row)
  const detail = `asked again in ${lasting(afterMs)}; to end that: sky ops cancel ${waiter}`
  if (waiter !== null) (yield* Ongoing).say(waiter, { phase: "provision", detail, news: true })
  yield* Effect.sleep(afterMs)
  return isStart ? beginStart(row, ranks) : yield* requestNodes(row, ranks)
})
