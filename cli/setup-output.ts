/** The output of a launch's setup, dimmed between the phases while it runs. Whole lines only: a phase's line may come between. */

import { ClientError } from "../sdk/client/ClientError.ts"
import { type Attachment, dim } from "./attach.ts"
import { stderr } from "./out.ts"
import { asClientError } from "./render/error.ts"
import { makePrefixer } from "./render/Prefixer.ts"

/** How long the last output may take after the launch was answered. */
const drainMs = 2_000
const retryMs = 20

export const watchSetup: NonNullable<Attachment["watch"]> = (session, progress) => {
  let output: Promise<void> | undefined
  let answered = false
  let shown = false
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
    // The fact that a setup starts is there before the setup: until the launch is answered it is asked for again.
    for (let last = false; !last; ) {
      last = answered
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
  const drained = () => {
    answered = true
    return Promise.race([output, new Promise<void>((done) => setTimeout(done, output ? drainMs : 0).unref())])
  }
  return {
    take: ({ phase, state, cluster, operation }) => {
      if (phase === "setup" && state === "running") output ??= follow(cluster, operation)
    },
    explain: async (cause) => {
      await drained()
      const { tag, exitCode, message, hint } = asClientError(cause)
      const at = message.indexOf(" Its last lines:")
      return shown && at > 0 ? new ClientError(tag, exitCode, message.slice(0, at), hint) : cause
    },
    drained
  }
}
