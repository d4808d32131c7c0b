/** Runs the seeded simulation: `npm run sim -- --seeds 10000 [--first N] [--steps N]`. A red run prints its seed: run it again by `--first`. */
import { spawnSync } from "node:child_process"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "1000" }, first: { type: "string", default: "0" }, steps: { type: "string", default: "25" } }
})
const env = { ...process.env, SIM_SEEDS: values.seeds, SIM_FIRST: values.first, SIM_STEPS: values.steps }
const { status } = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "test/sim/seeds.test.ts", "--silent"], {
  env,
  stdio: "inherit"
})
process.exitCode = status ?? 1
