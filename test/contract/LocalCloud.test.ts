import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { make } from "../../daemon/clouds/local/LocalCloud.ts"
import type { NodeIdentity } from "../../sdk/agent/node-folder.ts"
import { write } from "../unit/sync/tree.ts"
import { cloudContract } from "./cloud.contract.ts"
import { agentPath, folderOf, prepare } from "./cloud-local-prepare.ts"
import { makeNode, makeNodes, until } from "./cloud-nodes.ts"

cloudContract("local", prepare)

describe("a node on this machine", () => {
  it.live("is a private folder that says whose it is, with a home and an address of its own", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* prepare
      const { refs, nodes, request } = yield* makeNodes(cloud, [0, 1])
      const folder = folderOf(home, refs[1]!)
      assert.strictEqual(statSync(folder).mode & 0o777, 0o700)
      const identity = JSON.parse(readFileSync(join(folder, "node.json"), "utf8")) as NodeIdentity
      assert.deepInclude(identity, { ...request.tags, token: request.token, node: refs[1]!.node, rank: 1, cloud: "local" })
      assert.deepStrictEqual(
        nodes.map(({ address }) => address),
        ["127.0.1.1", "127.0.1.2"]
      )
      assert.isTrue(existsSync(join(folder, "home/sky_workdir")))
      assert.match(identity.socket, /\/run\/[0-9a-f]{8}\.sock$/)
      const { environment } = identity
      assert.isNotEmpty(environment.PATH)
      assert.notInclude(environment.PATH, "node_modules")
      assert.notProperty(environment, "HOME")
    })
  )

  it.live("comes with all of its gang or not at all, and a rank that was ended never comes back", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* prepare
      const { request, refs } = yield* makeNodes(cloud, [0])
      mkdirSync(join(home, "trash", `${request.token}-2`))
      const error = yield* Effect.flip(cloud.provision({ ...request, ranks: [0, 1, 2] }))
      assert.deepInclude(error, { kind: "Refused", code: "Ended" })
      assert.deepStrictEqual(readdirSync(join(home, "nodes")), [refs[0]!.node])
    })
  )

  it.live("is swept at the next start when a crash left half of it, or left it in the trash", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* prepare
      const ref = yield* makeNode(cloud)
      write(home, { "nodes/.new-x/boot": "", "trash/y/home/a": "1" })
      yield* make({ home, agentPath })
      yield* until(Effect.sync(() => readdirSync(join(home, "trash")).length === 0 && readdirSync(join(home, "nodes")).length === 1))
      assert.strictEqual((yield* cloud.query([ref]))[0]!.state, "running")
    })
  )

  it.live("is stopped, with the reason, when the machine was restarted, and starts again", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* prepare
      const ref = yield* makeNode(cloud)
      writeFileSync(join(folderOf(home, ref), "boot"), "another-boot\n")
      assert.deepInclude((yield* cloud.query([ref]))[0], { state: "stopped", reason: "the machine was restarted", down: false })
      yield* cloud.stop(ref)
      yield* cloud.start(ref)
      assert.deepInclude((yield* cloud.query([ref]))[0], { state: "running", reason: null })
    })
  )

  it.live("says that autostop stopped it, or ended it for good, after which it does not start", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* prepare
      const ref = yield* makeNode(cloud)
      const ended = join(folderOf(home, ref), "ended")
      writeFileSync(ended, JSON.stringify({ how: "Stopped", by: "autostop", atMs: 1 }))
      assert.deepInclude((yield* cloud.query([ref]))[0], { state: "stopped", reason: "stopped by autostop", down: false })
      writeFileSync(ended, JSON.stringify({ how: "Down", by: "autostop", atMs: 1 }))
      assert.deepInclude((yield* cloud.query([ref]))[0], { state: "stopped", down: true })
      assert.strictEqual((yield* Effect.flip(cloud.start(ref))).kind, "Refused")
    })
  )

  it.live("that does not say whose it is, is not known, and the others are", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* prepare
      const { refs } = yield* makeNodes(cloud, [0, 1])
      writeFileSync(join(folderOf(home, refs[0]!), "node.json"), "{")
      const [first, second] = yield* cloud.query(refs)
      assert.deepInclude(first, { state: "unknown", rank: 0 })
      assert.include(first!.reason, "cannot be read as JSON")
      assert.deepInclude(second, { state: "running", rank: 1 })
    })
  )

  it.live("that has a pipe in the place of its identity is not waited for", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* prepare
      const ref = yield* makeNode(cloud)
      const identity = join(folderOf(home, ref), "node.json")
      rmSync(identity)
      execFileSync("mkfifo", [identity])
      assert.deepInclude((yield* cloud.query([ref]))[0], { state: "unknown" })
    })
  )
})
