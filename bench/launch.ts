/** From the command line to the first byte of a job on a cluster that did not exist. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { Home, sky } from "./Home.ts"
import { type Bench, floorMs, inTurns, ms, node } from "./measure.ts"

let launches = 0

export const firstOutputMs = async (home: Home, ...flags: ReadonlyArray<string>): Promise<number> => {
  const name = `new-${++launches}`
  const startMs = performance.now()
  const args = [sky, "launch", "-y", "-c", name, ...flags, "echo here"]
  const child = spawn(node, args, { env: home.env, stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk
  })
  const exit = once(child, "exit")
  const first = once(child.stdout, "data").then(() => performance.now() - startMs)
  const tookMs = await Promise.race([first, exit.then(() => undefined)])
  const [code] = await exit
  if (code !== 0 || tookMs === undefined) throw new Error(`A launch failed with ${code}: ${said}`)
  home.sky("down", "-y", name)
  return tookMs
}

export const launch: Bench = {
  name: "launch",
  run: async () => {
    const home = new Home()
    try {
      home.sky("daemon", "start")
      const { floor, four, one } = await inTurns({
        floor: floorMs,
        one: () => firstOutputMs(home),
        four: () => firstOutputMs(home, "--num-nodes", "4")
      })
      const detail = (value: number) => `${(value / floor).toFixed(2)} × node -e 0 (${ms(floor)})`
      return [
        { what: "launch to the job's first output, 1 node", value: one, budget: 300, unit: "ms", detail: detail(one) },
        { what: "launch to the job's first output, 4 nodes", value: four, budget: 500, unit: "ms", detail: detail(four) }
      ]
    } finally {
      home.end()
    }
  }
}
