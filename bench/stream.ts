/** A large log to a client: 588,000 lines, as they come out of `sky logs`. */
import { Home } from "./Home.ts"
import { type Bench, floorMs, inTurns, ms } from "./measure.ts"

const lines = 588_000
const times = 7
const writing = `awk 'BEGIN { for (i = 0; i < ${lines}; i++) printf "%07d %s\\n", i, "loss 0.3141 accuracy 0.9271 step time 0.0312 s, all is well" }'`

export const stream: Bench = {
  name: "stream",
  run: async () => {
    const home = new Home()
    try {
      home.sky("launch", "-y", "-d", "-c", "bench")
      home.sky("exec", "bench", "-d", writing)
      home.sky("exec", "bench", "true")
      const { floor, logs } = await inTurns({ floor: floorMs, logs: () => home.wallMs("logs", "bench", "1") }, times)
      return [
        {
          what: `sky logs of ${lines.toLocaleString("en-US")} lines`,
          value: logs,
          budget: 500,
          unit: "ms",
          detail: `43 MB, median of ${times}; node -e 0 ${ms(floor)}`
        }
      ]
    } finally {
      home.end()
    }
  }
}
