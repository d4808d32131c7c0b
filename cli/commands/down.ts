/** `sky down`: machines and disks go. */
import { commandLine } from "../../sdk/client/caller.ts"
import type { Session } from "../../sdk/client/Session.ts"
import type { CostReportAnswer } from "../../sdk/protocol/costs.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { plural } from "../../task/plural.ts"
import { dollars } from "../../task/price.ts"
import { confirm } from "../ask.ts"
import { each, jobsLost } from "../each.ts"
import { stderr, stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { clean } from "../render/style.ts"
import { took } from "../render/time.ts"
import { verb } from "../verb.ts"

const usage = "sky down [-y] [-p] [-a | CLUSTER…] | sky down --unlogged [-y] CLUSTER"

/** What each has cost so far, by id, where that is anything. */
const costsOf = async (session: Session, clusters: ReadonlyArray<ClusterView>): Promise<ReadonlyMap<string, string>> => {
  if (clusters.every(({ resources }) => !resources?.usdPerHour)) return new Map()
  const { costs } = await session.call<CostReportAnswer>("cost.report", { clusterNames: clusters.map(({ name }) => name) })
  return new Map(costs.flatMap(({ id, totalUsd }) => (totalUsd > 0 ? [[id, `, ${dollars(totalUsd)}`] as const] : [])))
}

const known = ({ id, launchedAtMs, name, status }: ClusterView, costs: ReadonlyMap<string, string>) =>
  `${clean(name)} (${status === "UP" ? `up ${took(Date.now() - launchedAtMs)}` : status}${costs.get(id) ?? ""})`

/** Where the log is damaged or does not know the cluster: by the tags of its machines, and nothing is recorded. */
const endUnlogged = async (session: Session, names: ReadonlyArray<string>, yes: boolean, json: boolean): Promise<number> => {
  const [name] = names
  if (name === undefined || names.length > 1) throw usageError("--unlogged ends one cluster: name it.", `Usage: ${usage}`)
  if (!yes) await confirm(`End every machine tagged ${clean(name)}, disks included, without recording it?`, false)
  const { nodes } = await session.call<{ nodes: ReadonlyArray<string> }>("down.unlogged", { clusterName: name })
  if (json) stdout.write(jsonLine({ cluster: name, nodes }))
  else stderr.write(`${clean(name)}: ${plural(nodes.length, "machine")} gone (${nodes.map(clean).join(", ")}). Nothing was recorded.\n`)
  return exitCodes.ok
}

export const down = verb(
  usage,
  {
    all: { type: "boolean", short: "a" },
    yes: { type: "boolean", short: "y" },
    purge: { type: "boolean", short: "p" },
    unlogged: { type: "boolean" }
  },
  ({ flags, words, json, argv, connect }) => {
    if (flags.unlogged) return endUnlogged(connect(), words, flags.yes === true, json)
    const session = connect()
    return each({
      session,
      method: "down",
      names: words,
      all: flags.all === true,
      yes: flags.yes === true,
      json,
      usage,
      doing: "Tearing down",
      question: async (clusters) => {
        const costs = await costsOf(session, clusters)
        const names = clusters.map((cluster) => known(cluster, costs)).join(", ")
        return `Tear down ${plural(clusters.length, "cluster")}, disks included: ${names}?${jobsLost(clusters)}`
      },
      byDefault: false,
      params: { lastUse: commandLine(argv), ...(flags.purge ? { purge: true } : {}) },
      said: "gone"
    })
  }
)
