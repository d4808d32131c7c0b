/** Jobs on a cluster that is up: one at a time as a user sees it, many at once as a script sends them, and what they cost the disk. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Home, sleep, Wire } from "./Home.ts"
import { type Bench, type Figure, floorMs, inTurns, median, ms } from "./measure.ts"

const crowd = 64
const crowdRounds = 5
const pingEveryMs = 2
const traced = 5

const task = { run: "true" }

/** Sends all in one go; how long until the last is accepted, and the longest that another client waited meanwhile. */
const crowdMs = async (home: Home): Promise<{ readonly allMs: number; readonly waitMs: number }> => {
  const [wire, other] = await Promise.all([Wire.open(home.socket), Wire.open(home.socket)])
  let over = false
  let waitMs = 0
  const watch = (async () => {
    while (!over) {
      const askedMs = performance.now()
      await other.call("operations")
      waitMs = Math.max(waitMs, performance.now() - askedMs)
      await sleep(pingEveryMs)
    }
  })()
  const startMs = performance.now()
  await Promise.all(Array.from({ length: crowd }, () => wire.call("exec", { clusterName: "bench", task })))
  const allMs = performance.now() - startMs
  over = true
  await watch
  for (;;) {
    const { value } = (await wire.call("queue", { clusterNames: ["bench"], skipFinished: true })).data as unknown as {
      value: { jobs: Array<unknown> }
    }
    if (value.jobs.length === 0) break
    await sleep(50)
  }
  wire.close()
  other.close()
  return { allMs, waitMs }
}

/** fsyncs of daemon and agent together, for one exec. Undefined without strace, or where it may not attach. */
const fsyncsOfExec = async (home: Home): Promise<number | undefined> => {
  const agent = home.agentPid()
  if (agent === undefined) return undefined
  const out = join(home.folder, "strace.out")
  const pids = [home.status().pid, agent].flatMap((pid) => ["-p", String(pid)])
  const strace = spawn("strace", ["-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", out, ...pids], { stdio: "ignore" })
  const failed = once(strace, "error").then(() => true)
  await Promise.race([failed, sleep(1_000)])
  if (strace.exitCode !== null || strace.pid === undefined) return undefined
  for (let i = 0; i < traced; i++) home.sky("exec", "bench", "true")
  await sleep(500)
  strace.kill("SIGINT")
  await once(strace, "exit")
  if (!existsSync(out)) return undefined
  const calls = readFileSync(out, "utf8").match(/\b(fsync|fdatasync)\(/g) ?? []
  return calls.length / traced
}

export const jobs: Bench = {
  name: "jobs",
  run: async () => {
    const home = new Home()
    try {
      home.sky("launch", "-y", "-d", "-c", "bench")
      const { exec, floor } = await inTurns({ floor: floorMs, exec: () => home.wallMs("exec", "bench", "true") })
      const figures: Array<Figure> = [
        {
          what: "exec of true, to SUCCEEDED seen, over node -e 0",
          value: exec - floor,
          budget: 40,
          unit: "ms",
          detail: `${ms(exec)}, node -e 0 ${ms(floor)}`
        }
      ]
      const taken: Array<Awaited<ReturnType<typeof crowdMs>>> = []
      for (let i = 0; i <= crowdRounds; i++) taken.push(await crowdMs(home))
      const counted = taken.slice(1)
      figures.push(
        {
          what: `${crowd} jobs at once, all accepted`,
          value: median(counted.map(({ allMs }) => allMs)),
          budget: 300,
          unit: "ms",
          detail: `median of ${crowdRounds}`
        },
        {
          what: "… longest wait of another client meanwhile",
          value: median(counted.map(({ waitMs }) => waitMs)),
          budget: 20,
          unit: "ms",
          detail: `median of ${crowdRounds}`
        }
      )
      const fsyncs = await fsyncsOfExec(home)
      if (fsyncs === undefined) process.stderr.write("No strace here: the fsyncs of an exec are not counted.\n")
      else
        figures.push({ what: "fsyncs of an exec, daemon and agent", value: fsyncs, budget: 6, unit: "calls", detail: `mean of ${traced}` })
      return figures
    } finally {
      home.end()
    }
  }
}
