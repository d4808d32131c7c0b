/** What clouds were asked for and have not answered yet, as it is shown. Pure. */
import type { AskedFor } from "../../sdk/protocol/rows.ts"

interface Asked {
  readonly ranks: ReadonlyArray<number>
  readonly usdPerHour: number
}

export const askedFor = (asked: ReadonlyArray<Asked>): { readonly askedFor?: AskedFor } => {
  const machines = asked.reduce((sum, { ranks }) => sum + ranks.length, 0)
  const usdPerHour = asked.reduce((sum, one) => sum + one.ranks.length * one.usdPerHour, 0)
  return machines === 0 ? {} : { askedFor: { machines, usdPerHour } }
}
