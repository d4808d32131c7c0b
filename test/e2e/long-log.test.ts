/** A log so long that a thread reads it ahead of the fold: what a start from its first event says of it is what it always says. */
import { cpSync } from "node:fs"
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
    const { err } = await home.sky("status")
    expect(err.replaceAll(/\s+/g, " ")).toContain(`The log is damaged: Event ${hit} is ${words}`)
    expect((await home.json("events", "--tail", "1")).map(({ seq }: { readonly seq: number }) => seq)).toEqual([hit - 1])
  }
)
