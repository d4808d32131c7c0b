/** `sky status`: the clusters there are, newest launch first. */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { StatusAnswer } from "../../sdk/protocol/queries.ts"
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { more } from "../load.ts"
import { stderr, stdout } from "../out.ts"
import { jsonLine } from "../render/json.ts"
import { autostopCell, resourcesCell } from "../render/resources.ts"
import { clean, cut, glyph } from "../render/style.ts"
import { type Row, table } from "../render/table.ts"
import { ago } from "../render/time.ts"
import { screen, verb } from "../verb.ts"

const usage = "sky status [-a] [-r] [--ip] [--at WHEN] [CLUSTER…]"
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
    below: why ? [`       ${glyph("why")} ${clean(why)}`] : []
  }
}

const titles = (all: boolean): Array<string> => [
  "NAME",
  "LAUNCHED",
  "RESOURCES",
  ...(all ? ["REGION", "ZONE"] : []),
  "STATUS",
  "AUTOSTOP",
  ...(all ? ["HEAD_IP"] : []),
  "COMMAND"
]

/** What is paid for while it runs: of what has a type, since the user's own machines have none. */
const bill = (clusters: ReadonlyArray<ClusterView>): string =>
  clusters.some(({ resources }) => resources?.instanceType) ? more().bill(clusters) : ""

/** The clusters, with ages that count to a moment. */
export const statusTable = (clusters: ReadonlyArray<ClusterView>, nowMs: number, all = false): string =>
  table(
    titles(all),
    clusters.map((cluster) => rowOf(cluster, nowMs, all)),
    screen()
  ) + bill(clusters)

export const status = verb(
  usage,
  { all: { type: "boolean", short: "a" }, refresh: { type: "boolean", short: "r" }, ip: { type: "boolean" }, at: { type: "string" } },
  async (input) => {
    const { flags, words, json, connect } = input
    if (flags.at !== undefined) return more().statusAt(input, flags.at)
    const session = connect()
    const params = { clusterNames: words.length ? words : null, refresh: flags.refresh }
    const answer = await session.call<StatusAnswer>("status", params, flags.refresh ? more().awaiting(json) : undefined)
    const codes = answer.notices || answer.notFound.length ? await more().foreword(session, answer, json) : []
    if (flags.ip && !codes[0]) more().headIp(answer.clusters, flags, json, usage)
    else if (json) stdout.write(jsonLine(answer.clusters))
    else if (answer.clusters[0]) stdout.write(statusTable(answer.clusters, Date.now(), flags.all))
    else if (!codes[0] && !answer.incomplete) stderr.write("No clusters. Launch one: sky launch examples/hello.yaml\n")
    return Math.max(exitCodes.ok, ...codes)
  }
)
