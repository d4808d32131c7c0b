/**
 * `npm run golden [SET…]`: our answers beside the original's, from the folder `GOLDEN_DIR`. Differences are printed, each with both
 * answers; `--rules` prints what the rules cover too. Ends with a line a set, and 1 when anything differs.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { countOf, judge, lineOf, parseCases, type Verdict } from "../test/golden/GoldenSet.ts"
import { sets } from "../test/golden/sets.ts"

const dir = process.env.GOLDEN_DIR ?? join(import.meta.dirname, "../test/golden/skypilot")
const words = process.argv.slice(2)
const asked = words.filter((word) => !word.startsWith("--"))
const shown = (one: Verdict) => one.is === "differs" || (words.includes("--rules") && one.is === "by rule")

const lines: Array<string> = []
let differ = 0
const files = readdirSync(dir)
  .filter((file) => file.endsWith(".jsonl"))
  .map((file) => file.slice(0, -".jsonl".length))
for (const name of files.filter((one) => asked.length === 0 || asked.includes(one))) {
  const set = sets.find((one) => one.name === name)
  if (set === undefined) {
    console.log(`${name}: not answered yet`)
    continue
  }
  const verdicts = await judge(set, parseCases(readFileSync(join(dir, `${name}.jsonl`), "utf8")))
  for (const { golden, ours, rule } of verdicts.filter(shown)) {
    console.log(`${golden.id}${rule === undefined ? "" : ` (${rule})`}  ${JSON.stringify(golden.in)}`)
    console.log(`  theirs ${JSON.stringify(golden.error ?? golden.out)}\n  ours   ${JSON.stringify(ours)}`)
  }
  differ += countOf(verdicts, "differs")
  lines.push(lineOf(name, verdicts))
}
console.log(lines.join("\n"))
process.exitCode = differ === 0 ? 0 : 1
