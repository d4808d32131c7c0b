/** `sky why`: how a cluster came to be as it is, from the facts about it. */

import type { Recorded } from "../../events/Recorded.ts"
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer, StatusAnswer } from "../../sdk/protocol/queries.ts"
import type { ClusterView, JobView } from "../../sdk/protocol/rows.ts"
import { stdout } from "../out.ts"
import { missing, refusePattern } from "../pick.ts"
import { usageError } from "../render/error.ts"
import { eventLine } from "../render/facts.ts"
import { jsonLine } from "../render/json.ts"
import { notify } from "../render/notify.ts"
import { ascii, clean, cleanText } from "../render/style.ts"
import { atMost, verb } from "../verb.ts"

const usage = "sky why CLUSTER"
const factsMax = 100

const lastLaunchOf = (events: ReadonlyArray<Recorded>) =>
  events.findLast(({ event }) => event._tag === "LaunchRequested" || event._tag === "StartRequested")

/** What became of the last launch or start, when it did not become what was asked for. */
const mishapOf = (events: ReadonlyArray<Recorded>): string => {
  const last = lastLaunchOf(events)
  const what = last?.event._tag === "StartRequested" ? "start" : "launch"
  for (const { event, operation } of events) {
    if (last === undefined || operation !== last.operation) continue
    if (event._tag === "OperationFailed") return `Its last ${what} failed: ${cleanText(event.error.message)}\n`
    if (event._tag === "OperationCancelled") return `Its last ${what} was cancelled${event.reason ? `: ${clean(event.reason)}` : ""}.\n`
  }
  return ""
}

const isWaiting = ({ reason, status }: JobView) => reason !== null && (status === "PENDING" || status === "SETTING_UP")

/** Of the first job that waits: those behind it wait for it. */
const waitOf = async (session: Session, { jobs, name }: ClusterView): Promise<string> => {
  if (jobs.pending + jobs.running === 0) return ""
  const queue = await session.call<JobQueueAnswer>("queue", { clusterNames: [name], skipFinished: true })
  const first = queue.jobs.findLast(isWaiting)
  return first === undefined ? "" : `Its job ${first.id} is ${first.status}: ${clean(first.reason!)}.\n`
}

/** Where the last life of a cluster begins: with the request behind its last launch or start. */
const beginOf = (events: ReadonlyArray<Recorded>): number => {
  const last = lastLaunchOf(events)
  const first =
    last === undefined
      ? 0
      : events.findIndex(({ seq, operation }) => seq === last.seq || (operation !== null && operation === last.operation))
  const begin = events[first - 1]?.event._tag === "ClusterCreated" ? first - 1 : first
  return Math.max(begin, events.length - factsMax)
}

export const why = verb(usage, {}, async ({ words, json, connect }) => {
  const [clusterName] = words
  if (clusterName === undefined) throw usageError("Why what?", `Usage: ${usage}`)
  atMost(1, words, usage)
  const session = connect()
  await refusePattern(session, clusterName, "why")
  const [{ clusters, notFound, notices }, { events }] = await Promise.all([
    session.call<StatusAnswer>("status", { clusterNames: [clusterName] }),
    session.call<{ events: ReadonlyArray<Recorded> }>("events", { clusterName })
  ])
  notify(notices)
  const [cluster] = clusters
  if (cluster === undefined && events.length === 0) for (const error of await missing(session, notFound)) throw error
  if (json) stdout.write(jsonLine({ cluster: cluster ?? null, events }))
  else {
    const reason = cluster?.reason ?? cluster?.phase
    const state = cluster === undefined ? "gone" : `${cluster.status}${reason ? `: ${clean(reason)}` : ""}`
    const waits = cluster === undefined ? "" : await waitOf(session, cluster)
    const begin = beginOf(events)
    const name = clean(clusterName)
    const earlier = begin === 0 ? "" : ascii(`… ${begin} earlier: sky events ${name} --after 0\n`)
    const lines = events.slice(begin).map((event) => `${eventLine(event)}\n`)
    stdout.write(`${name} is ${state}.\n${mishapOf(events)}${waits}${earlier}${lines.join("")}`)
  }
  return exitCodes.ok
})
