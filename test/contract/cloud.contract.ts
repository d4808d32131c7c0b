/**
 * What every cloud must do, whoever implements it. The suite makes real nodes and takes them down again; `prepare` answers with a
 * cloud that is the test's own, and the scope ends whatever the test has left running.
 */

import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { ulid } from "ulid"
import type { TestContext } from "vitest"
import type { Cloud, CloudError, NodeRef } from "../../daemon/clouds/Cloud.ts"
import type { FileList } from "../../daemon/sync/FileList.ts"
import { ClusterId } from "../../events/ids.ts"
import { helloOf, makeNode, makeNodes, startJob, until } from "./cloud-nodes.ts"

const states = (cloud: Cloud, refs: ReadonlyArray<NodeRef>) => Effect.map(cloud.query(refs), (found) => found.map(({ state }) => state))

export interface Prepared {
  readonly cloud: Cloud
  /** Some files of this machine to send. */
  readonly files: FileList
  /** Paths outside of ~ are the machine's own as well. */
  readonly takesAnyPath?: boolean
  /** What a node's file holds, or null when there is none. */
  readonly readFile: (ref: NodeRef, path: string) => Effect.Effect<string | null>
}

export const cloudContract = (name: string, prepare: Effect.Effect<Prepared, CloudError, Scope.Scope>) => {
  const live = (title: string, body: (prepared: Prepared, context: TestContext) => Effect.Effect<void, unknown, Scope.Scope>) =>
    it.live(title, (context) => Effect.flatMap(prepare, (prepared) => body(prepared, context)))

  describe(`the cloud '${name}'`, () => {
    live("offers something to a task that asks for nothing, and says why when it has nothing", ({ cloud }) =>
      Effect.gen(function* () {
        const some = yield* cloud.offers({})
        assert.isNotEmpty(some.offers)
        assert.isNull(some.reason)
        const none = yield* cloud.offers({ resources: { cpus: "999999+" } })
        assert.deepStrictEqual(none.offers, [])
        assert.include(none.reason, "999999+")
      })
    )

    live("says who its credentials are, the same each time, or that there are none to have", ({ cloud }) =>
      Effect.gen(function* () {
        const names = yield* cloud.identity
        assert.deepStrictEqual(yield* cloud.identity, names)
        for (const name of names ?? []) assert.isNotEmpty(name)
        assert.notStrictEqual(names?.length, 0)
      })
    )

    live("names the same machines for the same token, however often and with whatever ranks it is asked", ({ cloud }) =>
      Effect.gen(function* () {
        const { request, nodes } = yield* makeNodes(cloud, [0])
        const again = yield* makeNodes(cloud, [0, 1], request.tags, request.token)
        assert.deepStrictEqual(again.nodes[0], nodes[0])
        assert.deepStrictEqual(yield* cloud.provision(again.request), again.nodes)
        assert.deepStrictEqual(yield* states(cloud, again.refs), ["running", "running"])
        assert.strictEqual(new Set(again.nodes.map(({ address }) => address)).size, 2)
        const other = yield* makeNodes(cloud, [0], request.tags)
        assert.notStrictEqual(other.nodes[0]!.node, nodes[0]!.node)
      })
    )

    live(
      "stops and starts a node under the same address, and does nothing when it is so already; or says that it stops none",
      ({ cloud }) =>
        Effect.gen(function* () {
          const { nodes, refs, request } = yield* makeNodes(cloud, [0, 1])
          const [first] = refs
          if (cloud.lackOf("STOP", request.offer) !== null) {
            assert.strictEqual((yield* Effect.flip(cloud.stop(first!))).kind, "Refused")
            assert.strictEqual((yield* cloud.start(first!)).address, nodes[0]!.address)
            return assert.deepStrictEqual(yield* states(cloud, refs), ["running", "running"])
          }
          yield* cloud.stop(first!)
          yield* cloud.stop(first!)
          assert.deepStrictEqual(yield* states(cloud, refs), ["stopped", "running"])
          assert.strictEqual((yield* cloud.query([first!]))[0]!.down, false)
          assert.strictEqual((yield* cloud.start(first!)).address, nodes[0]!.address)
          assert.strictEqual((yield* cloud.start(first!)).address, nodes[0]!.address)
          assert.deepStrictEqual(yield* states(cloud, refs), ["running", "running"])
        })
    )

    live("has no such machine after it was terminated, which may be said again, and to one that never was", ({ cloud }) =>
      Effect.gen(function* () {
        const { refs, request } = yield* makeNodes(cloud, [0, 1])
        const stop = (ref: NodeRef) => (cloud.lackOf("STOP", request.offer) === null ? cloud.stop(ref) : Effect.void)
        yield* cloud.terminate(refs[0]!)
        yield* cloud.terminate(refs[0]!)
        yield* stop(refs[0]!)
        assert.deepStrictEqual(yield* states(cloud, refs), ["missing", "running"])
        yield* stop(refs[1]!)
        yield* cloud.terminate(refs[1]!)
        assert.deepStrictEqual(yield* states(cloud, refs), ["missing", "missing"])
      })
    )

    live("touches nothing of another log or cluster", ({ cloud }) =>
      Effect.gen(function* () {
        const ref = yield* makeNode(cloud)
        for (const tags of [
          { ...ref.tags, log: ulid() },
          { ...ref.tags, cluster: ClusterId.make(ulid()) }
        ]) {
          for (const act of [cloud.stop({ ...ref, tags }), cloud.terminate({ ...ref, tags })]) {
            assert.strictEqual((yield* Effect.flip(act)).kind, "Refused")
          }
          const [foreign, own] = yield* cloud.query([{ ...ref, tags }, ref])
          assert.deepInclude(foreign, { state: "unknown", node: ref.node, rank: ref.rank })
          assert.isNotEmpty(foreign!.reason)
          assert.strictEqual(own!.state, "running")
        }
        assert.deepStrictEqual(yield* states(cloud, [ref]), ["running"])
      })
    )

    live(
      "names what there is to pay for: of a log, or of all that its own state folder has had, and nothing of another folder's",
      ({ cloud }) =>
        Effect.gen(function* () {
          const refs = [yield* makeNode(cloud), yield* makeNode(cloud)]
          const other = yield* makeNode((yield* prepare).cloud)
          const named = (log: string | null) => Effect.map(cloud.owned(log), ({ owned }) => owned.map(({ node }) => node))
          assert.deepStrictEqual(yield* named(refs[0]!.tags.log), [refs[0]!.node])
          assert.sameMembers(
            yield* named(null),
            refs.map(({ node }) => node)
          )
          assert.deepStrictEqual(yield* named(other.tags.log), [])
        })
    )

    live("tells of what carries the tags of a log enough to make a cluster of it, and that nothing is left once it is gone", ({ cloud }) =>
      Effect.gen(function* () {
        const { refs, request } = yield* makeNodes(cloud, [0])
        const { log } = request.tags
        const tagged = (of: string | null) =>
          cloud.tagged?.(of) ?? Effect.map(cloud.owned(of), (holdings) => ({ ...holdings, remnants: [] }))
        const [found] = (yield* tagged(log)).owned
        const { catalog: _, zone: __, ...offer } = request.offer
        assert.deepInclude(found, { ...refs[0]!, zone: found!.zone })
        assert.deepInclude(found!.offer, offer)
        assert.include(
          (yield* tagged(null)).owned.map(({ node }) => node),
          refs[0]!.node
        )
        yield* cloud.terminate(refs[0]!)
        assert.deepStrictEqual(yield* tagged(log), { owned: [], remnants: [], unclear: [] })
      })
    )

    live("runs one agent on a node, which says who it is", ({ cloud }) =>
      Effect.gen(function* () {
        const ref = yield* makeNode(cloud)
        assert.strictEqual((yield* Effect.flip(cloud.connectAgent(ref))).kind, "Transient")
        const peer = yield* cloud.installAgent(ref)
        assert.deepInclude(peer, { rank: 0, node: ref.node })
        const hello = yield* helloOf(cloud, ref)
        assert.deepInclude(hello, { cluster: ref.tags.cluster, node: ref.node, rank: 0, halted: false })
        assert.deepStrictEqual(yield* cloud.installAgent(ref), peer)
        assert.strictEqual((yield* helloOf(cloud, ref)).pid, hello.pid)
      })
    )

    live("puts files below the node's home, and leaves what is there", ({ cloud, files, readFile, takesAnyPath }) =>
      Effect.gen(function* () {
        const ref = yield* makeNode(cloud)
        yield* startJob(cloud, ref, "echo result > result.txt")
        yield* until(Effect.map(readFile(ref, "sky_workdir/result.txt"), (text) => text === "result\n"))
        yield* cloud.put(ref, Effect.succeed({ files, folder: "sky_workdir" }))
        yield* cloud.put(ref, Effect.succeed({ files, folder: "deep/er" }))
        for (const { path } of files.entries.filter(({ kind }) => kind === "file")) {
          assert.isNotNull(yield* readFile(ref, `sky_workdir/${path}`))
          assert.isNotNull(yield* readFile(ref, `deep/er/${path}`))
        }
        assert.strictEqual(yield* readFile(ref, "sky_workdir/result.txt"), "result\n")
        for (const outside of ["../x", "a/../../x", ...(takesAnyPath ? [] : ["/etc/x"])]) {
          assert.strictEqual((yield* Effect.flip(cloud.put(ref, Effect.succeed({ files, folder: outside })))).kind, "Refused")
        }
      })
    )

    live("stops a node with what runs on it, and it answers again once it is started", ({ cloud, readFile }, { skip }) =>
      Effect.gen(function* () {
        const { refs, request } = yield* makeNodes(cloud, [0])
        const ref = refs[0]!
        if (cloud.lackOf("STOP", request.offer) !== null) return skip("it stops none")
        yield* startJob(cloud, ref, "while sleep 0.05; do date +%s%N > beat; done")
        yield* until(Effect.map(readFile(ref, "sky_workdir/beat"), Boolean))
        yield* cloud.stop(ref)
        const last = yield* readFile(ref, "sky_workdir/beat")
        assert.strictEqual((yield* Effect.flip(cloud.installAgent(ref))).kind, "Refused")
        yield* cloud.start(ref)
        yield* cloud.installAgent(ref)
        assert.strictEqual((yield* helloOf(cloud, ref)).halted, false)
        assert.strictEqual(yield* readFile(ref, "sky_workdir/beat"), last)
      })
    )

    live("tells what an agent's journal holds, where it can, also when none runs", ({ cloud, readFile }) =>
      Effect.gen(function* () {
        const { refs, request } = yield* makeNodes(cloud, [0])
        const ref = refs[0]!
        yield* startJob(cloud, ref, "echo done > done.txt")
        yield* until(Effect.map(readFile(ref, "sky_workdir/done.txt"), Boolean))
        yield* until(Effect.map(helloOf(cloud, ref), ({ lastEntry }) => lastEntry === 2))
        const { journal } = yield* helloOf(cloud, ref)
        if (cloud.lackOf("STOP", request.offer) === null) yield* cloud.stop(ref)
        const found = yield* cloud.journalAtRest(ref)
        if (found === null) return
        assert.strictEqual(found.journal, journal)
        assert.deepStrictEqual(
          found.entries.map(({ n, fact }) => [n, fact._tag]),
          [
            [1, "JobStarted"],
            [2, "JobEnded"]
          ]
        )
      })
    )
  })
}
