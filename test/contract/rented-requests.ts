/** Requests for machines of a cloud as one daemon after another makes them: what the tests of AWS and of GCP start from. */
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { type CatalogsShape, openCatalogs } from "../../daemon/catalog/Catalogs.ts"
import type { Cloud, CloudError, NodeRef, Provisioned } from "../../daemon/clouds/Cloud.ts"
import type { ProvisionRequest } from "../../daemon/clouds/ProvisionRequest.ts"
import { Connections } from "../../daemon/remote/Connections.ts"
import { root } from "../e2e/home.ts"
import { tempFolder } from "../unit/sync/tree.ts"
import { agentPath } from "./cloud-local-prepare.ts"
import { makeTags, makeToken } from "./cloud-nodes.ts"

interface Options {
  readonly home: string
  readonly agentPath: string
  readonly connections: Connections["Service"]
}

const lists = openCatalogs(join(root, "daemon/catalog"), join(root, "none"))

/** A daemon's cloud over a state folder: another one over the same folder is the next daemon. */
export const daemonsOf = (make: (options: Options, lists: CatalogsShape) => Effect.Effect<Cloud, CloudError>) =>
  Effect.fnUntraced(function* (home: string) {
    const connections = Context.get(yield* Layer.build(Connections.layer({ timeoutMs: 1000 })), Connections)
    return yield* make({ home, agentPath, connections }, lists)
  })

/** A daemon, and requests to it for the first that it offers in a place. */
export const oneIn = (daemonOver: ReturnType<typeof daemonsOf>, infra: string) =>
  Effect.gen(function* () {
    const home = yield* tempFolder
    const cloud = yield* daemonOver(home)
    const { offers } = yield* cloud.offers({ resources: { infra } })
    const request = (ranks: ReadonlyArray<number>, more: Partial<ProvisionRequest> = {}): ProvisionRequest => ({
      tags: makeTags(),
      token: makeToken(),
      ranks,
      offer: offers[0]!,
      ...more
    })
    return { home, cloud, request }
  })

export const refOf = ({ offer, tags }: ProvisionRequest, node: Provisioned): NodeRef => ({
  tags,
  region: offer.region,
  zone: offer.zone,
  ...node
})
