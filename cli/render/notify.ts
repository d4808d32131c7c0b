/** What everybody should know first, broken between words, above whatever was asked. */
import { stderr } from "../out.ts"
import { clean, glyph } from "./style.ts"

export const notify = (notices: ReadonlyArray<string>): void => {
  const width = Math.max(20, stderr.columns() - 2)
  const lines = (text: string) => clean(text).replaceAll(new RegExp(`(.{1,${width}})(?: |$)`, "g"), "$1\n  ")
  for (const text of notices) stderr.write(`${glyph("failed")} ${lines(text).trimEnd()}\n`)
}
