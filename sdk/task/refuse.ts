/** A task that is refused before anybody is asked: the contract's ValueError, or the exception that says it closer. */
import { ClientError } from "../client/ClientError.ts"
import { exitCodes } from "../protocol/exit-codes.ts"

export const refuse = (message: string, hint: string | null = null, tag = "ValueError"): ClientError =>
  new ClientError(tag, exitCodes.usage, message, hint)
