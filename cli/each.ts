/** One command for several clusters: all are tried side by side, each result is printed, the highest exit code is ours. */

import type { Session } from "../sdk/client/Session.ts"
import { exitCodes } from "../sdk/protocol/exit-codes.ts"
import type { ClusterView } from "../sdk/protocol/rows.ts"
import { confirm } from "./ask.ts"
import { onInterrupt } from "./interrupt.ts"
import { stderr, stdout } from "./out.ts"
import { pick } from "./pick.ts"
import { asClientError, showError } from "./render/error.ts"
import { jsonLine } from "./render/json.ts"
import { makeProgress } from "./render/Progress.ts"
import { clean } from "./render/style.ts"

export interface Each {
  readonly session: Session
  readonly method: "stop" | "start" | "down" | "autostop"
  readonly names: ReadonlyArray<string>
  readonly all: boolean
  readonly yes: boolean
  readonly json: boolean
  readonly usage: string
  /** The running line: `Stopping`. */
  readonly doing: string
  readonly question: (clusters: ReadonlyArray<ClusterView>) => string
  readonly byDefault: boolean
  readonly params: object
  /** What is said of a cluster when it is done. */
  readonly said: (cluster: ClusterView, value: Record<string, unknown>) => string
}

export const each = async (work: Each): Promise<number> => {
  const { session, method, json } = work
  const { clusters, errors } = await pick(session, work.names, work.all, work.usage)
  const codes = errors.map((error) => showError(error, json))
  const results: Array<object> = []
  if (clusters.length > 0) {
    if (!work.yes) await confirm(work.question(clusters), work.byDefault)
    const progress = makeProgress(json)
    const shown = clusters.map(({ name }) => clean(name)).join(", ")
    progress.run(work.doing, shown)
    const restore = onInterrupt(() => `Detached; the ${method} of ${shown} goes on. Watch: sky status`)
    const one = async (cluster: ClusterView): Promise<void> => {
      const begunAtMs = Date.now()
      try {
        const value = await session.call<Record<string, unknown>>(method, { ...work.params, clusterName: cluster.name })
        progress.line("done", cluster.name, work.said(cluster, value), Date.now() - begunAtMs)
        results.push({ cluster: cluster.name, ok: true, ...value })
      } catch (cause) {
        const { tag, message, hint, exitCode } = asClientError(cause)
        results.push({ cluster: cluster.name, ok: false, error: { tag, message, hint, exitCode } })
        progress.above("")
        codes.push(showError(cause, json))
      }
    }
    await Promise.all(clusters.map(one))
    progress.end()
    restore()
  }
  if (json) stdout.write(jsonLine({ clusters: results }))
  else if (clusters.length === 0 && codes.length === 0) stderr.write("No clusters.\n")
  return Math.max(exitCodes.ok, ...codes)
}

export const namesOf = (clusters: ReadonlyArray<ClusterView>): string => clusters.map(({ name }) => clean(name)).join(", ")

/** `2 jobs run or wait there and end as failed`, when so. */
export const jobsLost = (clusters: ReadonlyArray<ClusterView>): string => {
  const count = clusters.reduce((sum, { jobs }) => sum + jobs.pending + jobs.running, 0)
  return count === 0 ? "" : ` ${count === 1 ? "1 job of it is" : `${count} jobs are`} not over and will fail.`
}
