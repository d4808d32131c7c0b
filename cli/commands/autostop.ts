/** `sky autostop`: stop or end a cluster when it has been idle. The last setting holds. */

import { plural } from "../../task/plural.ts"
import { each, namesOf } from "../each.ts"
import { usageError } from "../render/error.ts"
import { wholeNumber } from "../task/options.ts"
import { type Verb, verb } from "../verb.ts"

const usage = "sky autostop [-y] [-i MINUTES [--down] | --cancel] [-a | CLUSTER…]"
const idleMinutesDefault = 5
const negative = /^-\d+$/

/** `-i -1` cancels. The parser of flags takes it for two flags, unless it is one word. */
const joined = (argv: ReadonlyArray<string>): Array<string> => {
  const words: Array<string> = []
  for (const word of argv) {
    const flag = words.at(-1) ?? ""
    if (!(negative.test(word) && /^(-[a-z]*i|--idle-minutes)$/.test(flag))) words.push(word)
    else words.splice(-1, 1, `${flag}${flag.startsWith("--") ? "=" : ""}${word}`)
  }
  return words
}

const minutesOf = (text: string): number => {
  if (!/^\d+$/.test(text)) throw usageError(`-i takes idle minutes: a whole number from 0, or -1 to cancel, not '${text}'.`)
  return wholeNumber("-i", text, 0)
}

const parsed = verb(
  usage,
  {
    all: { type: "boolean", short: "a" },
    yes: { type: "boolean", short: "y" },
    "idle-minutes": { type: "string", short: "i" },
    cancel: { type: "boolean" },
    down: { type: "boolean" }
  },
  async ({ flags, words, json, connect }) => {
    const idle = flags["idle-minutes"]?.replace(/^=/, "")
    if (flags.cancel && idle !== undefined) throw usageError("--cancel and -i do not go together.", `Usage: ${usage}`)
    if (flags.cancel && flags.down) throw usageError("--cancel and --down do not go together.", `Usage: ${usage}`)
    const cancels = flags.cancel === true || negative.test(idle ?? "")
    const minutes = cancels ? -1 : idle === undefined ? idleMinutesDefault : minutesOf(idle)
    const after = `after ${plural(minutes, "idle minute")}`
    return each({
      session: connect(),
      method: "autostop",
      names: words,
      all: flags.all === true,
      yes: flags.yes === true,
      json,
      usage,
      doing: "Setting",
      question: (clusters) => {
        const which = plural(clusters.length, "cluster")
        if (cancels) return `Cancel autostop of ${which}: ${namesOf(clusters)}?`
        return `${flags.down ? "End" : "Stop"} ${which} ${after}${flags.down ? ", disks included" : ""}: ${namesOf(clusters)}?`
      },
      byDefault: true,
      params: { idleMinutes: minutes, ...(flags.down ? { down: true } : {}) },
      said: cancels ? "autostop cancelled" : `${flags.down ? "goes" : "stops"} ${after}`,
      settled: ({ autostop, autostopWanted }) => cancels && autostop < 0 && !autostopWanted && "had no autostop",
      back: cancels ? undefined : "cancel: sky autostop --cancel"
    })
  }
)

export const autostop: Verb = { ...parsed, run: (argv) => parsed.run(joined(argv)) }
