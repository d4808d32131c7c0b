/** Whatever a word holds, `sh` reads the same word. */
import { execFileSync } from "node:child_process"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { program } from "../../../daemon/remote/shell.ts"
import { quote } from "../../../sdk/quote.ts"

const bytes = fc.string({ unit: "binary" }).filter((word) => !word.includes("\0"))
const spiteful = fc.string({
  unit: fc.constantFrom("'", '"', "\\", "$", "`", "\n", " ", "!", "*", "~", "-", "=", "#", "a", "\u00e4", ";", "&", "(", "\r", "\t")
})
const words = fc.array(fc.oneof(bytes, spiteful), { maxLength: 8 })

const read = (script: string) => execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1)
/** As the machine's locale would have it. */
const wellFormed = (given: ReadonlyArray<string>) => given.map((word) => word.toWellFormed())

describe("a quoted word", () => {
  it("is the word, for sh", () => {
    fc.assert(
      fc.property(words, (given) => {
        expect(read(`printf '%s\\0' ${["x", ...given].map(quote).join(" ")}`)).toEqual(["x", ...wellFormed(given)])
      }),
      { numRuns: 200 }
    )
  })

  it("is an argument of a program as it is", () => {
    fc.assert(
      fc.property(words, (given) => {
        expect(
          read(
            program([
              process.execPath,
              "-e",
              'process.stdout.write(process.argv.slice(1).map((word) => word + "\\0").join(""))',
              "--",
              "x",
              ...given
            ])
          )
        ).toEqual(["x", ...wellFormed(given)])
      }),
      { numRuns: 25 }
    )
  })

  it("is never an assignment, an option of the shell or a home", () => {
    expect(["A=1", "~", "*", ""].map(quote)).toEqual(["'A=1'", "'~'", "'*'", "''"])
    expect(quote("/usr/bin/node-24.1")).toBe("/usr/bin/node-24.1")
  })

  it("of a program cannot hold a zero byte", () => {
    expect(() => program(["a\0b"])).toThrow("zero byte")
  })
})
