/** Runs work on this machine's files and processes. What it throws that is no answer of ours may pass: it is asked again. */
import * as Effect from "effect/Effect"
import { CloudError } from "../Cloud.ts"

const toCloudError = (error: unknown): CloudError => {
  if (error instanceof CloudError) return error
  const { code, message } = error as NodeJS.ErrnoException
  return new CloudError({ kind: "Transient", code: code ?? "Local", message: message ?? String(error) })
}

export const attempt = <A>(work: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, CloudError> =>
  Effect.tryPromise({ try: work, catch: toCloudError })
