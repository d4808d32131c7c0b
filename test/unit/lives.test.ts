/** How the daemon's last lives ended, by its stream: who looks at a clock that was put back or forward concludes nothing from it. */
import { describe, expect, it } from "vitest"
import { untimelyEnds } from "../../daemon/life/lives.ts"
import type { Recorded } from "../../events/Recorded.ts"

const nowMs = Date.UTC(2026, 10, 26, 12)
const dayMs = 86_400_000
const at = (agoMs: number, _tag: "DaemonStarted" | "DaemonStopped") => ({ atMs: nowMs - agoMs, event: { _tag } }) as unknown as Recorded
const started = (agoMs: number) => at(agoMs, "DaemonStarted")
const stopped = (agoMs: number) => at(agoMs, "DaemonStopped")

describe("the lives of the last minute that nobody ended", () => {
  it.each([
    ["none before the first", [], 0],
    ["are counted", [started(50_000), started(40_000), started(1)], 3],
    ["count from the last end that was asked for", [started(50_000), started(40_000), stopped(30_000), started(1)], 1],
    ["do not count when it was the last thing", [started(50_000), started(40_000), started(35_000), stopped(30_000)], 0],
    ["do not reach back further", [started(dayMs), started(90_000), started(61_000), started(40_000), started(1)], 3],
    ["count by their ends: the first may have gone on for long", [started(dayMs), started(2000), started(1000)], 3],
    ["are one where a life of days has just ended", [started(3 * dayMs), started(2 * dayMs)], 1],
    [
      "are no more than the last one by a clock that was put forward a day",
      [started(dayMs + 3), started(dayMs + 2), started(dayMs + 1)],
      1
    ],
    ["are none by a clock that was put back a day", [started(-dayMs), started(-dayMs - 1), started(-dayMs - 2)], 0],
    ["go on behind one that was written by another clock", [started(-dayMs), started(3), started(2), started(1)], 3]
  ] as const)("%s", (_, own, ends) => {
    expect(untimelyEnds(own, nowMs)).toBe(ends)
  })
})
