/** A log so long that threads read it ahead of the fold and of the audit: what is said of it is what is always said. */
import { cpSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { append, inStore, opened, remove, temporary } from "../damage/logs.ts"
import { Home } from "./home.ts"

const events = 25_000
const hit = 17_000
const long = temporary()
const key = (seq: number) => `e/${String(seq).padStart(16, "0")}`

beforeAll(() => Effect.runPromise(opened(long, append(events))), 60_000)
afterAll(() => remove(long))

const copied = () => {
  const home = new Home()
  cpSync(long, home.state, { recursive: true })
  return home
}

it("all of it is folded", async () => {
  const home = copied()
  expect(await home.sky("daemon", "start")).toMatchObject({ code: 0 })
  const { head } = await home.json("daemon", "status")
  expect(head).toBeGreaterThan(events)
  expect(await home.sky("replay", "--verify")).toMatchObject({ code: 0 })
})

it("all of it is proven, and written out as it stands, by the daemon as without one", async () => {
  const home = copied()
  await home.json("daemon", "start")
  const held = await home.json("audit", "verify")
  expect(held.events).toBeGreaterThan(events)
  expect(await home.sky("audit", "export", join(home.state, "..", "held.jsonl"))).toMatchObject({ code: 0 })
  expect(await home.sky("audit", "diff", join(home.state, "..", "held.jsonl"))).toMatchObject({ code: 0 })
  await home.json("daemon", "stop")
  expect((await home.json("audit", "verify")).events).toBe(held.events + 1)
  expect(await home.sky("audit", "export", join(home.state, "..", "free.jsonl"))).toMatchObject({ code: 0 })
  const [before, after] = ["held", "free"].map((name) => readFileSync(join(home.state, "..", `${name}.jsonl`), "utf8"))
  expect(after!.startsWith(before!)).toBe(true)
  expect(after!.split("\n").length - 1).toBe(held.events + 1)
})

it.each([
  ["is gone", "missing from the log, which goes on with event", (db) => db.del(key(hit))],
  [
    "was changed",
    "not what was written: its hash does not follow",
    async (db) => db.put(key(hit), Buffer.from((await db.get(key(hit)))!).fill("x", 200, 201))
  ],
  ["cannot be understood", "not what was written: it has no format that is known", (db) => db.put(key(hit), Buffer.from("x"))]
] satisfies ReadonlyArray<readonly [string, string, Parameters<typeof inStore>[1]]>)(
  "an event in its midst that %s is named, and all before it is proven",
  async (_, words, change) => {
    const home = copied()
    await Effect.runPromise(inStore(home.state, change))
    expect((await home.sky("audit", "verify")).err.replaceAll(/\s+/g, " ")).toContain(`Event ${hit} is ${words}`)
    const exported = join(home.state, "..", "log.jsonl")
    await home.sky("audit", "export", exported)
    expect(readFileSync(exported, "utf8").split("\n").length - 1).toBe(hit - 1)
    const { err } = await home.sky("status")
    expect(err.replaceAll(/\s+/g, " ")).toContain(`The log is damaged: Event ${hit} is ${words}`)
    expect((await home.json("events", "--tail", "1")).map(({ seq }: { readonly seq: number }) => seq)).toEqual([hit - 1])
  }
)
