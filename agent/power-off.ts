/**
 * Ends the machine under a cluster that has ended itself. Not by `halt`: that leaves it on, and paid for. Tried again for a while: nobody
 * else may be there to do it.
 */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { endsMachine } from "../machine/ends-machine.ts"

const shutdown = ["shutdown", "-h", "now"] as const
const answerMaxMs = 20_000
const pauseMs = 30_000
const triesMax = 20
const uid = process.getuid?.()

const tryOnce = (command: ReadonlyArray<string>): Promise<string | null> =>
  new Promise((done) => {
    const [program, ...args] = uid === 0 ? command : ["sudo", "-n", ...command]
    execFile(program!, args, { timeout: answerMaxMs }, (error, _, said) => done(error === null ? null : said.trim() || error.message))
  })

/** `down`: nothing of it is to stay. Where it can be done nothing comes after it. */
export const powerOff = async (down: boolean, ends: string = endsMachine): Promise<void> => {
  for (let tries = 1; tries <= triesMax; tries++) {
    const whyKept = down && existsSync(ends) ? await tryOnce([ends]) : null
    if (whyKept !== null) console.error(`the machine does not end itself: ${whyKept}`)
    const why = await tryOnce(shutdown)
    if (why !== null) console.error(`the machine is not powered off: ${why}`)
    await sleep(pauseMs)
  }
}
