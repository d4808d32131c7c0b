/** `stop`, `start`, `down` and `autostop`. */
import { type Maybe, minutesToAutostop, clusterName as nameOf, options, wholeNumber, yesOrNo } from "./arguments.ts"
import { programName, type Waiting, wish } from "./call.ts"
import { ValueError } from "./exceptions.ts"
import { handleOf, type ResourceHandle } from "./ResourceHandle.ts"

export interface PurgeOptions extends Waiting {
  /**
   * Try the cloud once, and change the record whatever comes of it. Only for repair by hand: what is still there, and what it costs, is
   * then yours to find.
   */
  readonly purge?: Maybe<boolean>
}

export interface StartOptions extends Waiting {
  /** Stop the cluster after so many whole minutes without a job; 0 counts as 1. Where nothing is said the setting stays as it is. */
  readonly idleMinutesToAutostop?: Maybe<number>
  /** Ask again and again, in the same place, until it is up. */
  readonly retryUntilUp?: Maybe<boolean>
  /** Tear it down in place of stopping it; needs `idleMinutesToAutostop`. */
  readonly down?: Maybe<boolean>
  /** Start it even if it is UP, and install the runtime anew. */
  readonly force?: Maybe<boolean>
}

export interface AutostopOptions extends Waiting {
  /** Tear it down in place of stopping it. */
  readonly down?: Maybe<boolean>
}

const end = async (method: "stop" | "down", name: string, given: Maybe<PurgeOptions>): Promise<void> => {
  const { purge, signal } = options(given, ["purge", "signal"], method)
  const params = { clusterName: nameOf(name), purge: yesOrNo(purge, "purge") ?? false, lastUse: programName() }
  await wish(method, params, { signal })
}

/**
 * Stops a cluster. Its disks are kept, and cost; the machines cost nothing from then on. `start` brings it back.
 *
 * Rejects with `ValueError` (no such cluster), `RuntimeError` (the cloud fails), `NotSupportedError` (it cannot be stopped, only torn
 * down), `ClusterOwnerIdentityMismatchError`, `CloudUserIdentityError`.
 */
export const stop = (clusterName: string, stopOptions?: Maybe<PurgeOptions>): Promise<void> => end("stop", clusterName, stopOptions)

/**
 * Tears a cluster down: machines, disks and all data on them are gone.
 *
 * Rejects with `ValueError` (no such cluster), `RuntimeError` (the cloud fails), `NotSupportedError`, `ClusterOwnerIdentityMismatchError`,
 * `CloudUserIdentityError`.
 */
export const down = (clusterName: string, downOptions?: Maybe<PurgeOptions>): Promise<void> => end("down", clusterName, downOptions)

/**
 * Brings a STOPPED cluster back, or tries an INIT one again, in the place that was chosen before. On one that is UP it has no effect.
 *
 * Rejects with `ValueError` (no such cluster; `down` without minutes), `ResourcesUnavailableError` (its place has no room: it stays
 * STOPPED), `NotSupportedError`, `ClusterOwnerIdentityMismatchError`, `CloudUserIdentityError`.
 */
export const start = async (clusterName: string, startOptions?: Maybe<StartOptions>): Promise<ResourceHandle> => {
  const known = ["idleMinutesToAutostop", "retryUntilUp", "down", "force", "signal"] as const
  const given = options(startOptions, known, "start")
  const params = {
    clusterName: nameOf(clusterName),
    idleMinutesToAutostop: minutesToAutostop(given.idleMinutesToAutostop),
    retryUntilUp: yesOrNo(given.retryUntilUp, "retryUntilUp") ?? false,
    down: yesOrNo(given.down, "down") ?? false,
    force: yesOrNo(given.force, "force") ?? false,
    lastUse: programName()
  }
  return handleOf((await wish("start", params, given)).handle)
}

/**
 * Stops a cluster by itself once it has been idle for so many whole minutes: no job waits, sets up or runs. 0 acts at the next look, a
 * negative number cancels the setting. Of several settings the last holds; one over another does not begin the count anew.
 *
 * Rejects with `ValueError` (no such cluster), `ClusterNotUpError`, `NotSupportedError`, `ClusterOwnerIdentityMismatchError`,
 * `CloudUserIdentityError`.
 */
export const autostop = async (clusterName: string, idleMinutes: number, autostopOptions?: Maybe<AutostopOptions>): Promise<void> => {
  const { down, signal } = options(autostopOptions, ["down", "signal"], "autostop")
  const name = nameOf(clusterName)
  const minutes = wholeNumber(idleMinutes, "idleMinutes")
  if (minutes === undefined) throw new ValueError("idleMinutes is needed: whole minutes, or a negative number to cancel.")
  await wish("autostop", { clusterName: name, idleMinutes: minutes, down: yesOrNo(down, "down") ?? false }, { signal })
}
