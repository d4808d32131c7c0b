/**
 * Ends the machine under a cluster that has ended itself. Not by `halt`: that leaves it on, and paid for. Tried again for a while: nobody
 * else may be there to do it.
 */
import { execFile } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"

const command = ["shutdown", "-h", "now"] as const
const answerMaxMs = 20_000
const pauseMs = 30_000
const triesMax = 20
const uid = process.getuid?.()

const tryOnce = (): Promise<string | null> =>
  new Promise((done) => {
    const [program, ...args] = uid === 0 ? command : (["sudo", "-n", ...command] as const)
    execFile(program, args, { timeout: answerMaxMs }, (error, _, said) => done(error === null ? null : said.trim() || error.message))
  })

/** Where it can be done nothing comes after it. */
export const powerOff = async (): Promise<void> => {
  for (let tries = 1; tries <= triesMax; tries++) {
    const why = await tryOnce()
    if (why !== null) console.error(`the machine is not powered off: ${why}`)
    await sleep(pauseMs)
  }
}
