/**
 * Kills the real daemon, its agents and clients at random moments: `npm run storm -- --kills 1000 [--seed N] [--cloud ssh]`. A red run prints
 * its seed. With `ssh` the nodes are real OpenSSH machines, which need root and `ip netns`.
 */
import { spawnSync } from "node:child_process"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    cloud: { type: "string", default: "local" }
  }
})
const env = { ...process.env, STORM_KILLS: values.kills, STORM_SEED: values.seed, STORM_CLOUD: values.cloud }
const words = ["node_modules/vitest/vitest.mjs", "run", "test/storm/storm.test.ts", "--disableConsoleIntercept"]
const { status } = spawnSync(process.execPath, words, { env, stdio: "inherit" })
process.exitCode = status ?? 1
