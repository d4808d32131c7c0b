/**
 * `npm run contract [PREFIX…] [--strict]`: the statements of docs/contract.md that no test's title carries.
 * A title counts when its test can run: titles of skipped and todo tests, and of all within a skipped group, show nothing.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const idPattern = /\b[a-z]+-\d{2,3}\b/g

interface Token {
  readonly kind: "name" | "text" | "mark"
  readonly text: string
}

const spacePattern = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y
const namePattern = /[\p{ID_Start}$_][\p{ID_Continue}$]*|\d[\w.]*/uy
const quotedPattern = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y
const regexPattern = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y

/** A template from its backtick on: its length, with the templates in its expressions inside. */
const templateLength = (source: string, start: number): number => {
  let at = start + 1
  for (; at < source.length && source[at] !== "`"; at++) {
    if (source[at] === "\\") at++
    else if (source.startsWith("${", at)) {
      for (let depth = 1, i = at + 2; ; i++) {
        if (source[i] === "`") i += templateLength(source, i) - 1
        else if (source[i] === "{") depth++
        else if (source[i] === "}") depth--
        if (depth === 0 || i >= source.length) {
          at = i
          break
        }
      }
    }
  }
  return at + 1 - start
}

/** A source as names, texts and marks; comments and regular expressions are left out. */
export const tokensOf = (source: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(source)?.[0]
    at += found?.length ?? 0
    return found
  }
  /** After a value a slash divides. */
  const endsValue = ({ kind, text }: Token) =>
    kind === "mark" ? /[)\]}]/.test(text) : kind === "text" || !/^(return|typeof|case|of|in)$/.test(text)
  while (at < source.length) {
    if (take(spacePattern) !== undefined) continue
    const last = tokens.at(-1)
    if (source[at] === "/" && (last === undefined || !endsValue(last)) && take(regexPattern) !== undefined) continue
    const quoted = take(quotedPattern)
    const name = quoted === undefined ? take(namePattern) : undefined
    if (quoted !== undefined) tokens.push({ kind: "text", text: quoted.slice(1, -1) })
    else if (name !== undefined) tokens.push({ kind: "name", text: name })
    else if (source[at] === "`") {
      const length = templateLength(source, at)
      tokens.push({ kind: "text", text: source.slice(at + 1, at + length - 1) })
      at += length
    } else tokens.push({ kind: "mark", text: source[at++]! })
  }
  return tokens
}

const opening = "([{"
const closing = ")]}"

/** What `it`, `test` and `describe` are called with: the titles, and the rows of the tables that titles are filled from. */
export const titlesOf = (source: string): ReadonlyArray<string> => {
  const tokens = tokensOf(source)
  const isMark = (at: number, text: string) => tokens[at]?.kind === "mark" && tokens[at].text === text
  /** The position behind the bracket that closes the one at `at`. */
  const behind = (at: number): number => {
    let depth = 0
    for (let i = at; i < tokens.length; i++) {
      if (tokens[i]!.kind !== "mark") continue
      if (opening.includes(tokens[i]!.text)) depth++
      else if (closing.includes(tokens[i]!.text) && --depth === 0) return i + 1
    }
    return tokens.length
  }
  const textsIn = (from: number, to: number) => tokens.slice(from, to).flatMap(({ kind, text }) => (kind === "text" ? [text] : []))
  /** The table itself, or the constant that is named in its place. */
  const rows = (from: number, to: number): ReadonlyArray<string> => {
    const name = tokens[from + 1]
    const declared = tokens.findIndex(({ text }, i) => text === name?.text && tokens[i - 1]?.text === "const")
    if (to - from !== 3 || name?.kind !== "name" || declared < 0) return textsIn(from, to)
    const value = tokens.findIndex((token, i) => i > declared && token.text === "=") + 1
    return isMark(value, "[") ? textsIn(value, behind(value)) : []
  }
  const titles: Array<string> = []
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!
    if (kind !== "name" || !/^(it|test|describe)$/.test(text) || isMark(i - 1, ".")) continue
    let at = i + 1
    const words: Array<string> = []
    const tables: Array<string> = []
    for (;;) {
      if (isMark(at, ".")) {
        words.push(tokens[at + 1]?.text ?? "")
        at += 2
      } else if (isMark(at, "(") && isMark(behind(at), "(")) {
        if (words.at(-1) === "each" || words.at(-1) === "for") tables.push(...rows(at, behind(at)))
        at = behind(at)
      } else break
    }
    const title = tokens[at + 1]
    if (!isMark(at, "(") || title?.kind !== "text") continue
    if (words.some((word) => /^(skip|todo|fails)$/.test(word))) i = behind(at) - 1
    else titles.push(title.text, ...(/[%$]/.test(title.text) ? tables : []))
  }
  return titles
}

export const statementsOf = (document: string): ReadonlyMap<string, string> =>
  new Map([...document.matchAll(/^- \[([a-z]+-\d{2,3})\] (.+?)(?: → .*)?$/gm)].map(([, id = "", text = ""]) => [id, text]))

const testFiles = (): ReadonlyArray<string> =>
  readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(test|contract)\.ts$/.test(file))
    .sort()

export const readStatements = () => statementsOf(readFileSync(join(root, "docs/contract.md"), "utf8"))

/** For each id the files whose titles carry it. */
export const readShown = (): ReadonlyMap<string, ReadonlyArray<string>> => {
  const shown = new Map<string, Array<string>>()
  for (const file of testFiles()) {
    const ids = titlesOf(readFileSync(join(root, "test", file), "utf8")).flatMap((title) => title.match(idPattern) ?? [])
    for (const id of new Set(ids)) shown.set(id, [...(shown.get(id) ?? []), `test/${file}`])
  }
  return shown
}

const main = (words: ReadonlyArray<string>): number => {
  const prefixes = words.filter((word) => !word.startsWith("--"))
  const statements = readStatements()
  const shown = readShown()
  const unknown = prefixes.filter((prefix) => ![...statements.keys()].some((id) => id.startsWith(prefix)))
  for (const prefix of unknown) process.stderr.write(`No statement begins with ${prefix}.\n`)
  const wanted = [...statements].filter(([id]) => prefixes.length === 0 || prefixes.some((prefix) => id.startsWith(prefix)))
  const missing = wanted.filter(([id]) => !shown.has(id))
  for (const [id, text] of missing) process.stdout.write(`${id}  ${text}\n`)
  process.stdout.write(`${wanted.length - missing.length} of ${wanted.length} statements are shown by a test\n`)
  return words.includes("--strict") && (missing.length > 0 || unknown.length > 0) ? 1 : 0
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
