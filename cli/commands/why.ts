/** `sky why`: how a cluster came to be as it is, from the facts about it. */

import type { Recorded } from "../../events/Recorded.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { StatusAnswer } from "../../sdk/protocol/queries.ts"
import { stdout } from "../out.ts"
import { missing } from "../pick.ts"
import { usageError } from "../render/error.ts"
import { eventLine } from "../render/facts.ts"
import { jsonLine } from "../render/json.ts"
import { clean } from "../render/style.ts"
import { atMost, verb } from "../verb.ts"

const usage = "sky why CLUSTER"
const factsMax = 30

export const why = verb(usage, {}, async ({ words, json, connect }) => {
  const [clusterName] = words
  if (clusterName === undefined) throw usageError("Why what?", `Usage: ${usage}`)
  atMost(1, words, usage)
  const session = connect()
  const [{ clusters, notFound }, { events }] = await Promise.all([
    session.call<StatusAnswer>("status", { clusterNames: [clusterName] }),
    session.call<{ events: ReadonlyArray<Recorded> }>("events", { clusterName, tail: factsMax })
  ])
  const [cluster] = clusters
  if (cluster === undefined && events.length === 0) for (const error of await missing(session, notFound)) throw error
  if (json) stdout.write(jsonLine({ cluster: cluster ?? null, events }))
  else {
    const reason = cluster?.reason ?? cluster?.phase
    const state = cluster === undefined ? "gone" : `${cluster.status}${reason ? `: ${clean(reason)}` : ""}`
    stdout.write(`${clean(clusterName)} is ${state}.\n${events.map((event) => `${eventLine(event)}\n`).join("")}`)
  }
  return exitCodes.ok
})
