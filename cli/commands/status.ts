/** `sky status`: the clusters there are, newest launch first. */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { StatusAnswer } from "../../sdk/protocol/queries.ts"
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { more } from "../load.ts"
import { stdout } from "../out.ts"
import { showError, usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { autostopCell, resourcesCell } from "../render/resources.ts"
import { clean, cut, glyph } from "../render/style.ts"
import { type Column, type Row, table } from "../render/table.ts"
import { ago, dollars } from "../render/time.ts"
import { screen, verb } from "../verb.ts"

const usage = "sky status [-a] [-r] [--ip] [CLUSTER…]"
const commandWidth = 25
const resourcesWidth = 70
const colours = { INIT: "blue", UP: "green", STOPPED: "yellow" } as const

const rowOf = (cluster: ClusterView, nowMs: number, all: boolean): Row => {
  const { name, launchedAtMs, status, headIp, lastUse, reason, phase, resources } = cluster
  const wide = all ? [resources?.region ?? "-", resources?.zone ?? "-"] : []
  const why = reason ?? (status === "INIT" ? phase : null)
  return {
    cells: [
      clean(name),
      ago(launchedAtMs, nowMs),
      all ? resourcesCell(cluster) : cut(resourcesCell(cluster), resourcesWidth),
      ...wide,
      { text: status, colour: colours[status] },
      autostopCell(cluster),
      ...(all ? [headIp ?? "-"] : []),
      all ? clean(lastUse) : cut(clean(lastUse), commandWidth)
    ],
    below: why ? `       ${glyph("why")} ${clean(why)}` : undefined
  }
}

const titles = (all: boolean): Array<Column> =>
  ["NAME", "LAUNCHED", "RESOURCES", ...(all ? ["REGION", "ZONE"] : []), "STATUS", "AUTOSTOP", ...(all ? ["HEAD_IP"] : []), "COMMAND"].map(
    (title) => ({ title })
  )

/** What is paid for while it runs. */
const bill = (clusters: ReadonlyArray<ClusterView>): string => {
  const paid = clusters.filter(({ status, resources }) => status !== "STOPPED" && (resources?.usdPerHour ?? 0) > 0)
  const sum = paid.reduce((usd, { numNodes, resources }) => usd + numNodes * (resources?.usdPerHour ?? 0), 0)
  return paid.length === 0
    ? ""
    : `${dollars(sum)} an hour while ${paid.map(({ name }) => clean(name)).join(", ")} ${paid.length > 1 ? "run" : "runs"}.\n`
}

export const status = verb(
  usage,
  { all: { type: "boolean", short: "a" }, refresh: { type: "boolean", short: "r" }, ip: { type: "boolean" } },
  async ({ flags, words, json, connect }) => {
    if (flags.ip && flags.refresh) throw usageError("--ip and --refresh do not go together.", `Usage: ${usage}`)
    const session = connect()
    const params = { ...(words.length > 0 ? { clusterNames: words } : {}), ...(flags.refresh ? { refresh: true } : {}) }
    const answer = await session.call<StatusAnswer>("status", params)
    const errors = answer.notFound.length > 0 ? await more().missing(session, answer.notFound) : []
    const codes = errors.map((error) => showError(error, json))
    if (flags.ip && errors.length === 0) {
      const ip = more().headIp(answer.clusters, usage)
      stdout.write(json ? jsonLine({ ip }) : `${ip}\n`)
    } else if (json) stdout.write(jsonLine(answer.clusters))
    else if (answer.clusters.length > 0) {
      const all = flags.all === true
      const rows = answer.clusters.map((cluster) => rowOf(cluster, Date.now(), all))
      stdout.write(table(titles(all), rows, screen()) + bill(answer.clusters))
    } else if (errors.length === 0) stdout.write("No clusters. Launch one: sky launch examples/hello.yaml\n")
    return Math.max(exitCodes.ok, ...codes)
  }
)
