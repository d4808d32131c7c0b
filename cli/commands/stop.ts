/** `sky stop`: machines off, disks kept. */
import { commandLine } from "../../sdk/client/caller.ts"
import { plural } from "../../task/plural.ts"
import { each, jobsLost, namesOf } from "../each.ts"
import { verb } from "../verb.ts"

const usage = "sky stop [-y] [--purge] [-a | CLUSTER…]"

export const stop = verb(
  usage,
  { all: { type: "boolean", short: "a" }, yes: { type: "boolean", short: "y" }, purge: { type: "boolean" } },
  ({ flags, words, json, argv, connect }) =>
    each({
      session: connect(),
      method: "stop",
      names: words,
      all: flags.all === true,
      yes: flags.yes === true,
      json,
      usage,
      doing: "Stopping",
      question: (clusters) => `Stop ${plural(clusters.length, "cluster")}: ${namesOf(clusters)}?${jobsLost(clusters)}`,
      byDefault: true,
      // Machines of one's own never are.
      mayDo: ({ resources }) => resources?.cloud !== "ssh",
      params: { lastUse: commandLine(argv), ...(flags.purge ? { purge: true } : {}) },
      said: "stopped",
      settled: ({ status }) => status === "STOPPED" && "is stopped already",
      back: "again: sky start"
    })
)
