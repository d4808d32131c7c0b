/** How a failure looks: what and why, then what to do. JSON for scripts. */

import { ClientError } from "../../sdk/client/ClientError.ts"
import { exitCodes, unwritableCode } from "../../sdk/protocol/exit-codes.ts"
import { stderr } from "../out.ts"
import { ascii, cleanText, glyph, isColoured, paint } from "./style.ts"

export const usageError = (message: string, hint: string | null = null): ClientError =>
  new ClientError("UsageError", exitCodes.usage, message, hint)

export const notFound = (message: string, hint: string | null = null): ClientError =>
  new ClientError("ClusterDoesNotExist", exitCodes.notFound, message, hint)

/** Whether the command line asks for JSON, known before it is parsed: its errors are JSON too. */
export const wantsJson = (argv: ReadonlyArray<string>): boolean =>
  argv.some((word, i) => /^(-o|--output=|-o=)json$/.test(word) || (word === "json" && /^(-o|--output)$/.test(argv[i - 1] ?? "")))

const unwritable: Readonly<Record<string, string>> = { ENOSPC: "no space is left", EIO: "the device fails", EBADF: "it is closed" }

export const asClientError = (error: unknown): ClientError => {
  if (error instanceof Error && "exitCode" in error) return error as ClientError
  const { syscall, code = "", stack } = error as NodeJS.ErrnoException
  return syscall === "write"
    ? new ClientError("OutputError", unwritableCode(code), `The output cannot be written: ${unwritable[code] ?? code}.`)
    : new ClientError("InternalError", exitCodes.failed, String(stack ?? error))
}

export const showError = (cause: unknown, json: boolean): number => {
  const { tag, message, hint, exitCode, fields } = asClientError(cause)
  try {
    if (json) stderr.write(`${JSON.stringify({ error: { tag, message, hint, exitCode, fields } })}\n`)
    else {
      const mark = paint("red", glyph("failed"), isColoured(stderr))
      stderr.write(ascii(`${mark} ${cleanText(message)}\n${hint ? `  ${cleanText(hint)}\n` : ""}`))
    }
  } catch {
    // Where stderr is full too, the code has to do.
  }
  return exitCode
}
