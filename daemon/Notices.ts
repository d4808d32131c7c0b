/** What every user should be told before anything else, until it is over: it stands above the answer of `status`. */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export class Notices extends Context.Service<
  Notices,
  {
    /** One text per subject; null takes it back. */
    readonly set: (subject: string, text: string | null) => void
    readonly has: (subject: string) => boolean
    readonly list: () => ReadonlyArray<string>
    /** Called when a subject appears, and not when more is said of it. Returns what ends that. */
    readonly follow: (callback: (text: string) => void) => () => void
  }
>()("skyd/daemon/Notices") {
  static readonly layer = Layer.sync(Notices, () => {
    const texts = new Map<string, string>()
    const followers = new Set<(text: string) => void>()
    return Notices.of({
      set: (subject, text) => {
        const isNew = !texts.has(subject)
        if (text === null) return void texts.delete(subject)
        texts.set(subject, text)
        if (isNew) for (const follower of followers) follower(text)
      },
      has: (subject) => texts.has(subject),
      list: () => [...texts.values()],
      follow: (callback) => {
        followers.add(callback)
        return () => void followers.delete(callback)
      }
    })
  })
}
