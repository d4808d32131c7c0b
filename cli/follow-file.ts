/** The end of a text file that others append to and rotate. */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs"
import { usageError } from "./render/error.ts"

const tailMaxBytes = 4 * 1024 * 1024
const lookEveryMs = 300

const readFrom = (path: string, from: number, max = tailMaxBytes): { readonly text: string; readonly end: number } => {
  const file = openSync(path, "r")
  try {
    const { size } = fstatSync(file)
    const start = Math.max(from, size - max)
    const bytes = Buffer.alloc(Math.max(0, size - start))
    const read = readSync(file, bytes, 0, bytes.length, start)
    return { text: bytes.toString("utf8", 0, read), end: start + read }
  } finally {
    closeSync(file)
  }
}

export const lastLines = (path: string, count: number): Array<string> => {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) throw usageError(`There is no ${path}: no daemon has run here.`)
  const lines = readFrom(path, 0).text.split("\n").filter(Boolean)
  return count === 0 ? [] : lines.slice(-count)
}

/** Never ends by itself. */
export const followFile = async (path: string, print: (line: string) => void): Promise<never> => {
  let end = statSync(path).size
  let rest = ""
  for (;;) {
    await new Promise((done) => setTimeout(done, lookEveryMs))
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (size === end) continue
    if (size < end) end = 0
    const next = readFrom(path, end)
    end = next.end
    const lines = (rest + next.text).split("\n")
    rest = lines.pop()!
    for (const line of lines) if (line !== "") print(line)
  }
}
