/** Makes the folders of a gang's ranks: all or none, and the same ones however often the token is asked for. */
import { access } from "node:fs/promises"
import type { NodeIdentity } from "../sdk/agent/protocol.ts"
import { buildFolder, ownIdentity, type Places, socketFrom, syncNodes } from "./folder.ts"
import { inParallel } from "./in-parallel.ts"
import { refused } from "./MachineError.ts"
import type { Claim, Provisioned } from "./shapes.ts"
import { discard } from "./trash.ts"

const width = 16

type Made = Provisioned & { readonly isNew: boolean }
type Seat = Claim["ranks"][number]
type Environment = NodeIdentity["environment"]

const identityOf = ({ tags, token, offer }: Claim, { rank, address }: Seat, environment: Environment): NodeIdentity => ({
  log: tags.log,
  cluster: tags.cluster,
  clusterName: tags.clusterName,
  token,
  node: `${token}-${rank}`,
  rank,
  address,
  cloud: offer.cloud,
  region: offer.region,
  zone: offer.zone,
  cpus: offer.cpus,
  memoryGib: offer.memoryGib,
  accelerators: offer.accelerators,
  socket: socketFrom(`${token}-${rank}`),
  environment
})

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false
  )

const makeRank = async (at: Places, claim: Claim, seat: Seat, environment: Environment): Promise<Made> => {
  const identity = identityOf(claim, seat, environment)
  const { node, rank, address } = identity
  const found = await ownIdentity(at.node(node), { tags: claim.tags, rank, node })
  if (found) return { rank, node, address: found.address, isNew: false }
  if (await exists(at.trashed(node))) throw refused("Ended", `Node ${node} was ended and does not come back: ask under a new token.`)
  await buildFolder(at, identity)
  return { rank, node, address, isNew: true }
}

export const provision = async (at: Places, claim: Claim, environment: Environment): Promise<ReadonlyArray<Provisioned>> => {
  const results = await inParallel(claim.ranks, width, (rank) =>
    makeRank(at, claim, rank, environment).catch((failure: unknown) => ({ failure }))
  )
  const made = results.flatMap((result) => ("failure" in result ? [] : [result]))
  const failed = results.find((result) => "failure" in result)
  if (failed) {
    for (const { node, isNew } of made) if (isNew) await discard(at, node)
    throw failed.failure
  }
  await syncNodes(at)
  return made.map(({ isNew: _, ...provisioned }) => provisioned)
}
