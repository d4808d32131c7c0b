/** Where our looks into the lists differ from the original's on purpose. The reasons are in docs/compatibility.md, under the same names. */
import type { Rule } from "../GoldenSet.ts"

const meant = (ours: unknown): ReadonlyArray<string> =>
  (ours as { readonly error?: { readonly about?: ReadonlyArray<string> } }).error?.about ?? []

export const catalogRules: ReadonlyArray<Rule> = [
  { name: "accelerator-names", covers: ({ in: input }) => /[+(]/.test(input.name ?? "") },
  {
    name: "case-of-letters",
    covers: ({ in: input }, ours) => input.op === "validate_region_zone" && meant(ours).join() === String(input.zone).toLowerCase()
  }
]
