/** Whether a cloud can be used from here just now, and what to do about it. */
import type * as Effect from "effect/Effect"

export interface Usable {
  /** Why it cannot be used now, in words; null when it can. Asked before each decision, so it answers at once. Absent: it always can. */
  readonly whyNot?: Effect.Effect<string | null>
  /** What is kept of the last look may be wrong: who asks next for `whyNot` is told of a new one. Absent: nothing is kept. */
  readonly doubt?: () => void
  /** Whether that was for want of credentials or rights, and not because nobody answered or the settings are wrong. */
  readonly isForbidden?: () => boolean
  /** Whether it was since nobody answered. */
  readonly isSilent?: () => boolean
  /** Whether it was for what a file of the user's says: `config.yaml`, or his pools. */
  readonly isMisset?: () => boolean
  /** Whether it was set up here: something of ours may be there although it cannot be asked. Absent: never. */
  readonly hasSigns?: Effect.Effect<boolean>
  /** How it comes to be used, as a hint. */
  readonly howTo?: string
}
