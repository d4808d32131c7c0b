/** What every refusal and failure has in common, and the two that the contract's page calls by the names of Python's own. */
import { exitCodes } from "../protocol/exit-codes.ts"

/** What an exception can be made with, beside its message. */
export interface Details {
  /** What to do next. */
  readonly hint?: string | null | undefined
  /** What the command line would exit with. */
  readonly exitCode?: number | undefined
  /** What is known beside the message, as it crossed the socket. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

/**
 * Everything that skyd refuses, or fails at. Each class below is one of these; a kind that this version does not know is a plain
 * `SkyError`.
 */
export class SkyError extends Error {
  /** What to do next, or null. */
  readonly hint: string | null
  /** What the command line would exit with: the list is in the README. */
  readonly exitCode: number
  /** What is known beside the message, as it crossed the socket. */
  readonly fields: Readonly<Record<string, unknown>>

  constructor(message: string, { cause, exitCode = exitCodes.failed, fields = {}, hint = null }: Details = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.hint = hint
    this.exitCode = exitCode
    this.fields = fields
  }
}

/** When an argument, or a value in a task file, is wrong. */
export class ValueError extends SkyError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.usage, ...details })
  }
}

/** When a cloud, or the daemon, fails to do what it must. */
export class RuntimeError extends SkyError {}
