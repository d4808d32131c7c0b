/** When and why clusters went that are not there any more, as the log has it: of those that had machines. */
import type { Recorded } from "../events/Recorded.ts"
import type { Session } from "../sdk/client/Session.ts"
import type { CostReportAnswer } from "../sdk/protocol/costs.ts"
import { clean } from "./render/style.ts"
import { ago } from "./render/time.ts"

/** Of many names no more are looked up. */
const namesMax = 4

const wentBecause = async (session: Session, clusterName: string): Promise<string | undefined> => {
  const { events } = await session.call<{ events: ReadonlyArray<Recorded> }>("events", { clusterName, tail: 1 })
  return events.map(({ event }) => (event._tag === "ClusterGone" ? clean(event.reason) : undefined)).at(-1)
}

/** What went on is known without it: who cannot be told that is told the rest. */
export const endsOf = async (session: Session, names: ReadonlyArray<string>): Promise<ReadonlyMap<string, string>> => {
  const ends = new Map<string, string>()
  const asked = names.filter((name) => !/[*?[]/.test(name)).slice(0, namesMax)
  if (asked.length === 0) return ends
  try {
    const { costs } = await session.call<CostReportAnswer>("cost.report", { clusterNames: asked })
    for (const name of asked) {
      const last = Math.max(...costs.flatMap((cost) => (cost.name === name ? [cost.goneAtMs ?? 0] : [])))
      if (last <= 0) continue
      const why = await wentBecause(session, name)
      ends.set(name, `it went ${ago(last, Date.now())}${why ? ` (${why})` : ""}`)
    }
  } catch {}
  return ends
}
