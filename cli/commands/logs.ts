/** `sky logs`: a job's output on stdout, as it comes. Ctrl-C stops the stream, not the job. */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer } from "../../sdk/protocol/queries.ts"
import { followJob } from "../attach.ts"
import { onInterrupt } from "../interrupt.ts"
import { more } from "../load.ts"
import { stderr, stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { glyph } from "../render/style.ts"
import { wholeNumber } from "../task/options.ts"
import { verb } from "../verb.ts"

const usage = "sky logs [--no-follow] [--tail N] [--rank N] [--status | -s] CLUSTER [JOB]"

export const logs = verb(
  usage,
  {
    follow: { type: "boolean" },
    "no-follow": { type: "boolean" },
    tail: { type: "string" },
    status: { type: "boolean" },
    rank: { type: "string" },
    "sync-down": { type: "boolean", short: "s" }
  },
  async ({ flags, words, json, connect }) => {
    const [clusterName, ...ids] = words
    if (clusterName === undefined) throw usageError("Of which cluster?", `Usage: ${usage}`)
    const jobIds = ids.map((id) => wholeNumber("JOB", id, 1))
    const jobId = jobIds[0] ?? null
    const session = connect()
    if (flags["sync-down"] || flags.status || ids.length > 1) return more().otherLogs(session, clusterName, jobIds, flags, json, usage)
    const params = {
      clusterName,
      jobId,
      follow: !flags["no-follow"],
      ...(flags.tail === undefined ? {} : { tail: wholeNumber("--tail", flags.tail, 0) }),
      ...(flags.rank === undefined ? {} : { rank: wholeNumber("--rank", flags.rank, 0) })
    }
    // Only to name it when we are left.
    let shown: number | null | undefined = jobId
    if (shown === null && params.follow) {
      const found = session.call<JobQueueAnswer>("queue", { clusterNames: [clusterName] })
      found.then(
        ({ jobs }) => {
          // One that is over was not the latest: a launch is at its setup.
          if (!jobs[0]?.endedAtMs) shown = jobs[0]?.id
        },
        () => {}
      )
    }
    const restore = onInterrupt(() => {
      const id = shown ? ` ${shown}` : ""
      return `Detached; ${id ? "" : "the "}job${id} goes on. Follow: sky logs ${clusterName}${id} ${glyph("dot")} Cancel: sky cancel ${clusterName}${id}`
    })
    const ended = await followJob(session, params, json ? stderr : stdout)
    restore()
    if (ended.unread) more().tellUnread(ended)
    if (json) stdout.write(jsonLine(ended))
    else if (ended.status !== null && stderr.isTTY())
      stderr.write(`Job ${ended.jobId} ${ended.status}${ended.reason ? `: ${ended.reason}` : ""}\n`)
    return exitCodes.ok
  }
)
