/** Where our looks into the lists differ from the original's on purpose. The reasons are in docs/compatibility.md, under the same names. */
import type { Rule } from "../GoldenSet.ts"

export const catalogRules: ReadonlyArray<Rule> = [{ name: "accelerator-names", covers: ({ in: input }) => /[+(]/.test(input.name ?? "") }]
