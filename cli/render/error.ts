/** How a failure looks: what and why, then what to do. JSON for scripts. */

import { ClientError } from "../../sdk/client/ClientError.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { stderr } from "../out.ts"
import { cleanText, glyph, isColoured, paint } from "./style.ts"

export const usageError = (message: string, hint: string | null = null): ClientError =>
  new ClientError("UsageError", exitCodes.usage, message, hint)

export const notFound = (message: string, hint: string | null = null): ClientError =>
  new ClientError("ClusterDoesNotExist", exitCodes.notFound, message, hint)

export const asClientError = (error: unknown): ClientError =>
  error instanceof Error && "exitCode" in error
    ? (error as ClientError)
    : new ClientError("InternalError", exitCodes.failed, String((error as Error)?.stack ?? error))

export const showError = (cause: unknown, json: boolean): number => {
  const { tag, message, hint, exitCode } = asClientError(cause)
  if (json) stderr.write(`${JSON.stringify({ error: { tag, message, hint, exitCode } })}\n`)
  else {
    const mark = paint("red", glyph("failed"), isColoured(stderr))
    stderr.write(`${mark} ${cleanText(message)}\n${hint ? `  ${cleanText(hint)}\n` : ""}`)
  }
  return exitCode
}
