/**
 * Git's ignore rules, grown while a tree is walked: a folder's own rules are put below its path and join those of its parents,
 * so that one matcher sees them all and the last that matches decides. Rules of `.skyignore` come after all of git's.
 */
import ignore from "ignore"

interface Level {
  /** Patterns as they apply to paths relative to the top. */
  readonly git: ReadonlyArray<string>
  readonly sky: ReadonlyArray<string>
}

export interface IgnoreRules extends Level {
  /** Which kind of rule leaves the path out; null when none does. Paths of folders end in `/`. */
  readonly leftOutBy: (path: string) => "git" | "sky" | null
}

export const makeRules = ({ git, sky }: Level): IgnoreRules => {
  if (git.length + sky.length === 0) return { git, sky, leftOutBy: () => null }
  const matcher = ignore({ ignorecase: false })
    .add(git.map((pattern) => ({ pattern, mark: "git" })))
    .add(sky.map((pattern) => ({ pattern, mark: "sky" })))
  return {
    git,
    sky,
    leftOutBy: (path) => {
      const { ignored, rule } = matcher.test(path)
      if (!ignored) return null
      return rule?.mark === "sky" ? "sky" : "git"
    }
  }
}

const backslashesBefore = (text: string, end: number) => {
  let start = end
  while (text[start - 1] === "\\") start--
  return end - start
}

/** Trailing spaces count only when they are escaped. */
const trimSpaces = (line: string) => {
  let end = line.length
  while (line[end - 1] === " " && backslashesBefore(line, end - 1) % 2 === 0) end--
  return line.slice(0, end)
}

/** The patterns of an ignore file that lies in `folder` ("" for the top), as patterns of the top. */
export const parseRules = (text: string, folder: string): ReadonlyArray<string> => {
  const place = folder.replaceAll(/[\\*?[\]]/g, "\\$&")
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap((raw) => {
      const line = trimSpaces(raw.replace(/\r$/, ""))
      if (line === "" || line.startsWith("#")) return []
      if (place === "") return [line]
      const [not, body] = line.startsWith("!") ? ["!", line.slice(1)] : ["", line]
      if (body === "" || body === "/") return []
      const isAnchored = body.slice(0, -1).includes("/")
      return [`${not}/${place}/${isAnchored ? "" : "**/"}${body.replace(/^\//, "")}`]
    })
}
