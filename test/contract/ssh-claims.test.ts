/** What a launch does about a machine of the pool that gives it nothing: the next one is asked, and where none is left it hears which to mend. */
import { mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ulid } from "ulid"
import { NodeToken } from "../../events/ids.ts"
import { write } from "../unit/sync/tree.ts"
import { makeNode, makeNodes, makeTags } from "./cloud-nodes.ts"
import { type TestPool, testPool } from "./ssh-machines.ts"

const notesOf = ({ home }: TestPool) => readdirSync(join(home, "ssh-taken"))

describe("a machine that gives nothing", () => {
  it.live("keeps nobody from the next one, and is named with what to mend where there is no other; nothing stays of the try", () =>
    Effect.gen(function* () {
      const pool = yield* testPool(2)
      const cloud = yield* pool.daemon
      const [bad, good] = pool.servers
      write(bad!.home, { sky_workdir: "a file of mine" })
      const { nodes, refs } = yield* makeNodes(cloud, [0])
      assert.strictEqual(nodes[0]!.host, pool.hostOf(good!))
      yield* cloud.terminate(refs[0]!)
      const [offer] = (yield* cloud.offers({})).offers
      const request = { tags: makeTags(), token: NodeToken.make(ulid()), ranks: [0, 1], offer: offer! }
      const refusal = yield* Effect.flip(cloud.provision(request))
      assert.deepInclude({ ...refusal }, { kind: "Refused", code: "Unusable" })
      const path = join(bad!.home, "sky_workdir")
      assert.strictEqual(refusal.message, `${pool.hostOf(bad!)}: ${path} is in the way: it is no folder`)
      assert.deepStrictEqual(notesOf(pool), [])
    })
  )

  it.live("is left alone where its system does not do what is asked, whatever that is", () =>
    Effect.gen(function* () {
      const pool = yield* testPool(2)
      const cloud = yield* pool.daemon
      const [bad, good] = pool.servers
      mkdirSync(join(bad!.home, ".skyd-node"), { mode: 0o700 })
      write(bad!.home, { ".skyd-node/nodes": "no folder" })
      assert.strictEqual((yield* makeNode(cloud)).host, pool.hostOf(good!))
      const [offer] = (yield* (yield* pool.daemon).offers({})).offers
      const request = { tags: makeTags(), token: NodeToken.make(ulid()), ranks: [0], offer: offer! }
      const { message } = yield* Effect.flip(cloud.provision(request))
      assert.include(message, `${pool.hostOf(bad!)}: its system does not do it (`)
      rmSync(join(bad!.home, ".skyd-node/nodes"))
      assert.strictEqual((yield* makeNode(cloud)).host, pool.hostOf(bad!))
      assert.lengthOf(notesOf(pool), 2)
    })
  )
})
