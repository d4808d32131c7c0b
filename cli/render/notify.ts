/** What everybody should know first, broken between words, above whatever was asked; for scripts one line of JSON. Said once. */
import { stderr } from "../out.ts"
import { wantsJson } from "./error.ts"
import { clean, glyph } from "./style.ts"

const told = new Set<string>()

export const notify = (notices: ReadonlyArray<string> = []): void => {
  const fresh = notices.filter((text) => !told.has(text) && told.add(text))
  if (fresh.length === 0) return
  if (wantsJson(process.argv)) return void stderr.write(`${JSON.stringify({ notices: fresh })}\n`)
  const width = Math.max(20, stderr.columns() - 2)
  const lines = (text: string) => clean(text).replaceAll(new RegExp(`(.{1,${width}})(?: |$)`, "g"), "$1\n  ")
  for (const text of fresh) stderr.write(`${glyph("failed")} ${lines(text).trimEnd()}\n`)
}
