/** Which moment a WHEN means, and which position a time finds. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Stream } from "effect"
import fc from "fast-check"
import { localTime } from "../../cli/render/time.ts"
import { withOffset } from "../../cli/when.ts"
import type { Readable } from "../../daemon/queries/fold.ts"
import { momentOf, positionAt } from "../../daemon/queries/past.ts"
import { readWhen } from "../../daemon/queries/when.ts"
import * as World from "../../daemon/World.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { created, recorded } from "../fakes/facts.ts"

const nowMs = Date.parse("2026-11-26T12:00:00Z")
const meant = (at: string | number) => Result.getOrThrow(readWhen(at, nowMs))
const refused = (at: string | number) => Result.getOrThrow(Result.flip(readWhen(at, nowMs)))

const logOf = (facts: ReadonlyArray<Recorded>): Readable => ({
  read: (from, to) => Stream.fromIterable(facts.slice(from - 1, to)),
  keptAt: Effect.succeed([]),
  kept: () => Effect.succeed(undefined),
  event: (seq) => Effect.succeed(facts[seq - 1]),
  world: () => ({ ...World.empty, at: facts.length })
})
/** Facts with these stamps. */
const stamped = (...stamps: ReadonlyArray<number>) => recorded(stamps.map(() => created)).map((fact, i) => ({ ...fact, atMs: stamps[i]! }))

describe("a moment", () => {
  it("is a position, as a number or as it is typed", () => {
    assert.deepStrictEqual(meant(1234), { seq: 1234 })
    assert.deepStrictEqual(meant(" 1234 "), { seq: 1234 })
  })

  it.each([
    ["2026-11-26T10:02:11Z", "2026-11-26T10:02:11Z"],
    ["2026-11-26t10:02:11.5z", "2026-11-26T10:02:11.5Z"],
    ["2026-11-26 10:02:11+01:00", "2026-11-26T09:02:11Z"],
    ["2026-11-26 05:02 -05:30", "2026-11-26T10:32:00Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"]
  ])("is a time with its offset: %s", (at, time) => {
    assert.deepStrictEqual(meant(at), { atMs: Date.parse(time) })
  })

  it.each([
    ["2 hours ago", 7_200_000],
    ["10m ago", 600_000],
    ["1 min ago", 60_000],
    ["3 days ago", 259_200_000],
    ["1.5h ago", 5_400_000],
    ["2 Weeks Ago", 1_209_600_000],
    ["0s ago", 0],
    ["now", 0]
  ])("is an age by the daemon's clock: %s", (at, ms) => {
    assert.deepStrictEqual(meant(at), { atMs: nowMs - ms })
  })

  it.each([
    ["yesterday", "'yesterday' is neither a position nor a time."],
    ["", "'' is neither a position nor a time."],
    [-1, "'-1' is neither a position nor a time."],
    [1.5, "'1.5' is neither a position nor a time."],
    ["9".repeat(21), `'${"9".repeat(21)}' is larger than any position.`],
    ["10m", "'10m' is neither a position nor a time."],
    ["2 months ago", "'2 months ago' is neither a position nor a time."],
    ["2026-11-26", "'2026-11-26' is a whole day: say a time of day, too."],
    ["2026-02-30", "There is no day 2026-02-30."],
    ["2026-11-26T24:00:00Z", "'2026-11-26T24:00:00Z' is neither a position nor a time."],
    ["2026-02-30T10:00:00Z", "There is no day 2026-02-30."],
    ["2026-13-01T10:00:00Z", "There is no day 2026-13-01."],
    ["2026-11-26T10:02:11", "'2026-11-26T10:02:11' does not say its offset from UTC."],
    ["2026-11-26T12:00:01Z", "'2026-11-26T12:00:01Z' is in the future: nothing is known of it yet."],
    ["x".repeat(1000), `'${"x".repeat(64)}…' is neither a position nor a time.`]
  ])("is refused with one sentence when it is none: %s", (at, message) => {
    const error = refused(at)
    assert.strictEqual(error.message, message)
    assert.strictEqual(error.exitCode, 2)
  })

  it("that is typed without an offset is local, in winter and in summer", () => {
    const before = process.env["TZ"]
    process.env["TZ"] = "Europe/Berlin"
    try {
      assert.strictEqual(withOffset("2026-11-26 10:02:11"), "2026-11-26 10:02:11+01:00")
      assert.strictEqual(withOffset("2026-07-26T10:02"), "2026-07-26 10:02+02:00")
      assert.strictEqual(withOffset("2026-07-26"), "2026-07-26 00:00+02:00")
      for (const at of ["2026-13-01", "2026-11-26 10:02:11Z", "12", "2 hours ago", "2026-11-26 99:99"])
        assert.strictEqual(withOffset(at), at)
      // What is printed can be typed.
      assert.strictEqual(localTime(Date.parse("2026-07-26T22:02:11Z")), "2026-07-27 00:02:11.000+02:00")
      assert.deepStrictEqual(meant(localTime(nowMs - 1)), { atMs: nowMs - 1 })
      process.env["TZ"] = "America/St_Johns"
      assert.strictEqual(localTime(Date.parse("2026-11-26T12:00:00Z")), "2026-11-26 08:30:00.000-03:30")
    } finally {
      if (before === undefined) delete process.env["TZ"]
      else process.env["TZ"] = before
    }
  })
})

