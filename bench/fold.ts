/** How fast the past is folded, per projection, and what one fact costs a daemon with many clusters at rest. */
import type { Recorded } from "../events/Recorded.ts"
import { clusters } from "../projections/clusters.ts"
import { costs } from "../projections/costs.ts"
import { jobs } from "../projections/jobs.ts"
import { leakEnds } from "../projections/leaks.ts"
import { operations } from "../projections/operations.ts"
import { fold as foldAll, type Projection } from "../projections/Projection.ts"
import { cpuMs, Home, Wire } from "./Home.ts"
import { historyOf, writeHistory } from "./history.ts"
import { type Bench, inTurns } from "./measure.ts"

const past = { clusters: 2_000, jobs: 12_500 }
const execs = 100

const perSecond =
  <State>(projection: Projection<State>, facts: ReadonlyArray<Recorded>) =>
  (): number => {
    const startMs = performance.now()
    foldAll(projection, facts)
    return (facts.length * 1000) / (performance.now() - startMs)
  }

export const fold: Bench = {
  name: "fold",
  run: async () => {
    const facts = historyOf(past)
    const taken = await inTurns({
      clusters: perSecond(clusters, facts),
      jobs: perSecond(jobs, facts),
      operations: perSecond(operations, facts),
      costs: perSecond(costs, facts),
      leakEnds: perSecond(leakEnds, facts)
    })
    return Object.entries(taken).map(([name, value]) => ({
      what: `fold of ${name}`,
      value,
      budget: 400_000,
      atLeast: true,
      unit: "events/s",
      detail: `${facts.length.toLocaleString("en-US")} events, ${past.clusters} clusters`
    }))
  }
}

/** CPU of the daemon per fact, while one cluster works. */
const cpuPerFactMs = async (clustersAtRest: number): Promise<number> => {
  const home = new Home()
  try {
    if (clustersAtRest > 0) await writeHistory(home.folder, { clusters: clustersAtRest, jobs: clustersAtRest })
    home.sky("launch", "-y", "-d", "-c", "bench")
    const { pid } = home.status()
    const wire = await Wire.open(home.socket)
    const exec = async (times: number) => {
      for (let i = 0; i < times; i++) await wire.call("exec", { clusterName: "bench", task: { run: "true" } })
    }
    await exec(execs)
    const before = { cpuMs: cpuMs(pid), head: home.status().head }
    await exec(execs)
    const after = { cpuMs: cpuMs(pid), head: home.status().head }
    wire.close()
    home.sky("down", "-y", "bench")
    return (after.cpuMs - before.cpuMs) / (after.head - before.head)
  } finally {
    home.end(false)
  }
}

export const resting: Bench = {
  name: "resting",
  run: async () => {
    const { few, many } = await inTurns({ few: () => cpuPerFactMs(0), many: () => cpuPerFactMs(past.clusters) }, 3)
    return [
      {
        what: `one fact beside ${past.clusters} clusters at rest`,
        value: Math.max(0, many - few),
        budget: 0.2,
        unit: "ms",
        detail: `CPU of the daemon per fact: ${many.toFixed(2)} ms, beside none ${few.toFixed(2)} ms, median of 3`
      }
    ]
  }
}
