/**
 * Runs the seeded simulations: `npm run sim -- --seeds 10000 [--first N] [--steps N] [--cloud ssh|places]`. A red run prints its seed: run it again by
 * `--first`. All worlds, unless one is named: of a cloud that only keeps its
 * promises (`any`), of clouds whose places run out (`places`), and of machines over ssh.
 */
import { spawnSync } from "node:child_process"
import { parseArgs } from "node:util"

const worlds: Readonly<Record<string, string>> = {
  any: "test/sim/seeds.test.ts",
  places: "test/sim/search-seeds.test.ts",
  ssh: "test/sim/ssh-seeds.test.ts"
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    first: { type: "string", default: "0" },
    steps: { type: "string", default: "25" },
    cloud: { type: "string" }
  }
})
const env = { ...process.env, SIM_SEEDS: values.seeds, SIM_FIRST: values.first, SIM_STEPS: values.steps }
const files = values.cloud === undefined ? Object.values(worlds) : [worlds[values.cloud] ?? values.cloud]
const { status } = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...files, "--silent"], { env, stdio: "inherit" })
process.exitCode = status ?? 1
