/** The tick list of the contract: its ids, and that no title carries one that is not in it. */
import { describe, expect, it } from "vitest"
import { readShown, readStatements, statementsOf, titlesOf } from "../../scripts/contract.ts"

describe("the list of statements", () => {
  it("gives each id once, in order within its group", () => {
    const ids = [...readStatements().keys()]
    const groups = Map.groupBy(ids, (id) => id.slice(0, id.lastIndexOf("-")))
    expect(ids.length).toBeGreaterThan(200)
    for (const [group, members] of groups) expect(members).toEqual(members.map((_, i) => `${group}-${String(i + 1).padStart(2, "0")}`))
  })

  it("is read line by line, up to its check", () => {
    expect([...statementsOf("- [exec-01] Runs it → jobId 2 (local)\n- no statement\n- [exec-02] Syncs")]).toEqual([
      ["exec-01", "Runs it"],
      ["exec-02", "Syncs"]
    ])
  })

  it("holds every id that a title carries", () => {
    const statements = readStatements()
    const groups = new Set([...statements.keys()].map((id) => id.slice(0, id.lastIndexOf("-"))))
    const strange = [...readShown()].filter(([id]) => !statements.has(id) && groups.has(id.slice(0, id.lastIndexOf("-"))))
    expect(strange).toEqual([])
  })
})

describe("the titles of a test file", () => {
  it.each([
    ["plain", `it("a", () => {})`, ["a"]],
    ["of other functions", `it.effect("a", f); test("b", f); describe("c", () => { it('d', f) })`, ["a", "b", "c", "d"]],
    ["conditional", `it.skipIf(process.platform === "x")("a", f)`, ["a"]],
    ["from a table", `it.each([["a", 1], ["b", 2]])("%s is %d", f)`, ["%s is %d", "a", "b"]],
    ["from a named table", `const rows = [{ t: "a" }]\nit.each(rows)("$t", f)`, ["$t", "a"]],
    ["in a template", "it(`a $" + "{b(`c`)} d`, f)", ["a $" + "{b(`c`)} d"]],
    ["not those of skipped and todo tests", `it.skip("a", f); it.todo("b"); it("c", f)`, ["c"]],
    ["not those within a skipped group", `describe.skip("a", () => { it("b", f) }); it("c", f)`, ["c"]],
    ["not comments", `// it("a", f)\n/* it("b", f) */ it("c", f)`, ["c"]],
    ["not regular expressions", `const r = /it("a")[/"]/; it("b", () => 4 / 2 / 1)`, ["b"]],
    ["not methods of others", `suite.it("a", f); it(name, f); it("b", f)`, ["b"]]
  ])("%s", (_, source, titles) => {
    expect(titlesOf(source)).toEqual(titles)
  })
})
