/**
 * The output of a launch's setup, dimmed between the phases while it runs. Whole lines only: a phase's line may come between.
 * With JSON it goes to stderr alone, as the job's does.
 */

import { ClientError } from "../sdk/client/ClientError.ts"
import type { Session } from "../sdk/client/Session.ts"
import type { Progress as Phase } from "../sdk/protocol/Wire.ts"
import { dim, type Watcher } from "./attach.ts"
import { stderr } from "./out.ts"
import { asClientError } from "./render/error.ts"
import { makePrefixer } from "./render/Prefixer.ts"
import type { Progress } from "./render/Progress.ts"

/** How long the last output may take after setup has ended. */
const drainMs = 2_000
const retryMs = 20

export const watchSetup = (session: Session, progress: Progress, json: boolean): Watcher => {
  let output: Promise<void> | undefined
  let drained: Promise<unknown> | undefined
  let shown = false
  /** The end of setup and what follows it are told after its output. */
  let told: Promise<unknown> = Promise.resolve()
  const lines = makePrefixer((bytes) => progress.above(bytes.toString()), dim(stderr))
  // A second source besides the real one: unfinished lines are held.
  lines.source(-1, "")
  const follow = async (clusterName: string, setup: string): Promise<void> => {
    const handlers = {
      onSource: ({ rank, prefix }: { rank: number; prefix: string }) => lines.source(rank, prefix),
      onLog: (rank: number, bytes: string | Buffer) => {
        shown = true
        lines.push(rank, bytes)
      }
    }
    // The fact that a setup starts is there before the setup: until that has ended it is asked for again.
    for (let last = false; !last; ) {
      last = drained !== undefined
      const found = session.call("logs", { clusterName, setup, follow: true }, handlers)
      if (
        await found.then(
          () => true,
          () => false
        )
      )
        break
      if (!last) await new Promise((done) => setTimeout(done, retryMs))
    }
    if (lines.end()) progress.above("\n")
  }
  const drain = () => {
    drained ??= output && Promise.race([output, new Promise<void>((done) => setTimeout(done, drainMs).unref())])
    return drained
  }
  const end = () => {
    told = told.then(drain)
    return told.then(() => {})
  }
  return {
    take: (phase: Phase) => {
      const { state, cluster, operation } = phase
      const isSetup = phase.phase === "setup"
      if (isSetup && state === "running") output ??= follow(cluster, operation)
      if (isSetup && state !== "running") void end()
      told = told.then(() => progress.take(phase))
    },
    explain: async (cause) => {
      await end()
      const { tag, exitCode, message, hint } = asClientError(cause)
      const at = message.indexOf(" Its last lines:")
      return shown && at > 0 && !json ? new ClientError(tag, exitCode, message.slice(0, at), hint) : cause
    },
    drained: end
  }
}
