/** An error that the log holds, as one that fails a request. It was typed when it was recorded; here it only travels. */
import type { RecordedError } from "../../events/values.ts"
import type { SkydError } from "../../sdk/protocol/errors.ts"

export const failureOf = ({ exitCode, fields, hint, message, tag }: RecordedError): SkydError =>
  Object.assign(new Error(message), { _tag: tag, exitCode, hint, ...fields }) as unknown as SkydError
