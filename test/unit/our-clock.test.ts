/** A machine's clock may be hours off: what happened there is recorded by ours. */
import { describe, expect, it } from "vitest"
import { byOurClock } from "../../daemon/reactors/couriers/our-clock.ts"

const hourMs = 3_600_000
const now = 1_800_000_000_000
const fired = (atMs: number) => ({ n: 3, atMs, fact: { _tag: "AutostopFired", idleMinutes: 5, down: false, idleSinceMs: atMs - 300_000 } })

describe("an entry of a journal", () => {
  it.each([
    ["ahead", 3 * hourMs],
    ["behind", -3 * hourMs]
  ])("of a node whose clock is %s has our time, and so has since when it was idle", (_, offMs) => {
    // It happened a minute before it was sent.
    expect(byOurClock(fired(now + offMs - 60_000), now + offMs, now)).toEqual(fired(now - 60_000))
  })

  it("that was a while on its way has its own", () => {
    const entry = fired(now - 60_000)
    expect(byOurClock(entry, now - 800, now)).toBe(entry)
  })

  it("that says no time, or makes no sense, is left to whoever judges that", () => {
    for (const entry of [null, 7, "x", {}, { atMs: "x" }, { atMs: 1.5 }]) expect(byOurClock(entry, now - hourMs, now)).toBe(entry)
    const entry = { n: 1, atMs: 5, fact: null }
    for (const sent of [undefined, null, "x", 1.5]) expect(byOurClock(entry, sent, now)).toBe(entry)
    expect(byOurClock(entry, now + hourMs, now)).toEqual({ n: 1, atMs: 0, fact: null })
  })
})
