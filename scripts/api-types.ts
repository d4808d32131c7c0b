/**
 * The public types of the SDK, taken from its sources: every declaration that `sdk/index.ts` exports and those that they mention, and nothing of
 * what is behind them. They become `dist/sdk.d.cts` (build.ts) and docs/api.md (docs.ts).
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")

export interface Declaration {
  readonly name: string
  readonly kind: "const" | "class" | "interface" | "type"
  /** Without the comment in front. */
  readonly text: string
  readonly comment: string
}

const emit = (folder: string) => {
  const options = [
    "--noCheck",
    "--declaration",
    "--emitDeclarationOnly",
    "--outDir",
    folder,
    "--rootDir",
    root,
    "--ignoreConfig",
    "--skipLibCheck"
  ]
  const language = ["--target", "es2024", "--module", "nodenext", "--lib", "es2024,esnext.disposable", "--types", "node"]
  const rules = ["--strict", "--exactOptionalPropertyTypes", "--allowImportingTsExtensions", "--verbatimModuleSyntax"]
  const compiler = join(root, "node_modules/typescript/bin/tsc")
  execFileSync(process.execPath, [compiler, ...options, ...language, ...rules, join(root, "sdk/index.ts")], { stdio: "inherit" })
}

const declarationPattern = /^export declare (const|class|type) (\w+)|^export (interface|type) (\w+)/

/** Top-level statements: each ends where a line closes what its first one opened. */
const statementsOf = (text: string): ReadonlyArray<Declaration> => {
  const found: Array<Declaration> = []
  let comment = ""
  let body: Array<string> = []
  let inComment = false
  for (const line of text.split("\n")) {
    if (body.length === 0 && (inComment || line.startsWith("/**"))) {
      comment = inComment ? `${comment}\n${line}` : line
      inComment = !line.includes("*/")
      continue
    }
    body.push(line)
    if (body.length === 1 ? !/[;}]$/.test(line) || /\{$/.test(line) : !/^[}\])].*;?$/.test(line)) continue
    const whole = body.join("\n")
    const [, kind, name, kind2, name2] = declarationPattern.exec(whole) ?? []
    if (kind !== undefined || kind2 !== undefined)
      found.push({ kind: (kind ?? kind2) as Declaration["kind"], name: (name ?? name2)!, text: whole, comment })
    body = []
    comment = ""
  }
  return found
}

export interface Api {
  /** Exported by name, in the order of `sdk/index.ts`. */
  readonly open: ReadonlyArray<Declaration>
  /** Those of `sky.exceptions`. */
  readonly exceptions: ReadonlyArray<Declaration>
  /** Mentioned by those, and not exported. */
  readonly others: ReadonlyArray<Declaration>
}

const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\//g, "")

const readApi = (folder: string): Api => {
  const read = (file: string) => readFileSync(join(folder, file.replace(/\.ts$/, ".d.ts")), "utf8")
  const index = read("sdk/index.ts")
  const modules = [...index.matchAll(/from "\.\/(api\/[\w-]+\.ts)"/g)].map(([, file]) => `sdk/${file}`)
  /** Two for a list of words: the constant and its type. */
  const known = new Map<string, ReadonlyArray<Declaration>>()
  const seen = new Set<string>()
  const load = (file: string) => {
    if (seen.has(file) || !file.startsWith("sdk/api/")) return
    seen.add(file)
    const text = read(file)
    for (const each of statementsOf(text)) known.set(each.name, [...(known.get(each.name) ?? []), each])
    for (const [, from] of text.matchAll(/from "(\.[^"]+)"/g)) load(join(dirname(file), from!))
  }
  for (const file of modules) load(file)
  const exported = [...index.matchAll(/export (?:type )?\{([^}]*)\} from/g)].flatMap(([, list]) => list!.match(/\w+/g) ?? [])
  const open = exported.filter((name) => name !== "type").flatMap((name) => known.get(name)!)
  const exceptions = ["SkyError", "exceptions", "other-exceptions"]
    .flatMap((file) => statementsOf(read(`sdk/api/${file}.ts`)))
    .filter(({ kind, name }) => kind === "class" || (kind === "const" && name.endsWith("Error")))
  const told = new Set([...open, ...exceptions].map(({ name }) => name))
  const others: Array<Declaration> = []
  const visit = ({ text }: Declaration) => {
    for (const [name] of withoutComments(text).matchAll(/\b[A-Z]\w+/g)) {
      if (!known.has(name) || told.has(name)) continue
      told.add(name)
      others.push(...known.get(name)!)
      known.get(name)!.forEach(visit)
    }
  }
  for (const each of [...open, ...exceptions]) visit(each)
  return { open, exceptions, others }
}

export const apiTypes = (): Api => {
  const folder = mkdtempSync(join(tmpdir(), "skyd-types-"))
  try {
    emit(folder)
    return readApi(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const printed = ({ comment, text }: Declaration, change: (text: string) => string = (whole) => whole) =>
  `${comment === "" ? "" : `${comment}\n`}${change(text)}`

/** Of a program that streams: not in every target's library, and Node's types, which bring it too, need not be there. */
const library = '/// <reference lib="esnext.disposable" />'

/** One declaration file, without imports. */
export const declarationFile = ({ exceptions, open, others }: Api): string => {
  const hidden = others.map((each) => printed(each, (text) => text.replace(/^export (declare )?/, "declare ")))
  const inner = exceptions.map((each) => printed(each, (text) => text.replace(/^export declare /, "")))
  const space = `export declare namespace exceptions {\n${inner.join("\n").replaceAll(/^(?=.)/gm, "  ")}\n}`
  return `${[library, "/** The types of skyd's API. Generated from sdk/api/. */", ...hidden, ...open.map((each) => printed(each)), space, "export {}"].join("\n\n")}\n`
}
