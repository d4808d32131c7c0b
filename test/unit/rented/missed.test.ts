/** A node that its cloud does not list is gone only when it is missing twice, a minute apart; of how many is remembered is limited. */
import { expect, it } from "vitest"
import { makeMissed, missedMax, missingAfterMs } from "../../../daemon/rented/missed.ts"

it("a node is missing for long when it was a minute ago as well, and was not seen in between", () => {
  const { isLong, seen } = makeMissed()
  expect([isLong("a", 0), isLong("a", missingAfterMs - 1), isLong("a", missingAfterMs)]).toEqual([false, false, true])
  seen("a")
  expect(isLong("a", missingAfterMs + 1)).toBe(false)
})
it("nodes that nobody asks for any more are forgotten for those that are asked for", () => {
  const { isLong } = makeMissed()
  isLong("gone", 0)
  isLong("away", 0)
  for (let i = 0; i < missedMax; i++) {
    isLong(`${i}`, 1)
    isLong("away", 1)
  }
  expect([isLong("away", missingAfterMs), isLong("gone", missingAfterMs)]).toEqual([true, false])
})
