/** Where the answer to a request goes, frame by frame, whoever asked. */
import type * as Effect from "effect/Effect"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"

export interface Reply {
  /** Waits while the reader is slow. */
  readonly send: (frame: ServerFrame) => Effect.Effect<void>
  /** At once, for sources that hold themselves back by `isFull` and `whenDrained`. */
  readonly push: (frame: ServerFrame) => void
  readonly isFull: () => boolean
  readonly whenDrained: (callback: () => void) => void
}
