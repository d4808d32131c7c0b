/**
 * Every golden case agrees, or a rule says why not. Rules are few, each is used, and each has its reason in docs/compatibility.md.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { countOf, judge, parseCases } from "./GoldenSet.ts"
import { sets } from "./sets.ts"

const dir = join(import.meta.dirname, "skypilot")
const page = readFileSync(join(import.meta.dirname, "../../docs/compatibility.md"), "utf8")
/** How many cases the rules may answer for: a rule that grows is looked at again. */
const byRuleMax: Readonly<Record<string, number>> = {
  resources: 27,
  "less-demanding": 3,
  names: 3,
  helpers: 160,
  "task-yaml": 70,
  catalog: 5,
  optimize: 21,
  "show-gpus": 9
}
/** A longer list would be a list of cases in disguise. */
const rulesMax = 12

describe.each(sets)("golden $name", (set) => {
  it("means what SkyPilot meant, or a rule says why not", async () => {
    const verdicts = await judge(set, parseCases(readFileSync(join(dir, `${set.name}.jsonl`), "utf8")))
    expect(verdicts.filter((one) => one.is === "differs")).toEqual([])
    expect(countOf(verdicts, "by rule")).toBeLessThanOrEqual(byRuleMax[set.name] ?? 0)
    const used = new Set(verdicts.flatMap((one) => one.rule ?? []))
    expect(set.rules.map((rule) => rule.name).filter((name) => !used.has(name))).toEqual([])
  })

  it("has few rules, and each stands in docs/compatibility.md", () => {
    expect(set.rules.length).toBeLessThanOrEqual(rulesMax)
    expect(set.rules.map((rule) => `\`${rule.name}\``).filter((name) => !page.includes(name))).toEqual([])
  })
})
