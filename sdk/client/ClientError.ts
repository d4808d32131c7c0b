/**
 * An error as the client shows it: the daemon's own, or one of ours in the same shape. `message` says what and why, `hint` what to do next.
 */
export class ClientError extends Error {
  readonly tag: string
  readonly exitCode: number
  readonly hint: string | null
  /** What the daemon says beside these: the cluster's status, the places that were tried. */
  declare readonly fields?: Readonly<Record<string, unknown>>

  constructor(tag: string, exitCode: number, message: string, hint: string | null = null) {
    super(message)
    this.tag = tag
    this.exitCode = exitCode
    this.hint = hint
  }
}

/** For those who write no requests: a hint that speaks of methods is none to them. */
export const withoutMethods = (error: ClientError): ClientError =>
  error.hint?.includes("method 'describe'") ? Object.assign(error, { hint: null }) : error
