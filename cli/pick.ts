/** Which clusters a command means. The daemon resolves globs; we say what was not found. */

import type { ClientError } from "../sdk/client/ClientError.ts"
import type { Session } from "../sdk/client/Session.ts"
import type { StatusAnswer } from "../sdk/protocol/queries.ts"
import type { ClusterView } from "../sdk/protocol/rows.ts"
import { didYouMean } from "../task/names.ts"
import { notFound, showError, usageError } from "./render/error.ts"
import { clean } from "./render/style.ts"

/** One error per name that matches nothing. */
export const missing = async (session: Session, names: ReadonlyArray<string>): Promise<Array<ClientError>> => {
  if (names.length === 0) return []
  const { clusters } = await session.call<StatusAnswer>("status")
  return names.map((name) => {
    const near = didYouMean(
      name,
      clusters.map((cluster) => cluster.name)
    )
    return /[*?[]/.test(name)
      ? notFound(`No cluster matches '${name}'.`, "See: sky status")
      : notFound(`There is no cluster '${name}'.${near ? ` Did you mean '${near}'?` : ""}`, near ? null : "See: sky status")
  })
}

/** Says it of each, and returns the exit codes. */
export const showMissing = async (session: Session, names: ReadonlyArray<string>, json: boolean): Promise<Array<number>> =>
  (await missing(session, names)).map((error) => showError(error, json))

export interface Picked {
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
    return { clusters: answer.clusters, errors: await missing(session, answer.notFound) }
  }
  const { clusters } = await session.call<StatusAnswer>("status")
  if (all || (asks && clusters.length === 1)) return { clusters, errors: [] }
  if (clusters.length === 0) throw notFound("There is no cluster.", "Launch one: sky launch COMMAND")
  const shown = clusters.slice(0, namedMax).map(({ name }) => clean(name))
  if (clusters.length > namedMax) shown.push(`${clusters.length - namedMax} more`)
  throw usageError(`Name a cluster, or -a for all. There ${clusters.length === 1 ? "is" : "are"}: ${shown.join(", ")}.`, `Usage: ${usage}`)
}
