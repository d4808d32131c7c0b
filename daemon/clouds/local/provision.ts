/** Makes the folders of a gang's ranks: all or none, and the same ones however often the token is asked for. */

import { access } from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { NodeId } from "../../../events/ids.ts"
import type { NodeIdentity } from "../../../sdk/agent/protocol.ts"
import type { CloudError, Provisioned, ProvisionRequest } from "../Cloud.ts"
import { attempt } from "./attempt.ts"
import { addressOf, buildFolder, ownIdentity, type Places, refused, socketFrom, syncNodes } from "./folder.ts"
import { discard } from "./trash.ts"

const width = 16

type Made = Provisioned & { readonly isNew: boolean }

const identityOf = ({ tags, token, offer }: ProvisionRequest, rank: number, environment: NodeIdentity["environment"]) => ({
  log: tags.log,
  cluster: tags.cluster,
  clusterName: tags.clusterName,
  token,
  node: NodeId.make(`${token}-${rank}`),
  rank,
  address: addressOf(rank),
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

const makeRank = async (at: Places, request: ProvisionRequest, rank: number, environment: NodeIdentity["environment"]): Promise<Made> => {
  const identity = identityOf(request, rank, environment)
  const { node } = identity
  const found = await ownIdentity(at.node(node), { tags: request.tags, rank, node })
  if (found) return { rank, node, address: found.address, isNew: false }
  if (await exists(at.trashed(node))) throw refused("Ended", `Node ${node} was ended and does not come back: ask under a new token.`)
  await buildFolder(at, identity)
  return { rank, node, address: identity.address, isNew: true }
}

export const provision = (at: Places, request: ProvisionRequest, environment: NodeIdentity["environment"]) =>
  Effect.gen(function* (): Effect.fn.Return<ReadonlyArray<Provisioned>, CloudError> {
    const make = (rank: number) => Effect.result(attempt(() => makeRank(at, request, rank, environment)))
    const results = yield* Effect.forEach(request.ranks, make, { concurrency: width })
    const made = results.flatMap((result) => (Result.isSuccess(result) ? [result.success] : []))
    const failed = results.find(Result.isFailure)
    if (failed) {
      yield* Effect.forEach(made, ({ node, isNew }) => (isNew ? attempt(() => discard(at, node)) : Effect.void), { discard: true })
      return yield* failed.failure
    }
    yield* attempt(() => syncNodes(at))
    return made.map(({ isNew: _, ...provisioned }) => provisioned)
  }).pipe(Effect.uninterruptible)
