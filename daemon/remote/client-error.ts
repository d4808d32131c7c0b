/** Why a connection was lost, as ssh2 has it, in words. */
import { RemoteError, remoteError } from "./RemoteError.ts"
import { networkError } from "./route.ts"
import { called, type Target } from "./Target.ts"

export const closedThere = (target: Target): RemoteError => remoteError("ConnectionLost", target, `${called(target)} closed the connection`)

export const clientError = (target: Target, error: Error & { readonly level?: string }): RemoteError => {
  if (error instanceof RemoteError) return error
  if (error.level === "client-timeout") return remoteError("ConnectionLost", target, `${called(target)} answers no more`)
  if (/^Unable to exec/.test(error.message))
    return remoteError("NoShell", target, `${target.name} lets us in and runs no commands: it refuses exec`)
  if (error.level === "client-socket") return networkError(target, error)
  return remoteError("ConnectionLost", target, `the connection to ${called(target)} was lost: ${error.message}`)
}
