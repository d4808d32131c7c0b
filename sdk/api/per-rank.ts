/**
 * A `run` function, evaluated here: one script for all ranks that dispatches on the rank. Its texts are quoted, so none can break another.
 */
import { bytesOf, scriptMaxBytes } from "../../task/script.ts"
import type { Session } from "../client/Session.ts"
import type { StatusAnswer } from "../protocol/queries.ts"
import { quote } from "../quote.ts"
import { shown } from "./arguments.ts"
import { NotSupportedError, ValueError } from "./exceptions.ts"
import type { RunFunction } from "./task-arguments.ts"

export const scriptOf = (run: RunFunction, addresses: ReadonlyArray<string>): string => {
  const texts = addresses.map((_, rank) => {
    const text: unknown = run(rank, [...addresses])
    if (text === null || text === undefined || typeof text === "string") return text ?? null
    throw new ValueError(`The run function gave ${shown(text)} for rank ${rank}, not shell text or null.`)
  })
  const ranks = Map.groupBy(texts.keys(), (rank) => texts[rank]!)
  const arms = [...ranks].flatMap(([text, same]) => (text === null ? [] : [`${same.join("|")}) eval ${quote(text)} ;;`]))
  const script = ['case "$SKYPILOT_NODE_RANK" in', ...arms, "*) : ;;", "esac"].join("\n")
  if (bytesOf(script) <= scriptMaxBytes) return script
  throw new ValueError(
    `The run function's texts for ${texts.length} ranks are together longer than ${scriptMaxBytes / 1024} KiB: put what is long into files of the workdir.`
  )
}

/**
 * The addresses of a cluster's nodes, by rank; none while it is not there. A job on some of its nodes may get any of them, and nobody can
 * say which.
 */
export const nodesOf = async (session: Session, clusterName: string, numNodes: number): Promise<ReadonlyArray<string>> => {
  const { clusters } = await session.call<StatusAnswer>("status", { clusterNames: [clusterName] })
  const [cluster] = clusters
  if (cluster === undefined) return []
  if (cluster.numNodes !== numNodes)
    throw new NotSupportedError(
      `A run function needs the addresses of its nodes, and a job on ${numNodes} of the ${cluster.numNodes} nodes of ${clusterName} may get any.`,
      { hint: `Set numNodes to ${cluster.numNodes} and return null for the others, or give run as text.` }
    )
  const nodes = [...cluster.nodes].sort((a, b) => a.rank - b.rank)
  return nodes.map(({ address }) => address ?? "")
}
