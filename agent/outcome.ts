/** From the exits of ranks to what is said of a job. Pure. */
import { constants } from "node:os"

export interface Exit {
  readonly code: number
  /** When there is more to say than the code. */
  readonly reason: string | null
  /** It failed while there was no space left on its disk. */
  readonly full?: boolean
}

/** What a rank is recorded with that was ended because of another. */
export const killedCode = 137

const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

const explain = (code: number) => {
  if (code === 139) return " (likely a segmentation fault)"
  const signal = code > 128 ? names.get(code - 128) : undefined
  return signal === undefined ? "" : ` (${signal})`
}

export const describeFailure = (rank: number, exit: Exit) =>
  exit.reason !== null
    ? `${exit.reason} (rank ${rank})`
    : `exit ${exit.code}${explain(exit.code)} on rank ${rank}${exit.full ? ": there is no space left on its disk" : ""}`

/** The lowest rank that failed, or null. */
export const firstFailure = (exits: ReadonlyArray<Exit | null>): { readonly rank: number; readonly exit: Exit } | null => {
  const rank = exits.findIndex((exit) => exit !== null && exit.code !== 0)
  return rank < 0 ? null : { rank, exit: exits[rank]! }
}
