/** Whose the credentials are, asked once for as long as they are the same. */
import * as Effect from "effect/Effect"
import type { CloudError } from "../clouds/Cloud.ts"
import { inTurn } from "../in-turn.ts"
import { steadyMs } from "../steady-ms.ts"
import { goodForMs, type SightOptions } from "./sight.ts"

type Names = ReadonlyArray<string>

interface IdentityOptions extends Pick<SightOptions<unknown>, "fingerprint" | "hasSigns"> {
  readonly ask: Effect.Effect<Names, CloudError>
  /** The same where it is to be asked anew, if `ask` keeps something itself. */
  readonly askNow?: Effect.Effect<Names, CloudError>
}

type Asked = Effect.Effect<Names | null, CloudError>

/** Null where there is no sign of an account. `identityNow`: asked anew, whatever is kept. */
export const keptIdentity = ({
  ask,
  askNow = ask,
  fingerprint,
  hasSigns
}: IdentityOptions): { readonly identity: Asked; readonly identityNow: Asked } => {
  let last: { readonly names: Names; readonly atMs: number; readonly fingerprint: string } | undefined
  const turn = inTurn<"identity">()
  const look = Effect.fnUntraced(function* (anew: boolean) {
    const atMs = yield* steadyMs
    const now = yield* fingerprint
    if (!anew && last !== undefined && last.fingerprint === now && atMs - last.atMs < goodForMs) return last.names
    const names = yield* anew ? askNow : ask
    last = { names, atMs, fingerprint: now }
    return names
  })
  const asked = (anew: boolean) => Effect.suspend(() => (hasSigns() ? turn("identity", look(anew)) : Effect.succeed(null)))
  return { identity: asked(false), identityNow: asked(true) }
}
