/** One machine, named in the pools file as two of its users: it is one cluster's all the same. */
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ulid } from "ulid"
import { NodeToken } from "../../events/ids.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"
import { makeNode, makeNodes, makeTags } from "./cloud-nodes.ts"
import { testPool } from "./ssh-machines.ts"

/** Two homes, and one machine behind them. */
const twoUsers = Effect.gen(function* () {
  const pool = yield* testPool(2)
  const bin = yield* tempFolder
  writeFileSync(join(bin, "uname"), `#!/bin/sh\nif [ "$1" = -n ]; then echo box; else PATH=/usr/bin:/bin exec uname "$@"; fi\n`)
  chmodSync(join(bin, "uname"), 0o755)
  for (const { knobs } of pool.servers) knobs.path = `${bin}:${knobs.path}`
  return pool
})

describe("a machine that is named as two of its users", () => {
  it.live("is had once, also by a gang, and free as both once it is down", () =>
    Effect.gen(function* () {
      const pool = yield* twoUsers
      const cloud = yield* pool.daemon
      const both = yield* cloud.offers({ num_nodes: 2 })
      const [one, two] = pool.servers.map(pool.hostOf)
      assert.include(both.reason, `${two}: it is the same machine as ${one}`)
      const { refs } = yield* makeNodes(cloud, [0])
      const { offers, reason } = yield* cloud.offers({})
      assert.deepStrictEqual(offers, [])
      assert.include(reason, `${two}: in use as another user of that machine, by 'train'`)
      yield* cloud.terminate(refs[0]!)
      assert.lengthOf((yield* cloud.offers({})).offers, 1)
    })
  )

  it.live("in two pools is given to one of two that ask in the same moment", () =>
    Effect.gen(function* () {
      const pool = yield* twoUsers
      const key = join(pool.home, "id")
      const lines = pool.servers.map(
        ({ address, port }, i) => `p${i}:\n  identity_file: ${key}\n  hosts: [{ip: ${address}, ssh_port: ${port}}]\n`
      )
      write(pool.home, { "ssh_node_pools.yaml": lines.join("") })
      const cloud = yield* pool.daemon
      const { offers } = yield* cloud.offers({})
      assert.lengthOf(offers, 2)
      const requests = offers.map((offer) => ({ tags: makeTags(), token: NodeToken.make(ulid()), ranks: [0], offer }))
      const answers = yield* Effect.forEach(requests, (request) => Effect.option(cloud.provision(request)), { concurrency: 2 })
      const had = answers.flatMap((answer, i) => (answer._tag === "Some" ? [{ ...answer.value[0]!, ...requests[i]! }] : []))
      assert.lengthOf(had, 1)
      const { host, hostKey, node, offer, rank, tags } = had[0]!
      yield* cloud.terminate({ tags, rank, node, region: offer.region, zone: null, address: null, host, hostKey })
      yield* makeNode(cloud)
    })
  )
})
