/** What every user should be told before anything else, until it is over: it stands above the answer of `status`. */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export class Notices extends Context.Service<
  Notices,
  {
    /** One text per subject; null takes it back. */
    readonly set: (subject: string, text: string | null) => void
    readonly list: () => ReadonlyArray<string>
  }
>()("skyd/daemon/Notices") {
  static readonly layer = Layer.sync(Notices, () => {
    const texts = new Map<string, string>()
    return Notices.of({
      set: (subject, text) => void (text === null ? texts.delete(subject) : texts.set(subject, text)),
      list: () => [...texts.values()]
    })
  })
}