describe("the position of a time", () => {
  const at = (stamps: ReadonlyArray<number>, atMs: number) => Effect.runSync(positionAt(logOf(stamped(...stamps)), atMs))

  it("is the last one stamped with it or earlier; 0 before all", () => {
    const stamps = [10, 20, 20, 30]
    assert.deepStrictEqual(
      [9, 10, 19, 20, 29, 30, 99].map((atMs) => at(stamps, atMs)),
      [0, 1, 1, 3, 3, 4, 4]
    )
  })

  it("takes in all that was recorded before it, when the clock was put back", () => {
    // The clock went from 120 back to 50: what was known at 60 by that clock holds all four.
    assert.strictEqual(at([100, 110, 120, 50, 70], 60), 4)
    assert.strictEqual(at([100, 110, 120, 50, 70], 115), 5)
  })

  it("passes over a clock that was a day ahead for a while", () => {
    assert.strictEqual(at([10, 20, 86_400_030, 40, 50], 45), 4)
    assert.strictEqual(at([10, 20, 86_400_030, 40, 50], 25), 2)
  })

  it("is the same however the clock went", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 40 }), fc.nat(60), (stamps, atMs) => {
        assert.strictEqual(at(stamps, atMs), stamps.findLastIndex((stamp) => stamp <= atMs) + 1)
      })
    )
  })

  it("is found in a log of many pages", () => {
    const stamps = Array.from({ length: 25_001 }, (_, i) => i)
    assert.deepStrictEqual(
      [0, 4_999, 5_000, 15_001, 25_000].map((atMs) => at(stamps, atMs)),
      [1, 5_000, 5_001, 15_002, 25_001]
    )
  })
})

describe("a moment that there is not", () => {
  const asked = (when: string | number) => Effect.runPromise(Effect.flip(momentOf(logOf(stamped(1000, 2000)), when, false)))

  it("is said with what there is", async () => {
    assert.strictEqual((await asked(3)).message, "There is no event 3 yet: the last one is 2.")
    assert.strictEqual((await asked(0)).message, "Positions begin with 1.")
    assert.strictEqual(
      (await asked("1970-01-01T00:00:00Z")).message,
      "Nothing is known of that time: the log begins at 1970-01-01 00:00:01.000+00:00."
    )
    assert.match((await asked("9999-01-01T00:00:00Z")).message, /is in the future/)
  })
})
