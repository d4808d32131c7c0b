import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { listFiles } from "../../../daemon/sync/list-files.ts"
import { git, tempFolder, write } from "./tree.ts"

const name = fc.constantFrom("a", "b", "c.log", "d.txt", "build", "x y", "[z]", "!n", "#h", "sp ")
const folder = fc.constantFrom("", "a/", "a/b/", "build/", "dir/", "[q]/", "dir/a/")
const pattern = fc.constantFrom(
  ...[
    "*.log",
    "a",
    "/a",
    "a/",
    "b/",
    "!a",
    "!b",
    "build/",
    "/build",
    "**/b",
    "a/**",
    "a/**/b",
    "!c.log",
    "*",
    "!*/",
    "!*.txt",
    "x y",
    "[z]",
    "\\[z\\]"
  ],
  ...[
    "\\!n",
    "\\#h",
    "#h",
    "sp ",
    "sp\\ ",
    "?",
    "[a-c]",
    "[!a]",
    "[^a]*",
    "*.txt",
    "dir/a",
    "/dir/*",
    "!/dir/a",
    "\\a",
    "**",
    "/**/c.log",
    "",
    "/",
    "a//b",
    "d.???"
  ]
)
const rules = fc.array(pattern, { maxLength: 5 })
const tree = fc.record({
  files: fc.uniqueArray(fc.tuple(folder, name), { minLength: 1, maxLength: 25 }),
  root: rules,
  exclude: rules,
  nested: fc.array(fc.tuple(folder, rules), { maxLength: 3 })
})

describe("what git would keep", () => {
  it.live("is what is sent, for any rules at any level", () =>
    Effect.gen(function* () {
      const top = yield* tempFolder
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(tree, async ({ files, root: rootRules, exclude, nested }) => {
            const root = join(top, "r")
            rmSync(root, { recursive: true, force: true })
            mkdirSync(root)
            git(root, "init", "-q")
            for (const [below, leaf] of files) {
              try {
                write(root, { [below + leaf]: "" })
              } catch {
                // The name is a folder already, or a folder's name a file.
              }
            }
            for (const [below, lines] of [["", rootRules] as const, ...nested]) {
              try {
                write(root, { [`${below}.gitignore`]: `${lines.join("\n")}\n` })
              } catch {
                // As above.
              }
            }
            writeFileSync(join(root, ".git/info/exclude"), `${exclude.join("\n")}\n`)
            const expected = git(root, "ls-files", "-z", "--others", "--cached", "--exclude-standard").split("\0").filter(Boolean).sort()
            const list = await Effect.runPromise(listFiles(root))
            const found = list.entries.filter(({ kind, path }) => kind === "file" && !path.startsWith(".git/")).map(({ path }) => path)
            assert.deepStrictEqual(found.sort(), expected)
          }),
          { numRuns: 40 }
        )
      )
    })
  )
})
