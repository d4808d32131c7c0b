/** `sky autostop`: stop or end a cluster when it has been idle. The last setting holds. */
import { each, namesOf } from "../each.ts"
import { usageError } from "../render/error.ts"
import { plural } from "../render/time.ts"
import { wholeNumber } from "../task/options.ts"
import { verb } from "../verb.ts"

const usage = "sky autostop [-y] [-i MINUTES [--down] | --cancel] [-a | CLUSTER…]"
const idleMinutesDefault = 5

export const autostop = verb(
  usage,
  {
    all: { type: "boolean", short: "a" },
    yes: { type: "boolean", short: "y" },
    "idle-minutes": { type: "string", short: "i" },
    cancel: { type: "boolean" },
    down: { type: "boolean" }
  },
  async ({ flags, words, json, connect }) => {
    const idle = flags["idle-minutes"]
    if (flags.cancel && idle !== undefined) throw usageError("--cancel and -i do not go together.", `Usage: ${usage}`)
    if (flags.cancel && flags.down) throw usageError("--cancel and --down do not go together.", `Usage: ${usage}`)
    if (idle !== undefined && /^-\d+$/.test(idle))
      throw usageError(`-i takes minutes, a whole number from 0, not '${idle}'.`, "No autostop any more: sky autostop --cancel")
    const minutes = flags.cancel ? -1 : idle === undefined ? idleMinutesDefault : wholeNumber("-i", idle, 0)
    const what = minutes < 0 ? "autostop cancelled" : `${flags.down ? "goes" : "stops"} after ${plural(minutes, "idle minute")}`
    return each({
      session: connect(),
      method: "autostop",
      names: words,
      all: flags.all === true,
      yes: flags.yes === true,
      json,
      usage,
      doing: "Setting",
      question: (clusters) =>
        minutes < 0
          ? `Cancel autostop of ${plural(clusters.length, "cluster")}: ${namesOf(clusters)}?`
          : `${flags.down ? "End" : "Stop"} ${plural(clusters.length, "cluster")} after ${plural(minutes, "idle minute")}${flags.down ? ", disks included" : ""}: ${namesOf(clusters)}?`,
      byDefault: true,
      params: { idleMinutes: minutes, ...(flags.down ? { down: true } : {}) },
      said: ({ name }) => (minutes < 0 ? what : `${what} (cancel: sky autostop --cancel ${name})`)
    })
  }
)
