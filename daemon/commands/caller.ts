/** What of a caller is recorded: cut to a length that a fact can hold, and without the values of its secrets. Pure. */
import type { OperationRequested } from "../../events/operation.ts"
import type { RecordedCaller } from "../../events/values.ts"
import type { Caller } from "../../sdk/protocol/Wire.ts"
import { cut } from "../../task/sentence.ts"

const wordMaxChars = 512
const wordsMax = 64
/** Shorter values are part of too many words. */
const secretMinChars = 4

/** The client has struck out what it knows to be secret; whoever speaks to the socket by hand may not have. */
export const withoutSecrets = (text: string, secrets: Iterable<string>): string => {
  let clean = text
  for (const secret of secrets) if (secret.length >= secretMinChars) clean = clean.replaceAll(secret, "***")
  return clean
}

export const recordedCaller = (caller: Caller, secrets: ReadonlyArray<string> = []): typeof RecordedCaller.Type => ({
  program: caller.program === undefined ? null : cut(caller.program),
  pid: caller.pid ?? null,
  argv: (caller.argv ?? []).slice(0, wordsMax).map((word) => cut(withoutSecrets(word, secrets), wordMaxChars)),
  user: caller.user === undefined ? null : cut(caller.user, wordMaxChars)
})

type Requested = typeof OperationRequested.Type

/** The first fact of a request. */
export const requestedBy = (
  caller: Caller,
  request: Pick<Requested, "requestId" | "method" | "clusterName" | "digest">,
  secrets: ReadonlyArray<string>
): Requested => ({ _tag: "OperationRequested", ...request, ...recordedCaller(caller, secrets) })
