/** A question at a terminal: what counts as an answer, and how it is left. */
import { PassThrough } from "node:stream"
import { describe, expect, it } from "vitest"
import { ask } from "../../../cli/ask.ts"

/** What is typed, key by key, and what became of it. */
const typed = async (keys: string, byDefault = false, question = "Tear down train?", columns = 80) => {
  const input = new PassThrough()
  const output = new PassThrough()
  const asked = ask(question, byDefault, { input, output, columns })
  input.write(keys)
  const code = await asked.then(
    () => 0,
    ({ exitCode, hint }) => (hint === "Nothing was changed." ? exitCode : undefined)
  )
  return { code, shown: String(output.read()) }
}

describe("a question", () => {
  it.each([
    ["y\r", false, 0],
    ["YES\r", false, 0],
    ["\r", true, 0],
    ["\r", false, 3],
    ["n\r", true, 3],
    ["no\r", true, 3]
  ])("is answered by %j where Yes is the default: %s", async (keys, byDefault, code) => {
    expect(await typed(keys, byDefault)).toMatchObject({ code })
  })

  it("is asked again after a word that is no answer, and given up after three", async () => {
    const { code, shown } = await typed("sure\ry\r")
    expect(code).toBe(0)
    expect(shown).toContain("Please answer yes or no. [y/N] ")
    expect(await typed("a\rb\rc\r", true)).toMatchObject({ code: 3 })
  })

  it("is left by Ctrl-D as declined and by Ctrl-C as interrupted, each on a line of its own", async () => {
    expect(await typed("\x04")).toEqual({ code: 3, shown: expect.stringMatching(/\n$/) })
    expect(await typed("\x03")).toEqual({ code: 130, shown: expect.stringMatching(/\n$/) })
  })

  it("is broken between words, not in a name", async () => {
    const { shown } = await typed("\r", true, "Stop 2 clusters: a-long-name, another-name?", 24)
    expect(shown).toContain("Stop 2 clusters:\na-long-name,\n")
    expect(shown).toContain("another-name? [Y/n] ")
  })
})
