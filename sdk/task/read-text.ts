/** The text of a task file: not too large, and UTF-8. */
import { readFileSync, statSync } from "node:fs"
import { resolve } from "node:path"
import { refuse } from "./refuse.ts"

/** A task is smaller than 200 KiB, and the rest is comments. */
export const fileMaxBytes = 256 * 1024

export const readText = (path: string): string => {
  try {
    if (statSync(path).size <= fileMaxBytes) return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path))
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === "ENOENT") throw refuse(`${path} cannot be read: there is no such file.`, `Looked for ${resolve(path)}.`)
    throw refuse(`${path} cannot be read: ${code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it is not UTF-8 text" : (code ?? message)}.`)
  }
  throw refuse(`${path} is larger than ${fileMaxBytes / 1024} KiB: that is no task.`)
}
