/** The output of a launch's setup, dimmed between the phases while it runs. With JSON it goes to stderr alone, as the job's does. */
import { ClientError } from "../sdk/client/ClientError.ts"
import type { Session } from "../sdk/client/Session.ts"
import { followSetup } from "../sdk/client/setup-output.ts"
import { dim, type Watcher } from "./attach.ts"
import { stderr } from "./out.ts"
import { asClientError } from "./render/error.ts"
import type { Progress } from "./render/Progress.ts"

export const watchSetup = (session: Session, progress: Progress, json: boolean): Watcher => {
  let isAtSetup = false
  const { drained, shown, take } = followSetup(session, { take: progress.take, print: progress.above, dress: dim(stderr) })
  return {
    take: (phase) => {
      isAtSetup = phase.phase === "setup" && phase.state === "running"
      take(phase)
    },
    hasLogs: () => isAtSetup,
    explain: async (cause) => {
      await drained()
      const { exitCode, fields, hint, message, tag } = asClientError(cause)
      const said = fields?.["detailedReason"]
      if (shown() || json || typeof said !== "string") return cause
      return new ClientError(tag, exitCode, `${message} Its last lines:\n${said}`, hint)
    },
    drained
  }
}
