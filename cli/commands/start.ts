/** `sky start`: a stopped cluster comes back, as it was. */
import { commandLine } from "../../sdk/client/caller.ts"
import { plural } from "../../task/plural.ts"
import { each, namesOf } from "../each.ts"
import { rate } from "../render/bill.ts"
import { usageError } from "../render/error.ts"
import { wholeNumber } from "../task/options.ts"
import { verb } from "../verb.ts"

const usage = "sky start [-y] [-i MINUTES [--down]] [-r] [-f] [-a | CLUSTER…]"

export const start = verb(
  usage,
  {
    all: { type: "boolean", short: "a" },
    yes: { type: "boolean", short: "y" },
    "idle-minutes-to-autostop": { type: "string", short: "i" },
    down: { type: "boolean" },
    "retry-until-up": { type: "boolean", short: "r" },
    force: { type: "boolean", short: "f" }
  },
  async ({ flags, words, json, argv, connect }) => {
    const idle = flags["idle-minutes-to-autostop"]
    if (flags.down && idle === undefined) throw usageError("--down needs idle minutes here.", "Give them: -i MINUTES")
    const idleMinutes = idle === undefined ? undefined : wholeNumber("-i", idle, 0)
    // A cluster that is up is left as it is (contract, start-05).
    const unset = (name: string) =>
      idleMinutes === undefined
        ? ""
        : `; -i was not applied: sky autostop ${name} -i ${Math.max(1, idleMinutes)}${flags.down ? " --down" : ""}`
    return each({
      session: connect(),
      method: "start",
      names: words,
      all: flags.all === true,
      yes: flags.yes === true,
      json,
      usage,
      doing: "Starting",
      question: (clusters) => `Restart ${plural(clusters.length, "cluster")}: ${namesOf(clusters)}${rate(clusters)}?`,
      byDefault: true,
      params: {
        lastUse: commandLine(argv),
        ...(idleMinutes === undefined ? {} : { idleMinutesToAutostop: idleMinutes }),
        ...(flags.down ? { down: true } : {}),
        ...(flags["retry-until-up"] ? { retryUntilUp: true } : {}),
        ...(flags.force ? { force: true } : {})
      },
      said: "up",
      settled: ({ name, status }) => status === "UP" && !flags.force && `is up already${unset(name)}`
    })
  }
)
