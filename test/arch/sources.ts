/**
 * The source files by room, and what each imports. Types are told apart from values: `import type` is erased, so it costs
 * nothing at run time but still is an arrow of the architecture.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"

export const root = resolve(import.meta.dirname, "../..")
export const rooms = ["task", "events", "projections", "sdk", "machine", "daemon", "agent", "cli"] as const
export type Room = (typeof rooms)[number]

export interface Import {
  /** As written. */
  readonly specifier: string
  /** From the root, for a relative one. */
  readonly target: string | undefined
}

export interface Source {
  /** From the root, with `/`. */
  readonly file: string
  readonly room: Room
  readonly text: string
  readonly imports: ReadonlyArray<Import>
}

const specifierPattern =
  /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"]+)"|(?:^|\n)import\s*"([^"]+)"|\b(?:import|require)\(\s*"([^"]+)"/g

const importsOf = (file: string, text: string): ReadonlyArray<Import> =>
  [...text.matchAll(specifierPattern)].map(([, from, bare, call]) => {
    const specifier = from ?? bare ?? call ?? ""
    const target = specifier.startsWith(".") ? relative(root, resolve(root, dirname(file), specifier)) : undefined
    return { specifier, target }
  })

/** Comments and strings out: what a rule about code must not trip over. */
export const codeOf = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, (match) => (match.startsWith("/") ? " " : '""'))

/** Every TypeScript file below a folder, declarations aside. */
export const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => `${folder}/${file}`)
    .sort()

export const sources: ReadonlyArray<Source> = rooms.flatMap((room) =>
  filesBelow(room).map((file) => {
    const text = readFileSync(join(root, file), "utf8")
    return { file, room, text, imports: importsOf(file, text) }
  })
)
