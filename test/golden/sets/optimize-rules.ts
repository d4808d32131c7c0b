/** Where our optimizer differs from the original's on purpose. The reasons are in docs/compatibility.md, under the same names. */
import type { Rule } from "../GoldenSet.ts"

export const optimizeRules: ReadonlyArray<Rule> = [
  { name: "one-task-no-egress", covers: ({ in: input }) => input.tasks !== undefined },
  {
    name: "accelerator-names",
    covers: ({ in: input }) => /[+(]/.test(String(input.task?.resources.accelerators))
  },
  {
    name: "equally-fast",
    covers: ({ in: input, out }, ours) =>
      input.minimize === "TIME" && "out" in ours && out.objective === (ours.out as { readonly objective: number }).objective
  }
]
