/** What a refresh waits for, while it does. */
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
