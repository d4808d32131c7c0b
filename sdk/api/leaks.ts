/** `leaks`, `endLeaks` and `adopt`: what the clouds hold under tags of ours and no cluster has. */
import type { LeaksAdoptAnswer, LeaksAnswer, LeaksEndAnswer, LeakView } from "../protocol/leaks.ts"
import { type Maybe, clusterName as nameOf, options, yesOrNo } from "./arguments.ts"
import { ask, type Waiting } from "./call.ts"

export interface LeaksOptions extends Waiting {
  /** Also what other logs have made, whoever's: machines in use by others may be among it. */
  readonly all?: Maybe<boolean>
}
export interface EndLeaksOptions extends Waiting {}
export interface AdoptOptions extends Waiting {
  /** The cluster's new name, where it is not to have the one that it had. */
  readonly as?: Maybe<string>
}

/** Something that a cloud holds under tags of a log, and that no cluster has. */
export interface LeakRecord {
  readonly kind: "machine" | "disk" | "group" | "image" | "snapshot"
  /** As its cloud calls it. */
  readonly id: string
  readonly cloud: string
  readonly region: string | null
  /** That it was made for, by its tags. */
  readonly clusterName: string
  readonly clusterHash: string
  /** Whether this daemon's log has made it. */
  readonly isOurs: boolean
  /** Of a machine. */
  readonly state: "running" | "stopped" | null
  /** Unix seconds. */
  readonly madeAt: number | null
  /** USD, of a machine that runs; null where no list has it. */
  readonly costPerHour: number | null
  /** Why no cluster has it. */
  readonly reason: string
}
/** `silent`: where more may be, and why that is not known. */
export interface LeaksFound {
  readonly leaks: Array<LeakRecord>
  readonly silent: Array<string>
}
/** `kept` may still be there, for the reason that its cloud gave; `notFound` is no leak of this log any more. */
export interface LeaksEnded {
  readonly ended: Array<LeakRecord>
  readonly kept: Array<{ readonly leak: LeakRecord; readonly message: string }>
  readonly notFound: Array<string>
  readonly silent: Array<string>
}

const recordOf = ({
  clusterId,
  cloud,
  clusterName,
  id,
  isOurs,
  kind,
  madeAtMs,
  reason,
  region,
  state,
  usdPerHour
}: LeakView): LeakRecord => ({
  kind,
  id,
  cloud,
  region,
  clusterName,
  clusterHash: clusterId,
  isOurs,
  state,
  madeAt: madeAtMs === null ? null : Math.floor(madeAtMs / 1000),
  costPerHour: usdPerHour,
  reason
})

/** Asks all clouds, in all their regions. What a launch under way has asked for is no leak, nor is what has only just ended. */
export const leaks = async (leaksOptions?: Maybe<LeaksOptions>): Promise<LeaksFound> => {
  const { all, signal } = options(leaksOptions, ["all", "signal"], "leaks")
  const found = await ask<LeaksAnswer>("leaks", { all: yesOrNo(all, "all") ?? false }, { signal })
  return { leaks: found.leaks.map(recordOf), silent: [...found.silent] }
}

/**
 * Ends leaks of this log, by their ids or by the name or hash of their clusters. Each is a fact before its cloud is told; again is
 * harmless.
 */
export const endLeaks = async (names: Iterable<string>, endLeaksOptions?: Maybe<EndLeaksOptions>): Promise<LeaksEnded> => {
  const { signal } = options(endLeaksOptions, ["signal"], "endLeaks")
  if (typeof names === "string") throw new TypeError("names takes several names: [name].")
  const { ended, kept, notFound, silent } = await ask<LeaksEndAnswer>("leaks.end", { names: [...names] }, { signal })
  return {
    ended: ended.map(recordOf),
    kept: kept.map(({ leak, message }) => ({ leak: recordOf(leak), message })),
    notFound: [...notFound],
    silent: [...silent]
  }
}

/**
 * Makes machines that no cluster has a cluster of this log, whoever's they were. Nothing is done to them; `status` with a refresh, `stop`
 * and `down` work from then on. Returns its name.
 *
 * Rejects with `ValueError` (no such machines, or several clusters of that name), `RuntimeError` (a cloud does not answer).
 */
export const adopt = async (name: string, adoptOptions?: Maybe<AdoptOptions>): Promise<string> => {
  const { as, signal } = options(adoptOptions, ["as", "signal"], "adopt")
  const params = { name: nameOf(name), as: as === null || as === undefined ? null : nameOf(as) }
  return (await ask<LeaksAdoptAnswer>("leaks.adopt", params, { signal })).cluster
}
