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
    /** What is to be known of one cluster, by its id: said where that is asked about. */
    readonly setAbout: (cluster: string, text: string | null) => void
    readonly about: (cluster: string) => string | undefined
    /** Called when a subject appears, and not when more is said of it. Returns what ends that. */
    readonly follow: (callback: (text: string) => void) => () => void
  }
>()("skyd/daemon/Notices") {
  static readonly layer = Layer.sync(Notices, () => {
    const texts = new Map<string, string>()
    const looks = new Map<string, () => string | null>()
    const ofClusters = new Map<string, string>()
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
      setAbout: (cluster, text) => void (text === null ? ofClusters.delete(cluster) : ofClusters.set(cluster, text)),
      about: (cluster) => ofClusters.get(cluster),
      follow: (callback) => {
        followers.add(callback)
        return () => void followers.delete(callback)
      }
    })
  })
}
