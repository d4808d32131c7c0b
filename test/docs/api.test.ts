/** docs/api.md is what the types and their comments say, and says something of everything. */
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { apiDocument } from "../../scripts/api-docs.ts"
import { apiTypes } from "../../scripts/api-types.ts"

const root = resolve(import.meta.dirname, "../..")
const api = apiTypes()
const text = readFileSync(join(root, "docs/api.md"), "utf8")

describe("docs/api.md", () => {
  it("is up to date (npm run docs)", () => {
    expect(text).toBe(apiDocument(api))
  })

  it("tells every function and every class", () => {
    const untold = api.open.filter(
      ({ comment, kind, name, text }) => (kind === "class" || /\) => Promise/.test(text)) && comment === "" && name !== "clouds"
    )
    expect(untold.map(({ name }) => name)).toEqual([])
    for (const { name } of api.exceptions) expect(text).toContain(`| \`${name}\` |`)
  })

  it("stop-10, down-09: warns of purge", () => {
    for (const name of ["stop", "down"]) {
      const section = text.slice(text.indexOf(`\n### ${name}\n`)).split("\n### ")[1]
      expect(section).toMatch(/`purge\?`.*only for repair by hand.*yours to find/i)
    }
  })
})
