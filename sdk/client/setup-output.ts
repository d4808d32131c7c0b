/** The output of a launch's setup while it runs, between the phases. Whole lines only: a phase's line may come between. */
import type { Progress as Phase } from "../protocol/Wire.ts"
import { makePrefixer } from "./Prefixer.ts"
import type { Session } from "./Session.ts"

/** How long the last output may take after setup has ended. */
const drainMs = 2_000
const retryMs = 20

interface SetupShow {
  /** The phases, each after the output that was there before it. */
  readonly take: (phase: Phase) => void
  readonly print: (text: string) => void
  readonly dress: (prefix: string) => string
}

interface SetupOutput {
  readonly take: (phase: Phase) => void
  /** Whether there was any. */
  readonly shown: () => boolean
  /** Before what comes next is printed. */
  readonly drained: () => Promise<void>
}

export const followSetup = (session: Session, { dress, print, take }: SetupShow): SetupOutput => {
  let output: Promise<void> | undefined
  let drained: Promise<unknown> | undefined
  let shown = false
  /** The end of setup and what follows it are told after its output. */
  let told: Promise<unknown> = Promise.resolve()
  const lines = makePrefixer((bytes) => print(bytes.toString()), dress)
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
    if (lines.end()) print("\n")
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
    take: (phase) => {
      const { cluster, operation, state } = phase
      const isSetup = phase.phase === "setup"
      if (isSetup && state === "running") output ??= follow(cluster, operation)
      if (isSetup && state !== "running") void end()
      told = told.then(() => take(phase))
    },
    shown: () => shown,
    drained: end
  }
}
