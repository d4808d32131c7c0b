/** `status`: the clusters there are. */
import type { StatusAnswer } from "../protocol/queries.ts"
import { type Maybe, options, shown, yesOrNo } from "./arguments.ts"
import { ask, type Waiting } from "./call.ts"
import type { ClusterStatus } from "./enums.ts"
import { ValueError } from "./exceptions.ts"
import { handleOf, type ResourceHandle } from "./ResourceHandle.ts"

export interface StatusOptions extends Waiting {
  /** One name, or several; `null` means all clusters, an empty list none. What is not found is left out. */
  readonly clusterNames?: Maybe<string | Iterable<string>>
  /** Ask the clouds first. Else the answer is what is known. */
  readonly refresh?: Maybe<boolean>
}

/** A cluster. */
export interface ClusterRecord {
  readonly name: string
  /** Unix seconds of the last launch on it. */
  readonly launchedAt: number
  readonly handle: ResourceHandle
  /** The last command, or program, that affected it. */
  readonly lastUse: string
  readonly status: ClusterStatus
  /** Idle minutes after which it stops; -1 without a setting. */
  readonly autostop: number
  /** Whether it is then torn down. */
  readonly toDown: boolean
  readonly metadata: Readonly<Record<string, unknown>>
  /** Why a refresh did not see it: what is told of it is from before. Absent where it did, or none was asked for. */
  readonly unseen?: string
}

const namesOf = (names: StatusOptions["clusterNames"]): ReadonlyArray<string> | null => {
  if (names === null || names === undefined) return null
  const all: ReadonlyArray<unknown> =
    typeof names === "string" ? [names] : typeof names === "object" && Symbol.iterator in names ? [...names] : [names]
  const odd = all.findIndex((name) => typeof name !== "string")
  if (odd >= 0) throw new ValueError(`clusterNames takes a name or a list of names, got ${shown(all[odd])}.`)
  return all as ReadonlyArray<string>
}

/** Clusters, newest launch first. Names may be patterns (`train-*`). */
export const status = async (statusOptions?: Maybe<StatusOptions>): Promise<Array<ClusterRecord>> => {
  const { clusterNames, refresh, signal } = options(statusOptions, ["clusterNames", "refresh", "signal"], "status")
  const params = { clusterNames: namesOf(clusterNames), refresh: yesOrNo(refresh, "refresh") ?? false }
  const { clusters } = await ask<StatusAnswer>("status", params, { signal })
  return clusters.map(({ autostop, handle, lastUse, launchedAtMs, metadata, name, status, toDown, unseen }) => ({
    name,
    launchedAt: Math.floor(launchedAtMs / 1000),
    handle: handleOf(handle),
    lastUse,
    status,
    autostop,
    toDown,
    metadata,
    ...(unseen !== undefined && { unseen })
  }))
}
