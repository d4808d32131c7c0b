/** `sky down`: machines and disks go. */
import { commandLine } from "../../sdk/client/caller.ts"
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { each, jobsLost } from "../each.ts"
import { clean } from "../render/style.ts"
import { plural, took } from "../render/time.ts"
import { verb } from "../verb.ts"

const usage = "sky down [-y] [-p] [-a | CLUSTER…]"

const known = ({ name, status, launchedAtMs }: ClusterView) =>
  `${clean(name)} (${status === "UP" ? `up ${took(Date.now() - launchedAtMs)}` : status})`

export const down = verb(
  usage,
  { all: { type: "boolean", short: "a" }, yes: { type: "boolean", short: "y" }, purge: { type: "boolean", short: "p" } },
  ({ flags, words, json, argv, connect }) =>
    each({
      session: connect(),
      method: "down",
      names: words,
      all: flags.all === true,
      yes: flags.yes === true,
      json,
      usage,
      doing: "Tearing down",
      question: (clusters) =>
        `Tear down ${plural(clusters.length, "cluster")}, disks included: ${clusters.map(known).join(", ")}?${jobsLost(clusters)}`,
      byDefault: false,
      params: { lastUse: commandLine(argv), ...(flags.purge ? { purge: true } : {}) },
      said: "gone"
    })
)
