/** The output of a launch's setup, dimmed between the phases while it runs. Whole lines only: a phase's line may come between. */

import { type Attachment, dim } from "./attach.ts"
import { stderr } from "./out.ts"
import { makePrefixer } from "./render/Prefixer.ts"

/** How long the last output may take after the launch was answered. */
const drainMs = 2_000
const retryMs = 20

export const watchSetup: NonNullable<Attachment["watch"]> = (session, progress) => {
  let output: Promise<void> | undefined
  let answered = false
  const lines = makePrefixer((bytes) => progress.above(bytes.toString()), dim(stderr))
  // A second source besides the real one: unfinished lines are held.
  lines.source(-1, "")
  const follow = async (clusterName: string, setup: string): Promise<void> => {
    const handlers = {
      onSource: ({ rank, prefix }: { rank: number; prefix: string }) => lines.source(rank, prefix),
      onLog: (rank: number, bytes: string | Buffer) => lines.push(rank, bytes)
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
  return {
    take: ({ phase, state, cluster, operation }) => {
      if (phase === "setup" && state === "running") output ??= follow(cluster, operation)
    },
    drained: () => {
      answered = true
      return Promise.race([output, new Promise<void>((done) => setTimeout(done, output ? drainMs : 0).unref())])
    }
  }
}
