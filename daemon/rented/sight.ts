/**
 * Whether an account can be used, as it was last seen. What is good is said at once and looked at again meanwhile; what is wrong is looked
 * at anew by whoever asks, since he may have mended it.
 */
import * as Effect from "effect/Effect"
import type { CloudError } from "../clouds/Cloud.ts"
import { inTurn } from "../in-turn.ts"
import { steadyMs } from "../steady-ms.ts"

export const goodForMs = 10 * 60_000
/** Several ask at a time. */
const badForMs = 2_000
/** Where nobody answers, nobody waits for that with every command. */
const silentForMs = 30_000
const answerMaxMs = 10_000

/** What keeps it from being used, as the account's cloud said it itself; null: nothing. */
export interface Sight<A> {
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
const silence = { isAnswer: false, isForbidden: false, isSilent: true }

export const makeSight = <A>({ fingerprint, hasSigns, isAnswer, name, noCredentials, see }: SightOptions<A>) => {
  interface Kept {
    readonly why: string | null
    readonly isAnswer: boolean
    readonly isForbidden: boolean
    readonly isSilent: boolean
    readonly found: A | undefined
    readonly atMs: number
    readonly fingerprint: string
    readonly doubts: number
  }
  let last: Kept | undefined
  /** How often what was seen was doubted: what is kept from before the last time is not told. */
  let doubts = 0
  const turn = inTurn<"look">()
  const now = Effect.all({ ms: steadyMs, fingerprint })
  type Now = Effect.Success<typeof now>
  const isFresh = (kept: Kept, at: Now) =>
    kept.doubts === doubts &&
    kept.fingerprint === at.fingerprint &&
    at.ms - kept.atMs < (kept.why === null ? goodForMs : kept.isAnswer ? badForMs : silentForMs)
  /** `fingerprint`, `doubts`: from before the look, which may have used the credentials of then. */
  const keep = (seen: Omit<Kept, "atMs" | "found">, found?: A) =>
    Effect.map(steadyMs, (atMs): Kept => {
      last = { ...seen, found, atMs }
      return last
    })
  const look = turn(
    "look",
    Effect.gen(function* () {
      const at = yield* now
      if (last !== undefined && isFresh(last, at)) return last
      const asked = { doubts, fingerprint: at.fingerprint }
      return yield* Effect.matchEffect(see, {
        onSuccess: ({ found, why }) => keep({ ...asked, why, isAnswer: true, isForbidden: why !== null, isSilent: false }, found),
        onFailure: (error) => {
          const what = { isAnswer: isAnswer(error), isForbidden: isForbidden(error), isSilent: error.kind === "Transient" }
          return keep({ ...asked, why: error.message, ...what })
        }
      })
    })
  )
  const doubt = () => {
    doubts++
  }
  return {
    /** As it was last seen; undefined where it could not be used then. */
    found: () => last?.found,
    isForbidden: () => !hasSigns() || last?.isForbidden === true,
    /** Nobody answered when it was last asked. */
    isSilent: () => hasSigns() && last?.isSilent === true,
    /** Whoever asks next is told of a look that begins after this. */
    doubt,
    /** A right that was there before is seen to be gone by whoever asks next. */
    doubting: <B>(deed: Effect.Effect<B, CloudError>) => Effect.tapError(deed, (error) => Effect.sync(() => isForbidden(error) && doubt())),
    whyNot: Effect.gen(function* () {
      if (!hasSigns()) return noCredentials
      const at = yield* now
      if (last !== undefined && isFresh(last, at)) return last.why
      if (last?.why === null && last.fingerprint === at.fingerprint && last.doubts === doubts) {
        yield* Effect.forkDetach(look)
        return null
      }
      const asked = { doubts, fingerprint: at.fingerprint }
      const seen = yield* Effect.timeoutOption(look, answerMaxMs)
      if (seen._tag === "Some") return seen.value.why
      return (yield* keep({ ...asked, ...silence, why: `${name} did not answer within ${answerMaxMs / 1000} s` })).why
    })
  }
}
