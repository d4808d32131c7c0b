/** Frames from nowhere: no crash, no request without an answer, no fault of the daemon's own, nothing in the log that was refused. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { Home, root } from "../e2e/home.ts"
import { fuzzInProcess } from "./ages.ts"
import { fuzz } from "./fuzz.ts"

const frames = 10_000
const realFrames = 2000
const seed = 1

it(`${frames} frames by seed ${seed} break no promise of the daemon's code`, () => fuzzInProcess(frames, seed), 120_000)

// No name of a cluster that exists: what random scripts would do on this machine is nobody's wish.
it("the real daemon outlives them too, and nothing of them is in its log", async () => {
  const home = new Home()
  await home.sky("daemon", "start")
  const before = await home.json("daemon", "status")
  const socket = join(home.state, "run", "sock")
  await fuzz({ socket, frames: realFrames, seed, names: ["nope"], skip: ["daemon.stop", "launch"] })
  expect(await home.json("daemon", "status")).toEqual(before)
  const complaints = readFileSync(join(home.state, "daemon.log"), "utf8")
    .split("\n")
    .filter((line) => /"level":"(Error|Fatal)"/.test(line))
  expect(complaints).toEqual([])
})

it.each([
  [["--frames", "x"], "--frames takes a whole number from 1, not 'x'.\n"],
  [["--frames", "0"], "--frames takes a whole number from 1, not '0'.\n"],
  [["--seed", "-"], "--seed takes a whole number from 0, not '-'.\n"],
  [["--colour"], "Unknown option '--colour'\n"]
])("`npm run fuzz -- %j` is refused in one sentence", (words, stderr) => {
  const { status, ...said } = spawnSync(process.execPath, [join(root, "scripts/fuzz.ts"), ...words], { encoding: "utf8" })
  expect({ status, stdout: said.stdout, stderr: said.stderr }).toEqual({ status: 2, stdout: "", stderr })
})
