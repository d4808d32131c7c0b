/** From what the daemon, or a check of ours, says in words to an exception: its tag is the name of the class. */
import { type ClientError, withoutMethods } from "../client/ClientError.ts"
import * as exceptions from "./exceptions.ts"
import { type Details, SkyError } from "./SkyError.ts"

type Kind = new (message: string, details?: Details) => SkyError

const kinds: ReadonlyMap<string, unknown> = new Map(Object.entries(exceptions))

const kindOf = (tag: string): Kind | undefined => {
  const found = kinds.get(tag)
  return typeof found === "function" ? (found as Kind) : undefined
}

const isSaid = (cause: unknown): cause is ClientError => cause instanceof Error && "tag" in cause && "exitCode" in cause

/** To who writes requests. Whatever else goes wrong stays what it is. An unknown tag is a `SkyError` of that name, with its fields. */
export const exceptionOfRequest = (cause: unknown): unknown => {
  if (!isSaid(cause)) return cause
  const { exitCode, fields, hint, message, tag } = cause
  const kind = kindOf(tag)
  const error = new (kind ?? SkyError)(message, { hint, exitCode, fields: fields ?? {} })
  return kind === undefined ? Object.assign(error, { name: tag }) : error
}

/** To who calls functions. */
export const exceptionOf = (cause: unknown): unknown => exceptionOfRequest(isSaid(cause) ? withoutMethods(cause) : cause)

/** Runs what may refuse in words. */
export const orException = <A>(run: () => A): A => {
  try {
    return run()
  } catch (cause) {
    throw exceptionOf(cause)
  }
}
