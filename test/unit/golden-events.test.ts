/** Bytes of every event version that was released decode for ever. Files of test/golden/events are added, never edited: `<tag>.<version>.json`. */
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { link, pack } from "../../daemon/log/chain.ts"
import { readRecord } from "../../daemon/log/read-record.ts"
import { events } from "../../events/Event.ts"
import { Recorded } from "../../events/Recorded.ts"
import { upcast } from "../../events/upcast.ts"

const folder = new URL("../golden/events/", import.meta.url)
const files = readdirSync(folder)
const decode = Schema.decodeUnknownSync(Recorded, { onExcessProperty: "error" })
const encode = Schema.encodeSync(Recorded)
const textOf = (file: string) => readFileSync(new URL(file, folder), "utf8").trimEnd()

describe("golden events", () => {
  it.each(files)("%s decodes", (file) => {
    const json = Buffer.from(textOf(file))
    const stored = JSON.parse(json.toString())
    const read = readRecord({ seq: stored.seq, value: pack(link(Buffer.alloc(32), json), json) })
    if (read._tag === "Failure") return assert.fail(read.failure.message)
    const now = decode(read.success)
    // Shapes that are still written come back byte for byte.
    if (upcast(stored.event) === stored.event) assert.strictEqual(JSON.stringify(encode(now)), json.toString())
  })
  it("there is one of every event that is written today", () => {
    const golden = new Set(files.map((file) => file.split(".")[0]))
    const tags = events.map((event) => event.fields._tag.schema.literal)
    assert.deepStrictEqual(
      tags.filter((tag) => !golden.has(tag)),
      []
    )
  })
  it("a retired shape is brought up to date, through as many steps as it takes", () => {
    const steps = {
      Old: (old: { readonly _tag: string }) => ({ ...old, _tag: "Middle", b: 1 }),
      Middle: (old: { readonly _tag: string }) => ({ ...old, _tag: "New", c: 2 })
    }
    assert.deepStrictEqual(upcast({ _tag: "Old", a: 0 }, steps), { _tag: "New", a: 0, b: 1, c: 2 })
  })
})
