/** Which name was meant by one that is not known. */
import { expect, it } from "vitest"
import { closeMatches, didYouMean, meantText, nearestTo } from "../../../task/near.ts"

it.each([
  ["trian", ["train", "eval"], "train"],
  ["rak", ["rack", "desk"], "rack"],
  ["g", ["r", "s"], undefined],
  ["g", ["gp"], "gp"],
  ["a", ["bb"], undefined]
])("%s of %o: %s", (word, known, meant) => expect(didYouMean(word, known)).toBe(meant))

it("of several the likest comes first, and of names that differ in their letters' case there is one", () => {
  expect(closeMatches("m6i.2xlrge", ["m6i.24xlarge", "m6i.2xlarge", "m6in.2xlarge"])[0]).toBe("m6i.2xlarge")
  expect(nearestTo("P3.8xlarge", ["d3.8xlarge", "p3.8xlarge"])).toEqual(["p3.8xlarge"])
})

it("of dozens a few are said", () => {
  expect(meantText([])).toBe("")
  expect(meantText(["a", "b"])).toBe("Did you mean 'a' or 'b'?")
  const names = Array.from({ length: 300 }, (_, i) => `n${i}`)
  expect(meantText(names)).toBe("Did you mean 'n0' or 'n1' or 'n2' or 'n3' or 'n4' or 'n5' or one of 294 more?")
})
