/** Ranks of a job whose machines are gone, and why, by the log: who calls their old addresses may reach the machines of others. Pure. */
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { JobRow } from "../../projections/jobs.ts"
import type { LogsAnswer } from "../../sdk/protocol/queries.ts"
import { inner } from "../../task/sentence.ts"

type Unread = NonNullable<LogsAnswer["unread"]>

export const goneRanks = (row: ClusterRow | undefined, job: JobRow | undefined): ReadonlyMap<number, string> => {
  const gone = row === undefined ? [] : (job?.ranks ?? []).filter(({ node }) => !row.nodes.some((one) => one.node === node))
  const whyOf = (node: string) => row?.lost.find((one) => one.node === node)?.reason ?? "it is not a node of the cluster any more"
  return new Map(gone.map(({ node, rank }) => [rank, inner(whyOf(node))]))
}

/** What became of a machine says more than that nobody answers at its address. */
export const withGone = (unread: Unread, gone: ReadonlyMap<number, string>): Unread =>
  unread.map((one) => (gone.has(one.rank) ? { rank: one.rank, reason: gone.get(one.rank)!, gone: true } : one))
