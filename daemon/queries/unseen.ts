/** What a refresh was to see and did not: who asked is not to take what was known before for what is. Pure. */
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { inner } from "../../task/sentence.ts"

/** `whys`: by cluster, why its cloud said nothing of some of its nodes. */
export const withUnseen = (views: ReadonlyArray<ClusterView>, whys: ReadonlyMap<string, string>) => {
  const whyOf = ({ id, reason }: ClusterView) => {
    const why = whys.get(id)
    return why === undefined || reason?.includes(why) ? undefined : inner(why)
  }
  const clusters = views.map((view): ClusterView => {
    const unseen = whys.get(view.id)
    if (unseen === undefined) return view
    const why = whyOf(view)
    const reason = why === undefined ? view.reason : `${view.reason === null ? "" : `${view.reason}; `}as it was last seen: ${why}`
    return { ...view, reason, unseen: inner(unseen) }
  })
  const alike = Map.groupBy(
    views.filter((view) => whyOf(view) !== undefined),
    whyOf
  )
  const notices = [...alike].map(
    ([why, those]) => `Not seen now, and said as last seen: ${those.map(({ name }) => name).join(", ")}: ${why}.`
  )
  return { clusters, notices }
}
