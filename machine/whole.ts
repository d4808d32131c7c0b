/**
 * A call is given up by its signal, between steps. A step that must not be left half done is begun by `whole`, and waited for by `settled`.
 */
const steps = new WeakMap<AbortSignal, Promise<unknown>>()

/** Not begun any more once the call was given up. */
export const whole = <A>(signal: AbortSignal, step: () => Promise<A>): Promise<A> => {
  signal.throwIfAborted()
  const running = step()
  steps.set(
    signal,
    running.catch(() => undefined)
  )
  return running
}

/** Until the step that the call was at is done. */
export const settled = async (signal: AbortSignal): Promise<void> => {
  await steps.get(signal)
}
