/** Where our tables of accelerators differ from the original's on purpose. The reasons are in docs/compatibility.md, under the same names. */
import { type GoldenCase, type Rule, sameMeaning } from "../GoldenSet.ts"

const filters = ({ in: input }: GoldenCase): ReadonlyArray<string> => [input.name_filter ?? "", input.region_filter ?? ""]

export const showGpusRules = (withoutDevice: (out: unknown) => unknown): ReadonlyArray<Rule> => [
  { name: "accelerator-names", covers: (golden) => golden.error !== undefined },
  {
    name: "case-of-letters",
    covers: (golden) =>
      golden.in.case_sensitive !== false &&
      Object.keys(golden.out ?? {}).length === 0 &&
      filters(golden).some((text) => text !== text.toUpperCase() || /^[A-Z-]+\d$/.test(text))
  },
  {
    name: "memory-of-devices",
    covers: ({ in: input, out }, ours) =>
      !input.name_filter && out !== undefined && "out" in ours && sameMeaning(withoutDevice(out), withoutDevice(ours.out))
  },
  {
    name: "machine-beside-it",
    covers: ({ in: input, out }, ours) => {
      if (input.require_price === false) return true
      if (!input.region_filter || out === undefined || !("out" in ours)) return false
      const mine = ours.out as Readonly<Record<string, ReadonlyArray<unknown>>>
      return Object.entries(mine).every(([name, counts]) => counts.every((count) => out[name]?.includes(count)))
    }
  }
]
