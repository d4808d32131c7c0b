/**
 * Whether an account can be used, as it was last seen. What is good is said at once and looked at again meanwhile; what is wrong is looked at anew by
 * whoever asks, since he may have mended it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { CloudError } from "../clouds/Cloud.ts"
import { inTurn } from "../in-turn.ts"

export const goodForMs = 10 * 60_000
/** Several ask at a time. */
const badForMs = 2_000
/** Where nobody answers, nobody waits for that with every command. */
const silentForMs = 30_000
const answerMaxMs = 10_000

/** What keeps it from being used, as the account's cloud said it itself; null: nothing. */
interface Sight<A> {
  readonly why: string | null
  readonly found: A
}

export interface SightOptions<A> {
  /** As people call it. */
  readonly name: string
  /** Whether it is worth asking: where there is no sign of an account nothing is loaded, and nobody waits. */
  readonly hasSigns: () => boolean
  /** Said where there is none. */
  readonly noCredentials: string
  /** Changes when the user's credentials may be others. */
  readonly fingerprint: Effect.Effect<string>
  readonly see: Effect.Effect<Sight<A>, CloudError>
  /** Where the look failed: whether the account's cloud said so, or was not reached. */
  readonly isAnswer: (error: CloudError) => boolean
}

const isForbidden = ({ kind, scope }: CloudError) => kind === "Refused" && scope === "cloud"
const silence = { isAnswer: false, isForbidden: false }

export const makeSight = <A>({ fingerprint, hasSigns, isAnswer, name, noCredentials, see }: SightOptions<A>) => {
  interface Kept {
    readonly why: string | null
    readonly isAnswer: boolean
    readonly isForbidden: boolean
    readonly found: A | undefined
    readonly atMs: number
    readonly fingerprint: string
  }
  let last: Kept | undefined
  /** A call was refused for want of a right that it was seen to have. */
  let isDoubted = false
  const turn = inTurn<"look">()
  const now = Effect.all({ ms: Clock.currentTimeMillis, fingerprint })
  type Now = Effect.Success<typeof now>
  const isFresh = (kept: Kept, at: Now) =>
    !isDoubted &&
    kept.fingerprint === at.fingerprint &&
    at.ms - kept.atMs < (kept.why === null ? goodForMs : kept.isAnswer ? badForMs : silentForMs)
  const keep = (why: string | null, said: { readonly isAnswer: boolean; readonly isForbidden: boolean }, found?: A) =>
    Effect.map(now, (at): Kept => {
      last = { why, ...said, found, atMs: at.ms, fingerprint: at.fingerprint }
      isDoubted = false
      return last
    })
  const look = turn(
    "look",
    Effect.gen(function* () {
      if (last !== undefined && isFresh(last, yield* now)) return last
      return yield* Effect.matchEffect(see, {
        onSuccess: ({ found, why }) => keep(why, { isAnswer: true, isForbidden: why !== null }, found),
        onFailure: (error) => keep(error.message, { isAnswer: isAnswer(error), isForbidden: isForbidden(error) })
      })
    })
  )
  return {
    /** As it was last seen; undefined where it could not be used then. */
    found: () => last?.found,
    isForbidden: () => !hasSigns() || last?.isForbidden === true,
    /** A right that was there before is seen to be gone by whoever asks next. */
    doubting: <B>(deed: Effect.Effect<B, CloudError>) =>
      Effect.tapError(deed, ({ kind, scope }) =>
        Effect.sync(() => {
          if (kind === "Refused" && scope === "cloud") isDoubted = true
        })
      ),
    whyNot: Effect.gen(function* () {
      if (!hasSigns()) return noCredentials
      const at = yield* now
      if (last !== undefined && isFresh(last, at)) return last.why
      if (last?.why === null && last.fingerprint === at.fingerprint && !isDoubted) {
        yield* Effect.forkDetach(look)
        return null
      }
      const seen = yield* Effect.timeoutOption(look, answerMaxMs)
      return seen._tag === "Some" ? seen.value.why : (yield* keep(`${name} did not answer within ${answerMaxMs / 1000} s`, silence)).why
    })
  }
}
