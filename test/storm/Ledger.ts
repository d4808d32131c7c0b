/** The log as a storm has read it, folded by itself. */
import * as HashMap from "effect/HashMap"
import { plan } from "../../daemon/reactors/plan.ts"
import * as World from "../../daemon/World.ts"
import type { Recorded } from "../../events/Recorded.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { isWhole } from "../../projections/cluster-status.ts"
import { isOver, jobsOf } from "../../projections/jobs.ts"
import { asked } from "./clients.ts"
import { type Deed, isEndless } from "./deeds.ts"
import type { StormHome } from "./StormHome.ts"

const jobsPerCpu = 2
/** A setting up to this fires within a storm. */
const soonMinutes = 10

/** The number of the deed that a task is of. */
export const deedOf = ({ name }: { readonly name?: string | null }) => Number(name?.slice(1))

export class Ledger {
  readonly facts: Array<Recorded> = []
  world = World.empty

  /** Everything that the log holds now; answers its head. */
  async read(home: StormHome): Promise<number> {
    for (const { data, type } of await asked(home, "events", { after: this.facts.length })) {
      if (type !== "result") continue
      for (const fact of data.value.events as ReadonlyArray<Recorded>) {
        if (fact.seq !== this.facts.length + 1) throw new Error(`after event ${this.facts.length} comes ${fact.seq}`)
        this.facts.push(fact)
        this.world = World.apply(this.world, fact)
      }
    }
    return this.facts.length
  }

  get rows(): ReadonlyArray<ClusterRow> {
    return [...HashMap.values(this.world.clusters.rows)]
  }

  /** What is still on its way, in words. Jobs without an end, and those that wait behind them, are none of it. */
  unrest(deeds: ReadonlyMap<number, Deed>): ReadonlyArray<string> {
    const { clusters: _, jobs, operations } = this.world
    const running = [...HashMap.values(operations.rows)].filter(({ outcome }) => outcome._tag === "running")
    return [
      ...running.map(({ clusterName, id, method }) => `operation ${method} ${clusterName} (${id})`),
      ...this.rows.flatMap((row) => {
        const own = jobsOf(jobs, row.id)
        const endless = own.filter(({ status, task }) => status === "RUNNING" && isEndless(deeds.get(deedOf(task))!))
        const isFull = endless.length >= jobsPerCpu * (row.offer?.cpus ?? 0)
        const open = own.filter((job) => !isOver(job) && !endless.includes(job) && !(isFull && job.status === "PENDING"))
        const action = plan(row, jobs)
        const minutes = row.autostop?.idleMinutes ?? -1
        const fires = row.wanted === "up" && isWhole(row) && minutes >= 0 && minutes <= soonMinutes && own.every(isOver)
        return [
          ...(action === undefined ? [] : [`${row.name}: ${JSON.stringify(action)}`]),
          ...open.map(({ id, status }) => `${row.name}: job ${id} is ${status}`),
          ...(fires ? [`${row.name}: autostop has yet to fire`] : [])
        ]
      })
    ]
  }
}
