/** A machine that the pools file calls by another name than when it was had: it is found by what is on it. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Cloud, NodeRef } from "../../daemon/clouds/Cloud.ts"
import type { SshServer } from "../fakes/ssh-server.ts"
import { write } from "../unit/sync/tree.ts"
import { makeNode } from "./cloud-nodes.ts"
import { testPool } from "./ssh-machines.ts"

const stateOf = (cloud: Cloud, ref: NodeRef) => Effect.map(cloud.query([ref]), ([state]) => state!)
const leasesOf = ({ home }: SshServer) => (existsSync(join(home, ".skyd-node/lease")) ? readdirSync(join(home, ".skyd-node/lease")) : [])

const renamedPool = Effect.gen(function* () {
  const pool = yield* testPool(2)
  const [one, two] = pool.servers
  const key = join(pool.home, "id")
  const file = (name: string, hosts: string) =>
    write(pool.home, { "ssh_node_pools.yaml": `${name}:\n  identity_file: ${key}\n  hosts: ${hosts}\n` })
  const plain = ({ address, port }: SshServer) => `{ip: ${address}, ssh_port: ${port}}`
  return { pool, one: one!, two: two!, file, plain }
})

describe("a machine that is called by another name now", () => {
  it.live("in a pool of another name, or itself, is found by its lease: it is asked, and given back", () =>
    Effect.gen(function* () {
      const { file, one, plain, pool, two } = yield* renamedPool
      const cloud = yield* pool.daemon
      const ref = yield* makeNode(cloud)
      assert.strictEqual(ref.host, pool.hostOf(one))
      file("other", `[${plain(two)}, ${plain(one)}]`)
      assert.strictEqual((yield* stateOf(cloud, ref)).state, "running")
      file("other", `[${plain(two)}, {ip: localhost, ssh_port: ${one.port}}]`)
      assert.strictEqual((yield* stateOf(cloud, ref)).state, "running")
      assert.strictEqual((yield* cloud.installAgent(ref)).node, ref.node)
      // Also by a daemon that has never known it by the old one.
      const later = yield* pool.daemon
      yield* later.terminate(ref)
      assert.deepStrictEqual(leasesOf(one), [])
      assert.strictEqual((yield* stateOf(later, ref)).state, "missing")
    })
  )

  it.live("is not taken for another machine of the same pool that has nothing", () =>
    Effect.gen(function* () {
      const { file, one, plain, pool, two } = yield* renamedPool
      const cloud = yield* pool.daemon
      const ref = yield* makeNode(cloud)
      file("rack", `[${plain(two)}]`)
      const { reason, state } = yield* stateOf(cloud, ref)
      assert.strictEqual(state, "unknown")
      assert.include(reason, `put it back there under '${pool.hostOf(one)}'`)
      assert.strictEqual((yield* Effect.flip(cloud.terminate(ref))).kind, "Transient")
      assert.deepStrictEqual(leasesOf(one), [ref.node])
      pool.pool(pool.servers)
    })
  )
})
