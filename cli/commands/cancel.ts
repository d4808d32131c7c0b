/** `sky cancel`: ends jobs with their whole process trees. Without a job: the latest running one. */

import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer } from "../../sdk/protocol/queries.ts"
import type { JobView } from "../../sdk/protocol/rows.ts"
import { confirm } from "../ask.ts"
import { stderr, stdout } from "../out.ts"
import { missing, refusePattern } from "../pick.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { makeProgress } from "../render/Progress.ts"
import { clean } from "../render/style.ts"
import { took } from "../render/time.ts"
import { wholeNumber } from "../task/options.ts"
import { verb } from "../verb.ts"

const usage = "sky cancel [-y] CLUSTER [-a | JOB…]"

const jobsOf = (ids: ReadonlyArray<number>, word = "job") => `${word}${ids.length === 1 ? "" : "s"} ${ids.join(", ")}`

const open: ReadonlyArray<JobView["status"]> = ["PENDING", "SETTING_UP", "RUNNING"]

const known = ({ id, name, status, startedAtMs }: JobView): string => {
  const since = startedAtMs === null ? "" : ` ${took(Date.now() - startedAtMs)}`
  return `${id} (${[clean(name ?? ""), status.toLowerCase().replace("_", " ") + since].filter(Boolean).join(", ")})`
}

/** Looks before it asks. What is over already is no question. */
const ask = async (session: Session, cluster: string, jobIds: ReadonlyArray<number>, all: boolean): Promise<void> => {
  const params = { clusterNames: [cluster], ...(jobIds.length > 0 ? { jobIds } : {}) }
  const { jobs, notFound } = await session.call<JobQueueAnswer>("queue", params)
  for (const error of await missing(session, notFound)) throw error
  const going = jobs.filter(({ status }) => open.includes(status)).sort((a, b) => a.id - b.id)
  const latest = going.filter(({ status }) => status !== "PENDING").slice(-1)
  const meant = all || jobIds.length > 0 ? going : latest
  if (meant.length > 0)
    await confirm(`Cancel ${meant.length === 1 ? "job" : "jobs"} ${meant.map(known).join(", ")} on ${clean(cluster)}?`, true)
}

export const cancel = verb(
  usage,
  { all: { type: "boolean", short: "a" }, yes: { type: "boolean", short: "y" } },
  async ({ flags, words, json, connect }) => {
    const [clusterName, ...ids] = words
    if (clusterName === undefined) throw usageError("On which cluster?", `Usage: ${usage}`)
    const jobIds = ids.map((id) => wholeNumber("JOB", id, 1))
    if (flags.all && jobIds.length > 0) throw usageError("-a and job ids do not go together.", `Usage: ${usage}`)
    const session = connect()
    await refusePattern(session, clusterName, "cancel")
    if (!flags.yes) await ask(session, clusterName, jobIds, flags.all === true)
    const what = flags.all ? "all jobs" : jobIds.length > 0 ? jobsOf(jobIds) : "the latest running job"
    const progress = makeProgress(json)
    progress.run("Cancelling", what)
    const params = { clusterName, ...(flags.all ? { all: true } : jobIds.length > 0 ? { jobIds } : {}) }
    const answer = await session.call<{ cluster: string; cancelled: ReadonlyArray<number> }>("cancel", params).finally(() => progress.end())
    if (json) stdout.write(jsonLine(answer))
    else if (answer.cancelled.length === 0) stderr.write("No job was cancelled: none of them was still going.\n")
    else progress.line("done", jobsOf(answer.cancelled, "Job"), "cancelled")
    return exitCodes.ok
  }
)
