/** The text of the user's own `~/.ssh/config`, byte by byte: which names it has, and the one line of ours in it. Pure. */

interface Setting {
  readonly keyword: string
  readonly words: ReadonlyArray<string>
}

const settingOf = (line: string): Setting => {
  const [, keyword = "", rest = ""] = /^\s*"?([A-Za-z]+)"?(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? []
  const words = [...rest.matchAll(/"([^"]*)"|([^\s"]+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
  return { keyword: keyword.toLowerCase(), words }
}

const lineEnd = /\r?\n/

/** The names that the text itself says, and the files that it takes in. */
export const namesIn = (text: string): { readonly hosts: ReadonlySet<string>; readonly includes: ReadonlyArray<string> } => {
  const settings = text.split(lineEnd).map(settingOf)
  const of = (keyword: string) => settings.filter((setting) => setting.keyword === keyword).flatMap(({ words }) => words)
  return { hosts: new Set(of("host").filter((name) => !/[*?!]/.test(name))), includes: of("include") }
}

/** `path`: what the line includes, absolute; `home`: of the user. */
export interface OurLine {
  readonly line: string
  readonly path: string
  readonly home: string
}

const isOurs = (line: string, { home, path }: OurLine): boolean => {
  const { keyword, words } = settingOf(line)
  return keyword === "include" && words.some((word) => word.replace(/^~(?=\/)/, home) === path)
}

/** A block that holds for some hosts only. */
const isNarrow = (line: string): boolean => {
  const { keyword, words } = settingOf(line)
  if (keyword === "host") return words.join(" ") !== "*"
  return keyword === "match" && words.join(" ").toLowerCase() !== "all"
}

/** The user has put a `#` in front of the line: ssh is to know nothing of clusters. */
export const isOff = (text: string, ours: OurLine): boolean =>
  text.split(lineEnd).some((line) => /^\s*#/.test(line) && isOurs(line.replace(/^[\s#]+/, ""), ours))

/** It stands where it holds for every host. */
export const isIn = (text: string, ours: OurLine): boolean => {
  let narrow = false
  for (const line of text.split(lineEnd)) {
    if (isOurs(line, ours) && !narrow) return true
    const { keyword } = settingOf(line)
    if (keyword === "host" || keyword === "match") narrow = isNarrow(line)
  }
  return false
}

/** Only the line as we write it is ours to take out. */
export const withoutLine = (text: string, { line }: OurLine): string =>
  (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).filter((each) => each.replace(lineEnd, "") !== line).join("")

/** In front: what stands behind a Host holds for that host alone. */
export const withLine = (text: string, ours: OurLine): string =>
  isIn(text, ours) || isOff(text, ours) ? text : `${ours.line}${/\r?\n/.exec(text)?.[0] ?? "\n"}${withoutLine(text, ours)}`
