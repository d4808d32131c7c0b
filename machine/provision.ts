/** Makes the folders of a gang's ranks: all or none, and the same ones however often the token is asked for. */
import { stat } from "node:fs/promises"
import { join } from "node:path"
import { type NodeIdentity, workdirName } from "../sdk/agent/node-folder.ts"
import { buildFolder, exists, ownIdentity, syncNodes } from "./folder.ts"
import { inParallel } from "./in-parallel.ts"
import { giveBackLease, holdsLease, takeLease } from "./lease.ts"
import { refused } from "./MachineError.ts"
import { type Places, socketFrom } from "./places.ts"
import type { Claim, Provisioned } from "./shapes.ts"
import { discard } from "./trash.ts"

const width = 16

type Made = Provisioned & { readonly isNew: boolean }
const ended = (node: string) => refused("Ended", `Node ${node} was ended and does not come back: ask under a new token.`)

type Seat = Claim["ranks"][number]
type Environment = NodeIdentity["environment"]

const identityOf = (claim: Claim, { rank, address }: Seat, environment: Environment): NodeIdentity => {
  const { tags, token, offer, home, machine, powersOff, stateFolder, survivesReboot } = claim
  const node = `${token}-${rank}`
  return {
    log: tags.log,
    cluster: tags.cluster,
    clusterName: tags.clusterName,
    token,
    node,
    rank,
    address,
    cloud: offer.cloud,
    region: offer.region,
    zone: offer.zone,
    cpus: offer.cpus,
    memoryGib: offer.memoryGib,
    accelerators: offer.accelerators,
    socket: socketFrom(node),
    environment,
    ...(home !== undefined && { home }),
    ...(survivesReboot !== undefined && { survivesReboot }),
    ...(powersOff !== undefined && { powersOff }),
    ...(stateFolder !== undefined && { stateFolder }),
    ...(machine !== undefined && { machine })
  }
}

/** In a user's home, before the node is there: what it finds of another's is not its own. */
const findsWorkdir = async (home: string): Promise<boolean> => {
  const path = join(home, workdirName)
  if (!(await exists(path))) return false
  if (await isFolder(path)) return true
  throw refused("NoWorkdir", `${path} is in the way: it is no folder.`)
}

const isFolder = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false
  )

/** Who gave up on this claim may have had the node ended before its folder was there: then the lease is gone, and it does not come back. */
const buildAlone = async (at: Places, identity: NodeIdentity) => {
  const { node, home } = identity
  const alone = home === undefined ? identity : { ...identity, ownsWorkdir: !(await findsWorkdir(home)) }
  // A disk that is full from here on is no reason to keep it.
  await buildFolder(at, alone, (temp) => takeLease(at, temp, alone)).catch(async (error) => {
    if (!(await exists(at.node(node)))) await giveBackLease(at, node).catch(() => {})
    throw error
  })
  if (await holdsLease(at, node)) return
  await discard(at, node)
  throw ended(node)
}

const makeRank = async (at: Places, claim: Claim, seat: Seat, environment: Environment): Promise<Made> => {
  const identity = identityOf(claim, seat, environment)
  const { node, rank, address } = identity
  const found = await ownIdentity(at.node(node), { tags: claim.tags, rank, node })
  const isEnded = found ? claim.exclusive && !(await holdsLease(at, node)) : await exists(at.trashed(node))
  if (isEnded) throw ended(node)
  if (found) return { rank, node, address: found.address, isNew: false }
  await (claim.exclusive ? buildAlone(at, identity) : buildFolder(at, identity))
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
