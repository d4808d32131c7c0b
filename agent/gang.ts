/** The ranks of one job or setup on their nodes, started or ended together. Saying so again is harmless. */
import type { Head } from "./Head.ts"
import type { Host } from "./hosts.ts"
import type { Exit } from "./outcome.ts"
import type { RankOrder } from "./rank-files.ts"

export interface Member {
  readonly host: Host
  readonly key: string
  readonly rank: number
  readonly order: () => RankOrder
}

export const startAll = (members: ReadonlyArray<Member>) => {
  for (const { host, key, rank, order } of members) host.start(key, rank, order)
}

export const endAll = (members: ReadonlyArray<Member>) => {
  for (const { host, key, rank } of members) host.end(key, rank)
}

export const exitsOf = (head: Head, members: ReadonlyArray<Member>): ReadonlyArray<Exit | null> =>
  members.map(({ host, key, rank }) => head.exitOf(host, key, rank))

export const areOver = (exits: ReadonlyArray<Exit | null>): exits is ReadonlyArray<Exit> => exits.every((exit) => exit !== null)

/** 0 where it ended before it could say. */
export const pidsOf = (members: ReadonlyArray<Member>) => members.map(({ host, key, rank }) => host.view(key, rank)?.pid ?? 0)

/** Every rank runs, or has run. */
export const haveBegun = (head: Head, members: ReadonlyArray<Member>) =>
  members.every(
    (member) => Boolean(member.host.view(member.key, member.rank)?.pid) || head.exitOf(member.host, member.key, member.rank) !== null
  )
