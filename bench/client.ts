/** What a user waits for at the prompt: the client's own start, and `status` of few and of many clusters. */
import { Home } from "./Home.ts"
import { writeHistory } from "./history.ts"
import { type Bench, floorMs, inTurns, ms } from "./measure.ts"

const few = 10

export const client: Bench = {
  name: "client",
  run: async () => {
    const home = new Home()
    try {
      for (let i = 0; i < few; i++) home.sky("launch", "-y", "-d", "-c", `few-${i}`)
      const { floor, status, version } = await inTurns({
        floor: floorMs,
        version: () => home.wallMs("--version"),
        status: () => home.wallMs("status")
      })
      const detail = (value: number) => `${ms(value)}, node -e 0 ${ms(floor)}`
      return [
        { what: "sky --version", value: version / floor, budget: 1.1, unit: "×", detail: detail(version) },
        { what: `sky status, ${few} clusters`, value: status / floor, budget: 1.3, unit: "×", detail: detail(status) }
      ]
    } finally {
      home.end()
    }
  }
}

const many = { clusters: 2_000, jobs: 12_500 }

export const manyClusters: Bench = {
  name: "many",
  run: async () => {
    const home = new Home()
    try {
      const events = await writeHistory(home.folder, many)
      home.sky("daemon", "start")
      const { floor, status } = await inTurns({ floor: floorMs, status: () => home.wallMs("status") })
      return [
        {
          what: `sky status, ${many.clusters} clusters, ${many.jobs} jobs`,
          value: status,
          budget: 300,
          unit: "ms",
          detail: `${(status / floor).toFixed(2)} × node -e 0 (${ms(floor)}), ${events} events`
        }
      ]
    } finally {
      home.end(false)
    }
  }
}
