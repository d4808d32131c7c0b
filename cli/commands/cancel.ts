/** `sky cancel`: ends jobs with their whole process trees. Without a job: the latest running one. */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { confirm } from "../ask.ts"
import { stderr, stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { makeProgress } from "../render/Progress.ts"
import { wholeNumber } from "../task/options.ts"
import { verb } from "../verb.ts"

const usage = "sky cancel [-y] CLUSTER [-a | JOB…]"

export const cancel = verb(
  usage,
  { all: { type: "boolean", short: "a" }, yes: { type: "boolean", short: "y" } },
  async ({ flags, words, json, connect }) => {
    const [clusterName, ...ids] = words
    if (clusterName === undefined) throw usageError("On which cluster?", `Usage: ${usage}`)
    const jobIds = ids.map((id) => wholeNumber("JOB", id, 1))
    if (flags.all && jobIds.length > 0) throw usageError("-a and job ids do not go together.", `Usage: ${usage}`)
    const what = flags.all ? "all jobs" : jobIds.length > 0 ? `job ${jobIds.join(", ")}` : "the latest running job"
    if (!flags.yes) await confirm(`Cancel ${what} on ${clusterName}?`, true)
    const progress = makeProgress(json)
    progress.run("Cancelling", what)
    const params = { clusterName, ...(flags.all ? { all: true } : jobIds.length > 0 ? { jobIds } : {}) }
    const answer = await connect()
      .call<{ cluster: string; cancelled: ReadonlyArray<number> }>("cancel", params)
      .finally(() => progress.end())
    if (json) stdout.write(jsonLine(answer))
    else if (answer.cancelled.length === 0) stderr.write("No job was cancelled: none of them was still going.\n")
    else progress.line("done", `Job ${answer.cancelled.join(", ")}`, "cancelled")
    return exitCodes.ok
  }
)
