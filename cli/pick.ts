/** Which clusters a command means. The daemon resolves globs; we say what was not found. */

import type { ClientError } from "../sdk/client/ClientError.ts"
import type { Session } from "../sdk/client/Session.ts"
import type { StatusAnswer } from "../sdk/protocol/queries.ts"
import type { ClusterView } from "../sdk/protocol/rows.ts"
import { didYouMean } from "../task/near.ts"
import { endsOf } from "./ends-of.ts"
import { notFound, showError, usageError } from "./render/error.ts"
import { notify } from "./render/notify.ts"
import { clean } from "./render/style.ts"

const isPattern = (name: string) => /[*?[]/.test(name)
const shownOf = (clusters: ReadonlyArray<ClusterView>) => clusters.map(({ name }) => clean(name)).join(", ")

/** For a verb that takes one cluster. The daemon would take a pattern for a name here, and for many clusters there. */
export const refusePattern = async (session: Session, name: string, verb: string): Promise<void> => {
  if (!isPattern(name)) return
  const { clusters } = await session.call<StatusAnswer>("status", { clusterNames: [name] })
  const matches = clusters.length === 0 ? " no cluster: sky status" : `: ${shownOf(clusters)}`
  throw usageError(`sky ${verb} takes one name, no pattern.`, `'${name}' matches${matches}`)
}

/**
 * One error per name that matches nothing. `known`: what was found under other names, and cannot have been meant by this one.
 * Where not all may be known, as over a damaged log, that is said, and no other cluster is proposed.
 */
export const missing = async (
  session: Session,
  names: ReadonlyArray<string>,
  known: ReadonlyArray<ClusterView> = []
): Promise<Array<ClientError>> => {
  if (names.length === 0) return []
  const { clusters, incomplete, notices } = await session.call<StatusAnswer>("status")
  notify(notices)
  if (incomplete) return names.map((name) => notFound(`No cluster '${name}' is known.`, "See: sky status"))
  const others = clusters.map(({ name }) => name).filter((name) => known.every((found) => found.name !== name))
  const ends = await endsOf(session, names)
  return names.map((name) => {
    const end = ends.get(name)
    if (end !== undefined) return notFound(`There is no cluster '${clean(name)}' any more: ${end}.`, `See: sky why ${clean(name)}`)
    const near = didYouMean(name, others)
    return isPattern(name)
      ? notFound(`No cluster matches '${name}'.`, "See: sky status")
      : notFound(`There is no cluster '${name}'.${near ? ` Did you mean '${near}'?` : ""}`, near ? null : "See: sky status")
  })
}

/** What is said before an answer: its notices, and of each name that was not found that it was not. Returns the exit codes. */
export const foreword = async (
  session: Session,
  { notFound, notices }: Pick<StatusAnswer, "notFound" | "notices">,
  json: boolean
): Promise<Array<number>> => {
  notify(notices)
  return (await missing(session, notFound)).map((error) => showError(error, json))
}

interface Picked {
  readonly clusters: ReadonlyArray<ClusterView>
  readonly errors: ReadonlyArray<ClientError>
}

const namedMax = 8

/** Without names: the only cluster there is, and only where a question follows that names it. */
export const pick = async (
  session: Session,
  names: ReadonlyArray<string>,
  { all, asks, usage }: { readonly all: boolean; readonly asks: boolean; readonly usage: string }
): Promise<Picked> => {
  if (names.length > 0 && all) throw usageError("-a and names do not go together.", `Usage: ${usage}`)
  if (names.length > 0) {
    const answer = await session.call<StatusAnswer>("status", { clusterNames: names })
    notify(answer.notices)
    return { clusters: answer.clusters, errors: await missing(session, answer.notFound, answer.clusters) }
  }
  const { clusters, incomplete, notices } = await session.call<StatusAnswer>("status")
  notify(notices)
  if (all || (asks && clusters.length === 1)) return { clusters, errors: [] }
  if (incomplete && clusters.length === 0) throw notFound("No cluster is known.", "See: sky status")
  if (clusters.length === 0) throw notFound("There is no cluster.", "Launch one: sky launch COMMAND")
  const shown = clusters.slice(0, namedMax).map(({ name }) => clean(name))
  if (clusters.length > namedMax) shown.push(`${clusters.length - namedMax} more`)
  throw usageError(`Name a cluster, or -a for all. There ${clusters.length === 1 ? "is" : "are"}: ${shown.join(", ")}.`, `Usage: ${usage}`)
}
