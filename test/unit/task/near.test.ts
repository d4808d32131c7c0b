/** Which name was meant by one that is not known. */
import { expect, it } from "vitest"
import { didYouMean } from "../../../task/near.ts"

it.each([
  ["trian", ["train", "eval"], "train"],
  ["rak", ["rack", "desk"], "rack"],
  ["g", ["r", "s"], undefined],
  ["g", ["gp"], "gp"],
  ["a", ["bb"], undefined]
])("%s of %o: %s", (word, known, meant) => expect(didYouMean(word, known)).toBe(meant))
