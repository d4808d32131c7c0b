/** How fast a log is proven, written out and taken in, as the user waits for it: whole programs, from their start to their end. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { Home } from "./Home.ts"
import { writeHistory } from "./history.ts"
import { type Bench, inTurns } from "./measure.ts"

const past = { clusters: 5_000, jobs: 100_000 }
const times = 5

export const audit: Bench = {
  name: "audit",
  run: async () => {
    const home = new Home()
    const second = new Home()
    const file = join(second.folder, "log.jsonl")
    try {
      const events = await writeHistory(home.folder, past)
      const perSecond = (ms: number) => (events * 1000) / ms
      home.sky("audit", "export", file)
      const importing = () => {
        const folder = join(second.folder, "s")
        rmSync(folder, { recursive: true, force: true })
        second.env["SKYD_HOME"] = folder
        return perSecond(second.wallMs("audit", "import", file))
      }
      const taken = await inTurns(
        {
          verify: () => perSecond(home.wallMs("audit", "verify")),
          export: () => perSecond(home.wallMs("audit", "export", file)),
          import: importing
        },
        times
      )
      const detail = `${events.toLocaleString("en-US")} events, median of ${times}`
      const figure = { atLeast: true, unit: "events/s", detail }
      return [
        { what: "audit verify", value: taken.verify, budget: 200_000, ...figure },
        { what: "audit export", value: taken.export, budget: 100_000, ...figure },
        { what: "audit import", value: taken.import, budget: 50_000, ...figure }
      ]
    } finally {
      for (const { folder } of [home, second]) rmSync(folder, { recursive: true, force: true })
    }
  }
}
