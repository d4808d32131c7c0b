/** Requests for machines of a cloud as one daemon after another makes them: what the tests of AWS and of GCP start from. */
import { join } from "node:path"
import { assert } from "@effect/vitest"
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

/** By who ends its cluster; `place`: where it is, as a disk that is copied tells it. */
export const asksNoMore = (one: ReturnType<typeof oneIn>, place: { readonly cloud: string; readonly region: string }) =>
  Effect.gen(function* () {
    const { cloud, request } = yield* one
    const source = request([0])
    const [head] = yield* cloud.provision(source)
    const fresh = request([0], { isEnding: true })
    assert.deepInclude(yield* Effect.flip(cloud.provision(fresh)), { kind: "Refused", code: "NotAskedFor" })
    const { cluster, clusterName } = source.tags
    const clone = { ...place, cluster, clusterName, node: head!.node, host: head!.host, gib: 256 }
    // The next daemon cannot know whether it was asked for; without the copy it was not.
    const copying = request([0], { isEnding: true, isInherited: true, machine: { clone } })
    assert.deepInclude(yield* Effect.flip(cloud.provision(copying)), { kind: "Refused", code: "NotAskedFor" })
    for (const { tags } of [fresh, copying]) assert.deepInclude(yield* cloud.tagged!(tags.log), { owned: [], remnants: [] })
    assert.deepStrictEqual(yield* cloud.provision({ ...source, isEnding: true }), [head!])
  }).pipe(Effect.scoped)

/** Ports of two machines are open once they are on both; `refused`: has one step each of that refused once. */
export const opensOnAll = (
  one: ReturnType<typeof oneIn>,
  region: string,
  refused: ReadonlyArray<Effect.Effect<unknown>>,
  calm: Effect.Effect<unknown>
) =>
  Effect.gen(function* () {
    const { cloud, request } = yield* one
    const asked = request([0, 1])
    const refs = (yield* cloud.provision(asked)).map((node) => refOf(asked, node))
    const ports = ["8080-8081", "9000"]
    const opened = cloud.openedPorts!(asked.tags, region)
    assert.deepStrictEqual(yield* opened, [])
    for (const [step, refuse] of refused.entries()) {
      yield* refuse
      yield* Effect.flip(cloud.openPorts!(refs, ports))
      yield* calm
      assert.deepStrictEqual(yield* opened, [], `step ${step} was refused`)
    }
    yield* cloud.openPorts!(refs, ports)
    assert.deepStrictEqual(yield* opened, ports)
    yield* Effect.forEach(refs, cloud.terminate)
    assert.deepStrictEqual(yield* opened, [])
  }).pipe(Effect.scoped)
