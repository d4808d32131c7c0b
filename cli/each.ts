/** One command for several clusters: all are tried side by side, each result is printed, the highest exit code is ours. */

import type { Session } from "../sdk/client/Session.ts"
import { exitCodes } from "../sdk/protocol/exit-codes.ts"
import type { ClusterView } from "../sdk/protocol/rows.ts"
import type { Progress as Phase } from "../sdk/protocol/Wire.ts"
import { plural } from "../task/plural.ts"
import { inner } from "../task/sentence.ts"
import { canAsk, confirm } from "./ask.ts"
import { onInterrupt } from "./interrupt.ts"
import { stderr, stdout } from "./out.ts"
import { pick } from "./pick.ts"
import { asClientError, showError } from "./render/error.ts"
import { jsonLine } from "./render/json.ts"
import { makeProgress, type Progress } from "./render/Progress.ts"
import { clean, glyph } from "./render/style.ts"

interface Each {
  readonly session: Session
  readonly method: "stop" | "start" | "down" | "autostop"
  readonly names: ReadonlyArray<string>
  readonly all: boolean
  readonly yes: boolean
  readonly json: boolean
  readonly usage: string
  /** The running line: `Stopping`. */
  readonly doing: string
  readonly question: (clusters: ReadonlyArray<ClusterView>) => string | Promise<string>
  readonly byDefault: boolean
  /** Nothing is asked of what can only be refused. */
  readonly mayDo?: (cluster: ClusterView) => boolean
  readonly params: object
  /** What is said of a cluster when it is done. */
  readonly said: string
  /** What is said of one that was so before. It is in no question, so nothing is done to it, whatever it has become meanwhile. */
  readonly settled?: (cluster: ClusterView) => string | false
  /** The way back: `again: sky start`. The names follow. */
  readonly back?: string | undefined
}

export const each = async (work: Each): Promise<number> => {
  const { session, method, json, all, usage, settled = () => false } = work
  const { clusters, errors } = await pick(session, work.names, { all, asks: !work.yes && canAsk(), usage })
  const codes = errors.map((error) => showError(error, json))
  const results: Array<object> = []
  const open: Array<ClusterView> = []
  const done: Array<string> = []
  const progress = makeProgress(json)
  for (const cluster of clusters) {
    const was = settled(cluster)
    if (was) {
      const { name, handle } = cluster
      progress.line("done", name, was)
      results.push({ cluster: name, ok: true, ...(method === "start" ? { handle } : {}) })
    } else open.push(cluster)
  }
  if (open.length > 0) {
    if (!work.yes && open.some(work.mayDo ?? (() => true))) await confirm(await work.question(open), work.byDefault)
    const shown = namesOf(open)
    progress.run(work.doing, shown)
    const restore = onInterrupt(
      () =>
        `Detached; the ${method} of ${shown} goes on. Watch: sky status${method === "start" ? ` ${glyph("dot")} Cancel: sky ops lists it, sky ops cancel ID ends it` : ""}`
    )
    const one = async ({ name }: ClusterView): Promise<void> => {
      const begunAtMs = Date.now()
      const refusals: Array<string> = []
      try {
        const value = await session.call<Record<string, unknown>>(
          method,
          { ...work.params, clusterName: name },
          { onProgress: toldOf(progress, "retryUntilUp" in work.params ? undefined : refusals) }
        )
        for (const detail of refusals) tellUndone(progress, name, detail)
        const isGone = method === "stop" && value["gone"] === true
        progress.line("done", name, isGone ? "gone: it had no machine yet" : work.said, Date.now() - begunAtMs)
        if (!isGone) done.push(name)
        results.push({ cluster: name, ok: true, ...value })
      } catch (cause) {
        const { tag, message, hint, exitCode, fields } = asClientError(cause)
        results.push({ cluster: name, ok: false, error: { tag, message, hint, exitCode, fields } })
        for (const detail of refusals) if (!message.includes(inner(detail))) tellUndone(progress, name, detail)
        progress.above("")
        codes.push(showError(cause, json))
      }
    }
    await Promise.all(open.map(one))
    progress.end()
    restore()
    if (work.back && done.length > 0 && !json) stderr.write(`${work.back} ${done.map(clean).join(" ")}\n`)
  }
  if (json) stdout.write(jsonLine({ clusters: results }))
  else if (clusters.length === 0 && codes.length === 0) stderr.write("No clusters.\n")
  return Math.max(exitCodes.ok, ...codes)
}

const tellUndone = ({ above }: Progress, cluster: string, detail: string) => above(`${glyph("failed")} ${clean(`${cluster}: ${detail}`)}\n`)

/**
 * What it waits for, and what keeps it, is said as it begins, and once; what is left undone, though the command goes well. `refusals`:
 * those of its place, of which most often the failure of the command is made; absent: it goes on after them.
 */
const toldOf = (progress: Progress, refusals?: Array<string>) => {
  const told = new Set<string>()
  return ({ cluster, detail, news, phase, state }: Phase) => {
    const why = phase === "queued" ? `waits ${detail}` : news ? detail : ""
    if (why !== "" && !told.has(why)) progress.line("running", cluster, why)
    told.add(why)
    if (state !== "failed") return
    if (refusals !== undefined && phase === "provision") refusals.push(detail)
    else tellUndone(progress, cluster, detail)
  }
}

export const namesOf = (clusters: ReadonlyArray<ClusterView>): string => clusters.map(({ name }) => clean(name)).join(", ")

/** `2 jobs run or wait there and end as failed`, when so. */
export const jobsLost = (clusters: ReadonlyArray<ClusterView>): string => {
  const count = clusters.reduce((sum, { jobs }) => sum + jobs.pending + jobs.running, 0)
  return count === 0 ? "" : ` ${plural(count, "job")} ${count === 1 ? "is" : "are"} not over and will fail.`
}
