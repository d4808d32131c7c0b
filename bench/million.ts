/** A log of a million events: how long a start takes behind a snapshot and from nothing, and how fast any state of the past is there. */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { Home } from "./Home.ts"
import { writeHistory } from "./history.ts"
import { type Bench, floorMs, median, ms } from "./measure.ts"

const past = { clusters: 40_000, jobs: 147_000, goneBut: 20 }
const times = 5

const timed = (run: () => void): number => {
  const startMs = performance.now()
  run()
  return performance.now() - startMs
}
const residentMib = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024
const tablesMib = (home: string) => {
  const log = join(home, "log")
  return readdirSync(log).reduce((sum, name) => sum + (name.endsWith(".ldb") ? statSync(join(log, name)).size : 0), 0) / 1024 ** 2
}

export const million: Bench = {
  name: "million",
  run: async () => {
    const home = new Home()
    const start = () => timed(() => home.sky("daemon", "start"))
    const withoutSnapshots = () => rmSync(join(home.folder, "snapshots"), { recursive: true, force: true })
    try {
      const events = await writeHistory(home.folder, past)
      const bare: Array<number> = []
      for (let i = 0; i < 3; i++) {
        withoutSnapshots()
        bare.push(start())
        home.sky("daemon", "stop")
      }
      const behind: Array<number> = []
      const floor: Array<number> = []
      for (let i = 0; i < times; i++) {
        floor.push(floorMs())
        behind.push(start())
        if (i < times - 1) home.sky("daemon", "stop")
      }
      const killed: Array<number> = []
      for (let i = 0; i < times; i++) {
        process.kill(home.status().pid, "SIGKILL")
        killed.push(start())
        home.sky("daemon", "stop")
        start()
      }
      const memory = residentMib(home.status().pid)
      const then = Array.from({ length: times }, (_, i) => Math.floor(((i + 0.9) * events) / times))
      const states = then.map((seq) => timed(() => home.sky("status", "--at", String(seq), "-o", "json")))
      const many = `${events.toLocaleString("en-US")} events`
      return [
        {
          what: "start to serving, behind a snapshot",
          value: median(behind) / median(floor),
          budget: 5,
          unit: "×",
          detail: `${ms(median(behind))}, node -e 0 ${ms(median(floor))}; ${many}`
        },
        { what: "start to serving, from zero", value: median(bare) / 1000, budget: 4, unit: "s", detail: many },
        {
          what: "start after a kill: its look at all tables",
          value: tablesMib(home.folder) / ((median(killed) - median(behind)) / 1000),
          budget: 150,
          atLeast: true,
          unit: "MiB/s",
          detail: `${ms(median(killed))}, ${Math.round(tablesMib(home.folder))} MiB`
        },
        {
          what: "a state of the past",
          value: Math.max(...states),
          budget: 1000,
          unit: "ms",
          detail: `slowest of ${times} positions; ${many}`
        },
        { what: "memory of the daemon", value: memory, budget: 120, unit: "MB", detail: many }
      ]
    } finally {
      home.end(false)
    }
  }
}
