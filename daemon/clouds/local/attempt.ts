/** Runs work on this machine's files and processes. Who gives up waits for a step that must not be left half done. */
import * as Effect from "effect/Effect"
import { machineError } from "../../../machine/MachineError.ts"
import { settled } from "../../../machine/whole.ts"
import { CloudError } from "../Cloud.ts"

const toCloudError = (error: unknown): CloudError => {
  const { kind, code, message } = machineError(error)
  return new CloudError({ kind, code, message })
}

export const attempt = <A>(work: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, CloudError> =>
  Effect.suspend(() => {
    let step = () => Promise.resolve()
    const begin = (signal: AbortSignal) => {
      step = () => settled(signal)
      return work(signal)
    }
    return Effect.tryPromise({ try: begin, catch: toCloudError }).pipe(Effect.onInterrupt(() => Effect.promise(step)))
  })
