/** What a refresh was to see and did not: who asked is not to take what was known before for what is. Pure. */
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { inner } from "../../task/sentence.ts"

/** The same, whichever call it was said of. */
const withoutCall = (text: string) => text.replaceAll(/ \([^()]*\)/g, "")

/** `whys`: by cluster, why its cloud said nothing of some of its nodes. */
export const withUnseen = (views: ReadonlyArray<ClusterView>, whys: ReadonlyMap<string, string>) => {
  const clusters = views.map((view): ClusterView => {
    const said = whys.get(view.id)
    if (said === undefined) return view
    const { reason } = view
    const unseen = inner(said)
    const isSaid = reason !== null && withoutCall(reason).includes(withoutCall(unseen))
    return { ...view, unseen, reason: isSaid ? reason : `${reason === null ? "" : `${reason}; `}as it was last seen: ${unseen}` }
  })
  const alike = Map.groupBy(
    clusters.filter(({ unseen }) => unseen !== undefined),
    ({ unseen }) => unseen
  )
  const notices = [...alike].map(
    ([why, those]) => `Not seen now, and said as last seen: ${those.map(({ name }) => name).join(", ")}: ${why}.`
  )
  return { clusters, notices }
}
