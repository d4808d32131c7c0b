/**
 * Exports that were written once, sound and damaged in every way: read for ever, and each kind of damage is named. Files are added, never
 * edited: a new event, or a new version of one, comes with a `sound.<next>.jsonl` that holds it (`exportOf` in tools.ts writes one).
 */
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { differing, exported, golden, headOf, imported, linesOf, verified } from "./tools.ts"

const sound = readdirSync(new URL("../golden/logs/", import.meta.url))
  .filter((name) => name.startsWith("sound."))
  .map((name) => name.replace(".jsonl", ""))

/** The kind, what an import says of it, and what a comparison with the sound log says. */
const damaged: ReadonlyArray<readonly [name: string, refused: string, different: string]> = [
  [
    "tampered",
    "Line 5: Event 5 is not what was written: its hash does not follow from the one before.",
    "Line 5: event 5 is not what the log holds."
  ],
  [
    "reordered",
    "Line 4 holds event 5, and event 4 follows in line 5: they are not in their order.",
    "Line 4 holds event 5, and event 4 follows in line 5: they are not in their order."
  ],
  ["cut", "Line 6 is cut off: the file ends within it.", "Line 6 is cut off: the file ends within it."],
  ["doubled", "Line 6 holds event 5, which stood before it already.", "Line 6 holds event 5, which stood before it already."],
  ["missing", "Line 6 holds event 7: event 6 is missing before it.", "Line 6 holds event 7: event 6 is missing before it."],
  ["not-json", "Line 6 is not JSON.", "Line 6 is not JSON."],
  [
    "spliced",
    "Line 6: Event 6 is not what was written: its hash does not follow from the one before.",
    "Line 6: event 6 has another hash than in the log."
  ],
  [
    "shapeless",
    "Line 6: Event 6 is not what its schema says: event.cluster: Expected string.",
    "Line 6: event 6 is not what the log holds."
  ]
]

describe("golden logs:", () => {
  it.each(sound)("%s is imported, verified and exported, byte for byte", async (name) => {
    const { answer, home } = await imported(golden(name))
    const count = linesOf(golden(name)).length
    expect(answer).toMatchObject({ events: count, head: { seq: count } })
    expect(await verified(home)).toMatchObject({ events: count, damage: null })
    expect((await exported(home)).text).toBe(readFileSync(golden(name), "utf8"))
    expect(await differing(home, golden(name))).toEqual({ events: count, difference: null, logMore: 0, fileMore: 0, damage: null })
  })

  it("hold every event of every version that was released", () => {
    const folder = new URL("../golden/events/", import.meta.url)
    const held = new Set(sound.flatMap((name) => linesOf(golden(name)).map((line) => JSON.stringify(JSON.parse(line).record.event))))
    const missing = readdirSync(folder).filter(
      (file) => !held.has(JSON.stringify(JSON.parse(readFileSync(new URL(file, folder), "utf8")).event))
    )
    expect(missing).toEqual([])
  })

  it.each(damaged)("%s is not imported, the line is named, and nothing is left", async (name, refused) => {
    const { home, ...rest } = await imported(golden(name))
    expect(rest).toEqual({ answer: undefined, refused })
    expect(readdirSync(home)).toEqual([])
  })

  it.each(damaged)("%s differs from the sound log where it says", async (name, _, different) => {
    const { home } = await imported(golden("sound.1"))
    const { difference } = await differing(home, golden(name))
    expect(difference).toEqual({ line: Number(/\d+/.exec(different)![0]), message: different })
  })

  it("foreign is a log of its own, and no export of another", async () => {
    const foreign = await imported(golden("foreign"))
    expect(foreign.answer?.events).toBe(8)
    const { home } = await imported(golden("sound.1"))
    expect(await differing(home, golden("foreign"))).toMatchObject({
      events: 0,
      difference: {
        line: 1,
        message: "The file is an export of another log (01ARZ3NDEKTSV4RRFFQ69G5FBW); this one is 01ARZ3NDEKTSV4RRFFQ69G5FAV."
      }
    })
    const head = (await headOf(foreign.home)).head!
    expect((await headOf(home, head)).refuted).toBe(`What was noted is of the log ${head.log}; this one is 01ARZ3NDEKTSV4RRFFQ69G5FAV.`)
  })
})
