/**
 * A long run is many short ones: a daemon's log grows by what it accepts, and every question about it with it. Each age has a fresh
 * daemon and a seed of its own, which is all that it takes to see a red one again.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Broken, fuzz } from "./fuzz.ts"
import { names, startInProcess } from "./in-process.ts"
import { logCheck } from "./log-check.ts"

export const framesPerAge = 10_000
/** What may be held more at the end of an age than when a quarter of it is over, apart from the log. */
const growthMaxBytes = 16 * 1024 * 1024
/** In memory, for each byte in the log: the bytes and the state. */
const logFactor = 4

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

const heldBytes = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

const fuzzAge = async (frames: number, seed: number): Promise<void> => {
  const daemon = await startInProcess()
  const logBytes = () => daemon.disk.reduce((sum, { value }) => sum + value.length, 0)
  const check = logCheck(daemon)
  let early: number | undefined
  try {
    await fuzz({
      socket: daemon.socket,
      frames,
      seed,
      names,
      onRound: (round, sent) => {
        const wrong = check(round)
        if (wrong !== undefined) throw new Broken(wrong, seed, Buffer.concat(round.map(({ bytes }) => bytes)))
        if (sent > frames / 4) early ??= heldBytes() - logFactor * logBytes()
      }
    })
    const growth = heldBytes() - logFactor * logBytes() - (early ?? 0)
    if (early !== undefined && growth > growthMaxBytes) throw new Broken(`it holds ${growth} bytes more than before`, seed, undefined)
  } finally {
    await daemon.end()
  }
}

/** Throws `Broken` at the first broken promise. */
export const fuzzInProcess = async (frames: number, seed: number, onAge?: (done: number, heapBytes: number) => void): Promise<void> => {
  for (let done = 0, age = 0; done < frames; age++) {
    const now = Math.min(framesPerAge, frames - done)
    await fuzzAge(now, seed + age)
    done += now
    onAge?.(done, heldBytes())
  }
}
