/** What jobs have said is there: each line of each rank, once and in its order. */
import { isDeepStrictEqual } from "node:util"
import { jobsOf } from "../../projections/jobs.ts"
import { linesOfRank } from "./deeds.ts"
import { deedOf, type Ledger } from "./Ledger.ts"
import type { StormHome } from "./StormHome.ts"

/** Of each cluster, the last ones. */
const jobsMost = 3

export const checkLogs = async ({ rows, world: { jobs } }: Ledger, home: StormHome): Promise<ReadonlyArray<string>> => {
  const wrong: Array<string> = []
  for (const { id: cluster, name, nodes } of rows) {
    if (nodes.length === 0 || nodes.some(({ ready, state }) => !ready || state !== "running")) continue
    const whole = jobsOf(jobs, cluster).filter(({ status }) => status === "SUCCEEDED")
    for (const { id, numNodes, task } of whole.slice(-jobsMost)) {
      const { code, err, out } = await home.sky("logs", name, String(id), "--no-follow")
      if (code !== 0) wrong.push(`sky logs ${name} ${id} ended with ${code}: ${err}`)
      for (let rank = 0; rank < numNodes; rank++) {
        const n = deedOf(task)
        const said = out.split("\n").flatMap((line) => line.match(new RegExp(`${n} ${rank} says .*$`))?.[0] ?? [])
        if (code === 0 && !isDeepStrictEqual(said, linesOfRank(n, rank)))
          wrong.push(`rank ${rank} of job ${id} of ${name} has said ${JSON.stringify(said)}`)
      }
    }
  }
  return wrong
}
