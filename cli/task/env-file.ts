/** An `--env-file`, as Node reads one, but with every line that it would pass over in silence refused by its number. */
import { parseEnv } from "node:util"
import { usageError } from "../render/error.ts"

const assignment = /^\s*(?:export\s+)?[A-Za-z_]\w*\s*=\s*(.*)$/s
const quotes = /^["'`]/

export const parseEnvFile = (text: string, path: string): Record<string, string> => {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/)
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    if (/^\s*(#|$)/.test(line)) continue
    const value = assignment.exec(line)?.[1]
    if (value === undefined) throw usageError(`${path}, line ${i + 1}: expected NAME=value.`)
    const [quote] = quotes.exec(value) ?? []
    if (quote === undefined || value.indexOf(quote, 1) > 0) continue
    const from = i
    do i++
    while (i < lines.length && !lines[i]!.includes(quote))
    if (i >= lines.length) throw usageError(`${path}, line ${from + 1}: the ${quote} is never closed.`)
  }
  return Object.fromEntries(Object.entries(parseEnv(lines.join("\n"))).map(([name, value]) => [name, value ?? ""]))
}
