/** What a file shows to others is what others take: an export that nobody imports is a promise to nobody, and hides code that is dead. */
import { readFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { filesBelow, root, sources } from "./sources.ts"

const declared = /^export (?:declare )?(?:abstract )?(?:async )?(?:const|function\*?|class|interface|type) (\w+)/gm
const taken = /^\s*(?:import|export)\s+(?:type\s+)?(?:\*(?:\s+as\s+(\w+))?|\{([^}]*)\})\s+from\s+"(\.[^"]+)"/gm
const loaded = /\bimport\("(\.[^"]+)"\)/g
const comments = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g
/** The whole file, by whoever may ask it for anything. */
const all = "*"

type Text = readonly [file: string, text: string]

/** `{ type A, b as c }` */
const namesIn = (list: string) =>
  list.split(",").map(
    (one) =>
      one
        .trim()
        .replace(/^type\s+/, "")
        .split(" ")[0]!
  )
/** `X.name`, or X as such. */
const usesOf = (whole: string, text: string) =>
  [...text.replaceAll(/^import .*/gm, "").matchAll(new RegExp(`\\b${whole}\\b(?:\\.(\\w+))?`, "g"))].map(([, name = all]) => name)

/** `file name` for each name that these files import of others. */
const importedBy = (texts: ReadonlyArray<Text>): ReadonlySet<string> =>
  new Set(
    texts.flatMap(([file, text]) => {
      const of = (specifier: string, names: ReadonlyArray<string>) =>
        names.map((name) => `${relative(root, resolve(root, file, "..", specifier))} ${name}`)
      return [
        ...[...text.matchAll(loaded)].flatMap(([, from]) => of(from!, [all])),
        ...[...text.matchAll(taken)].flatMap(([, whole, names, from]) => {
          if (names !== undefined) return of(from!, namesIn(names))
          return of(from!, whole === undefined ? [all] : usesOf(whole, text))
        })
      ]
    })
  )

const textsOf = (folders: ReadonlyArray<string>) =>
  folders.flatMap(filesBelow).map((file): Text => [file, readFileSync(join(root, file), "utf8")])
const tools = textsOf(["scripts", "bench"])
const byPrograms = importedBy([...sources.map(({ file, text }): Text => [file, text]), ...tools])
const byTests = importedBy(textsOf(["test"]))

/** A program of its own: its names are taken by who loads it. */
const isBundled = (file: string) => tools.some(([, text]) => text.includes(`"${file}"`))
/** Held against SkyPilot's answers alone, as it says itself. */
const modelled = ["task/cloud-names.ts"]

const exported = sources
  .filter(({ file }) => !isBundled(file) && !modelled.includes(file))
  .flatMap(({ file, text }) => [...new Set([...text.matchAll(declared)].map(([, name]) => name!))].map((name) => ({ file, name, text })))
const unasked = exported.filter(({ file, name }) => !byPrograms.has(`${file} ${name}`) && !byPrograms.has(`${file} ${all}`))
const told = (some: typeof exported) => some.map(({ file, name }) => `${file}: ${name}`)

describe("an export", () => {
  it("is imported: by a program, or by a test of that alone", () => {
    expect(exported.length).toBeGreaterThan(1000)
    expect(told(unasked.filter(({ file, name }) => !byTests.has(`${file} ${name}`)))).toEqual([])
  })

  it("is not there for tests only: what they take of a file is a part of what it does", () => {
    const isPart = ({ name, text }: { readonly name: string; readonly text: string }) =>
      [...text.replaceAll(comments, "").matchAll(new RegExp(`\\b${name}\\b`, "g"))].length > 1
    expect(told(unasked.filter((one) => !isPart(one)))).toEqual([])
  })
})
