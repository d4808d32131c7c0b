/** The daemon itself: from its spawn to its first reply, and what it costs while nothing happens. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { daemonEnvironment, daemonFlags } from "../sdk/client/environment.ts"
import { cpuMs, Home, rssMb, sleep, Wire } from "./Home.ts"
import { type Bench, floorMs, inTurns, ms, node } from "./measure.ts"

const program = resolve(import.meta.dirname, "../bin/skyd.cjs")
const idleMs = 10_000

/** As the client starts it, in an empty folder each time: spawn, readiness on the pipe, connect, one answer. */
const spawnToReplyMs = async (): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), "skyd-bench-"))
  const startNs = process.hrtime.bigint()
  const child = spawn(node, [...daemonFlags, program, "run", "--home", folder, "--ready-fd", "3"], {
    cwd: "/",
    env: daemonEnvironment(process.env),
    stdio: ["ignore", "ignore", "ignore", "pipe"]
  })
  const ended = new Promise((done) => child.once("exit", done))
  await new Promise((done) => child.stdio[3]!.once("data", done))
  const wire = await Wire.open(join(folder, "run/sock"))
  await wire.call("status")
  const tookMs = Number(process.hrtime.bigint() - startNs) / 1e6
  wire.close()
  child.kill("SIGTERM")
  await ended
  rmSync(folder, { recursive: true, force: true })
  return tookMs
}

export const daemon: Bench = {
  name: "daemon",
  run: async () => {
    const { floor, reply } = await inTurns({ floor: floorMs, reply: spawnToReplyMs })
    const home = new Home()
    try {
      home.sky("daemon", "start")
      const { pid } = home.status()
      await sleep(idleMs / 2)
      const before = cpuMs(pid)
      await sleep(idleMs)
      const used = cpuMs(pid) - before
      return [
        {
          what: "daemon, spawn to first reply, empty log",
          value: reply / floor,
          budget: 4,
          unit: "×",
          detail: `${ms(reply)}, node -e 0 ${ms(floor)}`
        },
        { what: "idle daemon, memory", value: rssMb(pid), budget: 100, unit: "MB", detail: "RSS, empty log" },
        {
          what: "idle daemon, CPU",
          value: used,
          budget: 10,
          unit: "ms",
          detail: `in ${idleMs / 1000} s; the kernel counts in steps of 10 ms`
        }
      ]
    } finally {
      home.end()
    }
  }
}
