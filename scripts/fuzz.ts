/** Fuzzes the socket: `npm run fuzz -- [--frames 1000000] [--seed N]`. A red run prints its seed and what was sent. */
import { parseArgs } from "node:util"
import { fuzzInProcess } from "../test/fuzz/ages.ts"

const { values } = parseArgs({ options: { frames: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } } })
const beganMs = Date.now()
try {
  await fuzzInProcess(Number(values.frames), Number(values.seed), (done, heapBytes) =>
    console.log(`${done} frames, ${((Date.now() - beganMs) / 1000).toFixed(0)} s, ${(heapBytes / 1024 / 1024).toFixed(0)} MiB held`)
  )
} catch (cause) {
  console.error(String(cause))
  process.exitCode = 1
}
