/** The generated documents are what the generator would write now, and hand-written ones point at files that exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { limits } from "../../daemon/ipc/limits.ts"
import { events } from "../../events/Event.ts"
import { eventsDocument, protocolDocument } from "../../scripts/docs.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"

const root = resolve(import.meta.dirname, "../..")
const read = (file: string) => readFileSync(join(root, file), "utf8")

const markdown = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`)
]

describe("the generated documents", () => {
  it("docs/events.md is up to date (node scripts/docs.ts)", () => {
    expect(read("docs/events.md")).toBe(eventsDocument())
  })

  it("docs/protocol.md is up to date (node scripts/docs.ts)", () => {
    expect(read("docs/protocol.md")).toBe(protocolDocument())
  })

  it("docs/protocol.md says what each error carries, and what maps hold", () => {
    const text = read("docs/protocol.md")
    const row = (name: string) => text.split("\n").find((line) => line.startsWith(`| \`${name}\` |`)) ?? ""
    expect(row("ClusterNotUpError")).toContain("`cluster: string`, `clusterStatus: ")
    expect(row("ClusterDoesNotExist")).toContain("`cluster: string`")
    expect(row("ResourcesUnavailableError")).toContain(
      "`failoverHistory: { tag: string, message: string, place?: string }[]`, `more?: int`"
    )
    expect(row("CommandError")).toContain("`returncode: int`, `command: string`")
    expect(row("file_mounts?")).toContain("{ [name]: string \\| Storage }")
    expect(text).toContain("\n### Storage\n")
    expect(row("num_nodes?")).toContain("int 1 … 1024")
  })

  it("docs/protocol.md says of each word whether it is a string", () => {
    expect(read("docs/protocol.md")).toContain("| `more?` | `true` |")
  })

  it("docs/protocol.md promises a plan of a launch's dry run only", () => {
    const section = (name: string) => read("docs/protocol.md").split(`\n### ${name}\n`)[1]!.split("\n### ")[0]
    expect(section("launch")).toContain("| `plan?` |")
    expect(section("exec")).not.toContain("plan")
  })

  it("docs/events.md tells every event", () => {
    const text = read("docs/events.md")
    const tags = events.map((event) => event.fields._tag.schema.literal)
    expect(tags.filter((tag) => !text.includes(`\n### ${tag}\n`))).toEqual([])
  })
})

describe("the hand-written documents", () => {
  it.each(markdown)("%s links only to files that are there", (file) => {
    const links = [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!)
    expect(links.filter((link) => !existsSync(resolve(root, dirname(file), link)))).toEqual([])
  })

  it("docs/protocol.head.md lists every limit of the socket", () => {
    const listed = [...read("docs/protocol.head.md").matchAll(/^\| `(\w+(?:Max\w*|Ms))` \| (\d+) \|/gm)].map(([, name, most]) => [
      name,
      Number(most)
    ])
    expect(Object.fromEntries(listed)).toEqual(limits)
  })

  it("README.md lists every exit code", () => {
    const listed = [...read("README.md").matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
    expect(listed.sort((a, b) => a - b)).toEqual(Object.values(exitCodes).sort((a, b) => a - b))
  })
})
