/** What every user should be told before anything else, until it is over: it stands in every answer that has room for it. */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export class Notices extends Context.Service<
  Notices,
  {
    /** One text per subject; null takes it back. */
    readonly set: (subject: string, text: string | null) => void
    /** In place of `set`: a subject that costs little to look at is looked at whenever it is asked about. */
    readonly watch: (subject: string, look: () => string | null) => void
    readonly get: (subject: string) => string | undefined
    readonly list: () => ReadonlyArray<string>
    /** Called when a subject appears, and not when more is said of it. Returns what ends that. */
    readonly follow: (callback: (text: string) => void) => () => void
  }
>()("skyd/daemon/Notices") {
  static readonly layer = Layer.sync(Notices, () => {
    const texts = new Map<string, string>()
    const looks = new Map<string, () => string | null>()
    const followers = new Set<(text: string) => void>()
    const set = (subject: string, text: string | null) => {
      const isNew = !texts.has(subject)
      if (text === null) return void texts.delete(subject)
      texts.set(subject, text)
      if (isNew) for (const follower of followers) follower(text)
    }
    const look = (subject: string) => {
      const found = looks.get(subject)
      if (found === undefined) return
      try {
        set(subject, found())
      } catch {
        // What cannot be looked at is as it was; its owner says why.
      }
    }
    return Notices.of({
      set,
      watch: (subject, found) => void looks.set(subject, found),
      get: (subject) => {
        look(subject)
        return texts.get(subject)
      },
      list: () => {
        for (const subject of looks.keys()) look(subject)
        return [...texts.values()]
      },
      follow: (callback) => {
        followers.add(callback)
        return () => void followers.delete(callback)
      }
    })
  })
}
