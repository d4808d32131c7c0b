/** The lazy half: all verbs but four, help, and what reads YAML. Loaded by main.ts when asked for; may be as large as it likes. */
import { didYouMean } from "../task/near.ts"
import { audit } from "./commands/audit.ts"
import { autostop } from "./commands/autostop.ts"
import { cancel } from "./commands/cancel.ts"
import { catalog } from "./commands/catalog.ts"
import { check } from "./commands/check.ts"
import { completion, completionNames } from "./commands/completion.ts"
import { costReport } from "./commands/cost-report.ts"
import { daemon } from "./commands/daemon.ts"
import { down } from "./commands/down.ts"
import { events } from "./commands/events.ts"
import { launch } from "./commands/launch.ts"
import { leaks } from "./commands/leaks.ts"
import { ops } from "./commands/ops.ts"
import { replay } from "./commands/replay.ts"
import { rpc } from "./commands/rpc.ts"
import { gpus, showGpus } from "./commands/show-gpus.ts"
import { ssh } from "./commands/ssh.ts"
import { start } from "./commands/start.ts"
import { stop } from "./commands/stop.ts"
import { task } from "./commands/task.ts"
import { why } from "./commands/why.ts"
import { usageError } from "./render/error.ts"
import type { Verb } from "./verb.ts"

export * as rare from "../sdk/client/rare.ts"
export { redact } from "../sdk/client/redact.ts"
export { awaiting } from "./awaiting.ts"
export { tryExec } from "./commands/exec-dryrun.ts"
export { execTask, taskForExec } from "./commands/exec-task.ts"
export { headIp } from "./commands/head-ip.ts"
export { tellFailed } from "./commands/job-status.ts"
export { otherLogs } from "./commands/other-logs.ts"
export { queueAt, statusAt } from "./commands/past.ts"
export { detached } from "./detached.ts"
export { explain, explainFlags } from "./explain.ts"
export { help, tellVersion } from "./help.ts"
export { foreword } from "./pick.ts"
export { bill } from "./render/bill.ts"
export { hung } from "./render/broken.ts"
export { showError, wantsJson } from "./render/error.ts"
export { notify } from "./render/notify.ts"
export { tellUnread } from "./render/unread.ts"

const verbs = new Map<string, Verb>(
  Object.entries({
    launch,
    cancel,
    stop,
    start,
    down,
    autostop,
    ops,
    events,
    replay,
    audit,
    why,
    "cost-report": costReport,
    daemon,
    completion,
    check,
    "show-gpus": showGpus,
    gpus,
    catalog,
    ssh,
    leaks,
    rpc,
    task,
    "complete-names": completionNames
  })
)

export const findVerb = (name: string, others: ReadonlyArray<string>): Verb => {
  const found = verbs.get(name)
  if (found !== undefined) return found
  if (name.startsWith("-")) throw usageError(`Unknown flag '${name}'.`, "Flags come after the verb: sky VERB --help")
  const near = didYouMean(name, [...verbs.keys(), ...others])
  throw usageError(`Unknown verb '${name}'.${near ? ` Did you mean '${near}'?` : ""}`, "All of them: sky --help")
}
