/** What a start, and a `status`, wait for besides the log: the word of the heads of clusters that run, and a look at the disk. */
import { readdirSync, readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Disk } from "../daemon/home/Disk.ts"
import { Notices } from "../daemon/Notices.ts"
import { Home } from "./Home.ts"
import { type Bench, floorMs, inTurns, ms } from "./measure.ts"

const clusters = 4
const times = 7
const looks = 1000

const startMs = (home: Home): number => {
  home.sky("daemon", "stop")
  return home.wallMs("daemon", "start")
}

/** The agents of a state folder's nodes. */
const agentsOf = (home: Home): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
      return words[1]?.endsWith("agent.cjs") && words.some((word) => word.startsWith(home.folder)) ? [Number(pid)] : []
    } catch {
      return []
    }
  })
const silentMs = (home: Home): number => {
  const agents = agentsOf(home)
  if (agents.length !== clusters) throw new Error(`${agents.length} agents are there, not ${clusters}`)
  for (const pid of agents) process.kill(pid, "SIGSTOP")
  try {
    return startMs(home)
  } finally {
    for (const pid of agents) process.kill(pid, "SIGCONT")
  }
}

const lookMs = (home: Home): Promise<number> => {
  const look = Effect.gen(function* () {
    const notices = yield* Notices
    const begunMs = performance.now()
    for (let i = 0; i < looks; i++) notices.list()
    return (performance.now() - begunMs) / looks
  })
  return Effect.runPromise(Effect.provide(look, Disk.layer(home.folder).pipe(Layer.provideMerge(Notices.layer))))
}

export const start: Bench = {
  name: "start",
  run: async () => {
    const [none, some] = [new Home(), new Home()]
    try {
      none.sky("daemon", "start")
      for (let i = 0; i < clusters; i++) some.sky("launch", "-y", "-d", "-c", `up-${i}`)
      const taken = await inTurns(
        { floor: floorMs, bare: () => startMs(none), beside: () => startMs(some), silent: () => silentMs(some), look: () => lookMs(some) },
        times
      )
      const detail = (value: number) => `${ms(value)}, without them ${ms(taken.bare)}, node -e 0 ${ms(taken.floor)}; median of ${times}`
      return [
        {
          what: `start, for the heads of ${clusters} clusters that run`,
          value: Math.max(0, taken.beside - taken.bare),
          budget: 500,
          unit: "ms",
          detail: detail(taken.beside)
        },
        {
          what: "… that are silent: the longest that it waits",
          value: Math.max(0, taken.silent - taken.bare),
          budget: 600,
          unit: "ms",
          detail: detail(taken.silent)
        },
        {
          what: "the look at the disk of a status",
          value: taken.look,
          budget: 1,
          unit: "ms",
          detail: `mean of ${looks}, median of ${times}`
        }
      ]
    } finally {
      none.end()
      some.end()
    }
  }
}
