/** What is waited for, while it is: by a refresh, and by a question. */
import type { Handlers } from "../sdk/client/Pending.ts"
import { stderr } from "./out.ts"
import { makeProgress } from "./render/Progress.ts"
import { isLive } from "./render/style.ts"

export const awaiting = (json: boolean): Handlers => {
  const progress = makeProgress(json)
  return {
    onAt: (_, page) => {
      const { waiting } = page as { readonly waiting?: string }
      if (waiting === undefined) progress.end()
      else if (isLive(stderr)) progress.run("Refreshing", waiting)
      else progress.line("running", "Refreshing", waiting)
    }
  }
}

/** Before that most have answered. */
const moment = 3_000

/** What an answer waits for that says nothing meanwhile: at once where seconds are counted, else once. Returns what ends that. */
export const asking = (what: string, json: boolean, stream = stderr): (() => void) => {
  const progress = makeProgress(json, stream)
  progress.run("Asking", what)
  const timer = setTimeout(() => isLive(stream) || progress.line("running", "Asking", what), moment)
  return () => {
    clearTimeout(timer)
    progress.end()
  }
}
