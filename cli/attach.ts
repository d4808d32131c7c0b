/**
 * Asks for a launch or an exec and stays with it: phases on stderr, setup's output dimmed among them, the job's log on stdout.
 * Ctrl-C leaves, the work goes on; a second one ends us at once. With JSON the log goes to stderr, and stdout gets one object.
 */

import { makePrefixer } from "../sdk/client/Prefixer.ts"
import type { Session } from "../sdk/client/Session.ts"
import { ulid } from "../sdk/client/ulid.ts"
import { exitCodes } from "../sdk/protocol/exit-codes.ts"
import type { Launched } from "../sdk/protocol/launch.ts"
import type { LogsAnswer } from "../sdk/protocol/queries.ts"
import type { Progress as Phase } from "../sdk/protocol/Wire.ts"
import type { Task } from "../task/Task.ts"
import { onInterrupt } from "./interrupt.ts"
import { more } from "./load.ts"
import { type Out, stderr, stdout } from "./out.ts"
import { jsonLine } from "./render/json.ts"
import { makeProgress, type Progress } from "./render/Progress.ts"
import { clean, glyph, isColoured, paint } from "./render/style.ts"

/** Shows the phases in place of the progress, and more about them. */
export interface Watcher {
  readonly take: (phase: Phase) => void
  /** What failed, without what was shown already. */
  readonly explain: (error: unknown) => Promise<unknown>
  /** Whether what it is at now has output that can be followed. */
  readonly hasLogs: () => boolean
  /** Before what comes next is printed. */
  readonly drained: () => Promise<void>
}

interface Attachment {
  readonly session: Session
  readonly method: "launch" | "exec"
  readonly params: { readonly clusterName?: string | null; readonly task?: Pick<Task, "secrets"> }
  readonly json: boolean
  readonly detach: boolean
  /** What to type to do it again, if anything can be typed. */
  readonly again: string | undefined
  /** What becomes of the cluster by itself: `goes after 1 idle minute`. */
  readonly fate?: string | false | undefined
  readonly watch?: (session: Session, progress: Progress) => Watcher
}

const againMaxLength = 400

/** Only what can be pasted: a secret that was struck out of a flag comes from the environment, one in the command cannot come back. */
const pasteable = ({ again, params }: Attachment): string => {
  const text = (again ?? "").replace(/(--env[ =]\w+)=\*+/g, "$1")
  const secret = Object.keys(params.task?.secrets ?? {}).some((name) => text.includes(`${name}=`))
  const whole = text !== "" && text.length <= againMaxLength && clean(text) === text && !text.includes("=***") && !secret
  return whole ? `again: ${text} ${glyph("dot")} ` : ""
}

export const dim = (stream: Out) => (prefix: string) => paint("dim", clean(prefix), isColoured(stream))

const submit = async ({ session, method, params, watch }: Attachment, progress: Progress): Promise<Launched> => {
  const operation = ulid()
  const watcher = watch?.(session, progress)
  const restore = onInterrupt(() => more().detached(method, params.clusterName, operation, watcher?.hasLogs()))
  try {
    return await session.call<Launched>(method, params, { onProgress: (watcher ?? progress).take }, operation)
  } catch (error) {
    throw (await watcher?.explain(error)) ?? error
  } finally {
    await watcher?.drained()
    progress.end()
    restore()
  }
}

const tell = ({ notices }: Pick<LogsAnswer, "notices">) => notices && more().notify(notices)

/** Streams a job's log to its end. */
export const followJob = async (session: Session, params: object, out: Out): Promise<LogsAnswer> => {
  const lines = makePrefixer((bytes) => out.write(bytes), dim(out))
  try {
    return await session.call<LogsAnswer>("logs", params, {
      onSource: ({ rank, prefix }) => lines.source(rank, prefix),
      onLog: (rank, bytes) => lines.push(rank, bytes),
      onAt: (_, page) => tell(page as LogsAnswer)
    })
  } finally {
    if (lines.end() && out.isTTY()) stderr.write("\n")
  }
}

export const attach = async (attachment: Attachment): Promise<number> => {
  const { session, json, detach, fate } = attachment
  const again = pasteable(attachment)
  const dot = ` ${glyph("dot")} `
  const progress = makeProgress(json)
  const launched = await submit(attachment, progress)
  const { canStop, jobId, ssh } = launched
  tell(launched)
  const cluster = launched.cluster ?? attachment.params.clusterName ?? ""
  const end = (text: string, stop?: boolean) => {
    if (json) return
    const goes = fate ? `${cluster} ${fate} (cancel: sky autostop --cancel ${cluster})\n` : ""
    const shell = ssh ? ssh + dot : ""
    stderr.write(`\n${goes}${again}${text}${shell}end: ${stop ? `sky stop ${cluster}, ` : ""}sky down ${cluster}\n`)
  }
  const job = `Job ${jobId}`
  const logs = `sky logs ${cluster} ${jobId}`
  const cancel = `sky cancel ${cluster} ${jobId}`
  const ways = `logs: ${logs}${dot}cancel: ${cancel}${dot}`
  if (jobId === null || detach) {
    if (jobId !== null) progress.line("done", job, "submitted")
    end(jobId === null ? "" : ways)
    if (json) stdout.write(jsonLine({ ...launched, status: null }))
    return exitCodes.ok
  }
  progress.line("running", job, `${ways}end: sky down ${cluster}`)
  const restore = onInterrupt(() => `Detached; job ${jobId} goes on. Follow: ${logs}${dot}Cancel: ${cancel}`)
  const begunAtMs = Date.now()
  const ended = await followJob(session, { clusterName: cluster, jobId, follow: true }, json ? stderr : stdout)
  restore()
  const succeeded = ended.status === "SUCCEEDED"
  const reason = ended.reason?.replace(/^setup: /, "")
  const words = `${(ended.status ?? "gone").toLowerCase().replace("_", " in ")}${reason ? `: ${reason}` : ""}`
  progress.line(succeeded ? "done" : "failed", job, words, Date.now() - begunAtMs)
  end(`logs: ${logs}${dot}`, canStop)
  if (json) stdout.write(jsonLine({ ...launched, status: ended.status, returnCodes: ended.returnCodes, reason: ended.reason }))
  return succeeded ? exitCodes.ok : json ? more().tellFailed(jobId, cluster, words) : exitCodes.jobFailed
}
