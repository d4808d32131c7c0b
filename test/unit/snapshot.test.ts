/** A state that is kept comes back as it was, whatever a user's own keys in it are called. */
import { createHash } from "node:crypto"
import { assert, it } from "@effect/vitest"
import { HashMap } from "effect"
import fc from "fast-check"
import { printSnapshot, readSnapshot } from "../../daemon/log/snapshot.ts"
import * as World from "../../daemon/World.ts"

const hash = Buffer.alloc(32, 7)
const keptAndRead = (held: unknown) => {
  const world = { ...World.empty, at: 5, held }
  const read = readSnapshot(printSnapshot({ world, hash }), 5)
  if (typeof read === "string") return read
  assert.deepStrictEqual(read.hash, hash)
  return (read.world as typeof world).held
}

/** All of it and nothing else, in what no name means anything to. */
const told = (value: unknown): unknown => {
  if (HashMap.isHashMap(value)) return ["map", new Map([...(value as HashMap.HashMap<unknown, unknown>)].map(([k, v]) => [k, told(v)]))]
  if (Array.isArray(value)) return ["array", value.map(told)]
  if (typeof value !== "object" || value === null) return value
  assert.strictEqual(Object.getPrototypeOf(value), Object.prototype)
  return ["object", Object.entries(value).map(([k, v]) => [k, told(v)])]
}

const key = fc.oneof(fc.constantFrom("~map", "~~map", "__proto__", "constructor", "toJSON", "length", "0", ""), fc.string())
const { state } = fc.letrec((tie) => {
  const pairs = fc.uniqueArray(fc.tuple(key, tie("state")), { selector: ([name]) => name, maxLength: 4 })
  return {
    state: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null)),
      fc.array(tie("state"), { maxLength: 4 }),
      pairs.map((all) => Object.fromEntries(all)),
      pairs.map((all) => HashMap.fromIterable(all))
    )
  }
})

it.each([
  ["a number", JSON.parse('{"~map":5}')],
  ["words", JSON.parse('{"~map":"./x"}')],
  ["pairs", JSON.parse('{"~map":[["a",1]]}')],
  ["itself", JSON.parse('{"~map":{"~map":[]}}')],
  ["a prototype", JSON.parse('{"__proto__":{"~map":[]}}')]
])("a user's key that a map could be marked by, with %s", (_, held) => {
  assert.deepStrictEqual(told(keptAndRead(held)), told(held))
  assert.deepStrictEqual(told(keptAndRead(HashMap.make(["~map", held]))), told(HashMap.make(["~map", held])))
})

it("whatever keys there are, in maps and in what users wrote", () =>
  fc.assert(
    fc.property(state, (held) => assert.deepStrictEqual(told(keptAndRead(held)), told(held))),
    { numRuns: 2000 }
  ))

it.each([
  ["ends early", (json: string) => json.slice(0, -9)],
  ["holds a map of no pairs", (json: string) => json.replace('"maps":[', '"maps":[["at"],')],
  ["holds a map where nothing is", (json: string) => json.replace('"maps":[', '"maps":[["held","deep"],')],
  ["holds nothing", (json: string) => json.replace(/"hash":.*/, '"x":0}')]
])("one that %s, for all that its checksum fits, is rotten", (_, change) => {
  const json = Buffer.from(change(printSnapshot({ world: { ...World.empty, at: 5 }, hash }).toString("utf8", 32)))
  const digest = createHash("sha256").update(json).digest()
  assert.strictEqual(readSnapshot(Buffer.concat([digest, json]), 5), "rotten")
})
