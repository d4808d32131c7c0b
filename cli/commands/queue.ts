/** `sky queue`: the jobs of clusters, newest first. */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer } from "../../sdk/protocol/queries.ts"
import type { JobView } from "../../sdk/protocol/rows.ts"
import { more } from "../load.ts"
import { stderr, stdout } from "../out.ts"
import { jsonLine } from "../render/json.ts"
import { demandCell } from "../render/resources.ts"
import { type Colour, clean, glyph } from "../render/style.ts"
import { type Row, table } from "../render/table.ts"
import { ago, duration } from "../render/time.ts"
import { screen, verb } from "../verb.ts"

const colours: Record<JobView["status"], Colour> = {
  PENDING: "blue",
  SETTING_UP: "blue",
  RUNNING: "green",
  SUCCEEDED: "green",
  FAILED: "red",
  FAILED_SETUP: "red",
  CANCELLED: "yellow"
}

const rowOf = (job: JobView, nowMs: number, all: boolean): Row => ({
  cells: [
    String(job.id),
    clean(job.name ?? "-"),
    ...(all ? [clean(job.user)] : []),
    ago(job.submittedAtMs, nowMs),
    ago(job.startedAtMs, nowMs),
    job.startedAtMs === null ? "-" : duration((job.endedAtMs ?? nowMs) - job.startedAtMs),
    demandCell(job),
    { text: job.status, colour: colours[job.status] },
    ...(all ? [clean(job.logPath)] : []),
    job.reason ? `${glyph("why")} ${clean(job.reason)}` : ""
  ]
})

const titles = (all: boolean) => [
  "ID",
  "NAME",
  ...(all ? ["USER"] : []),
  "SUBMITTED",
  "STARTED",
  "DURATION",
  "RESOURCES",
  "STATUS",
  ...(all ? ["LOG"] : []),
  ""
]

interface Flags {
  readonly "skip-finished"?: boolean | undefined
  readonly "all-users"?: boolean | undefined
  readonly all?: boolean | undefined
}

/** A table for each cluster, with ages that count to a moment. */
export const showJobs = ({ clusters, jobs: found }: JobQueueAnswer, nowMs: number, flags: Flags): void => {
  const all = !!(flags["all-users"] || flags.all)
  let gap = ""
  for (const cluster of clusters) {
    const jobs = found.filter((job) => job.cluster === cluster)
    if (jobs.length === 0) stderr.write(`No ${flags["skip-finished"] ? "unfinished " : ""}jobs on ${clean(cluster)}.\n`)
    else {
      const rows = jobs.map((job) => rowOf(job, nowMs, all))
      const title = clusters.length > 1 ? `${gap}${clean(cluster)}\n` : ""
      stdout.write(title + table(titles(all), rows, screen()))
      gap = "\n"
    }
  }
}

export const queue = verb(
  "sky queue [-s] [-a] [--at WHEN] [CLUSTER…]",
  {
    "skip-finished": { type: "boolean", short: "s" },
    "all-users": { type: "boolean", short: "a" },
    all: { type: "boolean" },
    at: { type: "string" }
  },
  async (input) => {
    const { flags, words, json, connect } = input
    if (flags.at !== undefined) return more().queueAt(input, flags.at)
    const session = connect()
    const params = { clusterNames: words.length ? words : null, skipFinished: flags["skip-finished"] }
    const answer = await session.call<JobQueueAnswer>("queue", params)
    const codes = answer.notices || answer.notFound.length ? await more().foreword(session, answer, json) : []
    if (json) stdout.write(jsonLine(answer.jobs))
    else {
      showJobs(answer, Date.now(), flags)
      if (!answer.clusters[0] && !codes[0] && !answer.incomplete) stderr.write("No clusters.\n")
    }
    return Math.max(exitCodes.ok, ...codes)
  }
)
