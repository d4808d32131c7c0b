/** Fuzzes the socket: `npm run fuzz -- [--frames 1000000] [--seed N]`. A red run prints its seed and what was sent. */
import { parseArgs } from "node:util"
import { fuzzInProcess } from "../test/fuzz/ages.ts"

const options = { frames: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } } as const

const wholeNumber = (flag: string, text: string, least: number): number => {
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text)
  throw new Error(`--${flag} takes a whole number from ${least}, not '${text}'.`)
}

const asked = () => {
  try {
    const { frames, seed } = parseArgs({ options }).values
    return { frames: wholeNumber("frames", frames, 1), seed: wholeNumber("seed", seed, 0) }
  } catch (cause) {
    console.error((cause as Error).message)
    return process.exit(2)
  }
}

const { frames, seed } = asked()
const beganMs = Date.now()
try {
  await fuzzInProcess(frames, seed, (done, heapBytes) =>
    console.log(`${done} frames, ${((Date.now() - beganMs) / 1000).toFixed(0)} s, ${(heapBytes / 1024 / 1024).toFixed(0)} MiB held`)
  )
} catch (cause) {
  console.error(String(cause))
  process.exitCode = 1
}
