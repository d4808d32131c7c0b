/** What clouds hold and no cluster has: found beside the log's own word, ended only after that is a fact, adopted as it was seen. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Background } from "../../daemon/Background.ts"
import { type Cloud, CloudError, type NodeRef, type Owned } from "../../daemon/clouds/Cloud.ts"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import type { KnownNodes, Remnant, Tagged } from "../../daemon/clouds/Remnant.ts"
import { streamOf } from "../../daemon/commands/decision.ts"
import { Leaks } from "../../daemon/leaks/Leaks.ts"
import { Identity } from "../../daemon/life/Identity.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import * as MemoryLogStore from "../../daemon/log/MemoryLogStore.ts"
import { Reactors } from "../../daemon/reactors/Reactors.ts"
import type { Event } from "../../events/Event.ts"
import { ClusterId, ClusterName, NodeId, NodeToken } from "../../events/ids.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { nothingLeft } from "../../projections/refusals.ts"
import { cluster, created, name, nodeId, offer, type Said, token } from "../fakes/facts.ts"

const actor = { kind: "daemon" as const, uid: 1, host: "here" }
const ours = MemoryLogStore.memoryLog
const theirs = "01HZZZZZZZZZZZZZZZZZZZZZZ9"
const far = { ...offer, cloud: "far", region: "r-1", instanceType: "big", usdPerHour: 2, catalog: "2026-07-20" }
const tagsOf = (log = ours, clusterName = name as string) => ({ log, cluster, clusterName: ClusterName.make(clusterName) })
const machine = (rank = 0, more: Partial<Owned> = {}): Owned => ({
  tags: tagsOf(),
  rank,
  node: nodeId(rank),
  region: "r-1",
  zone: null,
  address: `10.0.0.${rank + 1}`,
  host: `i-${rank}`,
  hostKey: null,
  state: "running",
  offer: far,
  ...more
})
const disk: Remnant = { kind: "disk", id: "vol-1", region: "r-1", tags: tagsOf(), madeAtMs: 0 }
const group: Remnant = { kind: "group", id: "sg-1", region: "r-1", tags: tagsOf(), madeAtMs: null }
const failed = (message: string) => new CloudError({ kind: "Transient", code: "Busy", message })

interface Scene {
  held: ReadonlyArray<Owned>
  remnants: ReadonlyArray<Remnant>
  unclear: ReadonlyArray<string>
  whyNot: string | null
  isForbidden: boolean
  isMisset: boolean
  hasSigns: boolean
  identity: ReadonlyArray<string> | null
  /** Who they were. */
  kept?: ReadonlyArray<string>
  tagged?: Effect.Effect<Tagged, CloudError>
  /** What the cloud was told to end, in order; which of it fails. */
  readonly ended: Array<string>
  readonly fails: Map<string, CloudError>
  atEnd: Effect.Effect<void>
  endByHand?: Cloud["endByHand"]
}

const scene = (
  test: (scene: Scene) => Effect.Effect<void, unknown, Leaks | EventLog>,
  disk: MemoryLogStore.MemoryDisk = [],
  begins: Partial<Scene> = {}
) => {
  const scene: Scene = {
    held: [],
    remnants: [],
    unclear: [],
    whyNot: null,
    isForbidden: false,
    isMisset: false,
    hasSigns: false,
    identity: ["ann", "account"],
    ended: [],
    fails: new Map(),
    atEnd: Effect.void,
    ...begins
  }
  const end = (id: string) =>
    Effect.gen(function* () {
      yield* scene.atEnd
      scene.ended.push(id)
      const fault = scene.fails.get(id)
      if (fault !== undefined) return yield* fault
    })
  const cloud = {
    name: "far",
    whyNot: Effect.sync(() => scene.whyNot),
    isForbidden: () => scene.isForbidden,
    isMisset: () => scene.isMisset,
    hasSigns: Effect.sync(() => scene.hasSigns),
    identity: Effect.sync(() => scene.kept ?? scene.identity),
    identityNow: Effect.sync(() => scene.identity),
    owned: () => Effect.die("tagged says it"),
    tagged: (log: string | null, known: KnownNodes) =>
      Effect.suspend(() => {
        const isDropped = (one: Owned | Remnant) => "host" in one && known.dropped.some(({ host }) => host === one.host)
        const isMeant = (one: Owned | Remnant) => log === null || one.tags.log === log || isDropped(one)
        const { held, remnants, unclear } = scene
        return scene.tagged ?? Effect.succeed({ owned: held.filter(isMeant), remnants: remnants.filter(isMeant), unclear })
      }),
    terminate: ({ host }: NodeRef) => end(host!),
    remove: ({ id }: Remnant) => end(id),
    get endByHand() {
      return scene.endByHand
    }
  }
  return test(scene).pipe(
    Effect.provide(
      Leaks.layer.pipe(
        Layer.provideMerge(EventLog.layer(actor)),
        Layer.provide([
          Background.layer,
          MemoryLogStore.layer(disk),
          Layer.succeed(Clouds, new Map([["far", cloud as never]])),
          Layer.succeed(Identity, { actor } as never),
          Reactors.on
        ])
      )
    )
  )
}
const said = (facts: ReadonlyArray<Said>) =>
  EventLog.use((log) =>
    log.append({
      events: facts.map((fact) => [streamOf(cluster), "_tag" in fact ? fact : fact[0]] as const),
      operation: null,
      causedBy: 0,
      actor,
      expect: []
    })
  )
const find = (all = false) => Leaks.use((leaks) => leaks.find(all))
const ids = (all = false) => Effect.map(find(all), ({ leaks }) => leaks.map(({ id }) => id))
const reasons = Effect.map(find(), ({ leaks }) => leaks.map(({ reason }) => reason))
const end = (...names: ReadonlyArray<string>) => Leaks.use((leaks) => leaks.end(names))
const adopt = (called: string, as: string | null = null) => Leaks.use((leaks) => leaks.adopt(called, as))
const facts = EventLog.use((log) =>
  Effect.map(Stream.runCollect(log.readStream(streamOf(cluster), 1)), (all) => all.map(({ event }) => event))
)
const tags = Effect.map(facts, (all) => all.map(({ _tag }) => _tag))
const row = EventLog.use((log) => Effect.sync(() => rowNamed(log.world().clusters, name)))

const placed: Said = { _tag: "PlaceChosen", cluster, offer: far, numNodes: 1 }
const asked: Event & { readonly _tag: "NodeRequested" } = { _tag: "NodeRequested", cluster, token, ranks: [0], offer: far }
const given: Event = { _tag: "NodeProvisioned", cluster, token, rank: 0, node: nodeId(0), address: "10.0.0.1", host: "i-0" }
const released: Event = { _tag: "NodeReleased", cluster, rank: 0, node: nodeId(0), reason: null }
const gone: Event = { _tag: "ClusterGone", cluster, name, reason: "torn down" }
const abandoned: Event = { _tag: "NodeAbandoned", cluster, rank: 0, node: nodeId(0), reason: "no answer" }
const minute = TestClock.adjust("61 seconds")

describe("a leak", () => {
  it.effect("is none while a launch is under way, nor what a cluster has", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        scene.remnants = [group]
        yield* said([created, placed, asked])
        assert.deepStrictEqual(yield* ids(), [])
        yield* said([given])
        assert.deepStrictEqual(yield* ids(), [])
      })
    )
  )
  it.effect("is what a disk was copied by once its machine is there, and what could not be removed with its cluster, at once", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.remnants = [{ ...group, kind: "snapshot", id: "s", isCopy: true }]
        yield* said([created, placed, asked])
        assert.deepStrictEqual(yield* reasons, [])
        yield* said([given])
        assert.deepStrictEqual(yield* reasons, ["its machine is there, and it could not be removed then"])
        scene.remnants = [group]
        assert.deepStrictEqual(yield* reasons, [])
        yield* said([released, { _tag: "RestLeft", cluster, cloud: "far", message: "you may not" }, gone])
        assert.deepStrictEqual(yield* reasons, ["its removal failed: you may not"])
      })
    )
  )
  it.effect("is not what a search had left, and went with its cluster a moment ago", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.remnants = [group]
        const left: Said = { _tag: "RestLeft", cluster, cloud: "far", message: "not now" }
        yield* said([created, placed, asked, left, placed, asked, given, released, gone])
        assert.deepStrictEqual(yield* reasons, [])
        yield* minute
        assert.deepStrictEqual(yield* reasons, ["its cluster is gone"])
      })
    )
  )
  it.effect("is not what became a cluster's, or went, while the clouds were asked", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const [begun, go] = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
        scene.tagged = Effect.gen(function* () {
          yield* Deferred.succeed(begun, undefined)
          yield* Deferred.await(go)
          return { owned: [machine()], remnants: [], unclear: [] }
        })
        const looked = yield* Effect.forkChild(ids())
        yield* Deferred.await(begun)
        yield* said([created, placed, asked])
        yield* Deferred.succeed(go, undefined)
        assert.deepStrictEqual(yield* Fiber.join(looked), [])
      })
    )
  )
  it.effect("is not what ended a moment ago, although its cloud still lists it; after a minute it is one", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        scene.remnants = [group]
        yield* said([created, placed, asked, given, released, gone])
        assert.deepStrictEqual(yield* ids(), [])
        yield* minute
        assert.deepStrictEqual(yield* reasons, ["the log has it as gone", "its cluster is gone"])
      })
    )
  )
  it.effect("is at once what runs although its request was refused, unless it ended a moment ago", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const refused: Event = { _tag: "NodeRefused", cluster, token, code: "NoCapacity", message: "no room" }
        scene.held = [machine()]
        yield* said([created, placed, asked, refused])
        assert.deepStrictEqual(yield* reasons, ["the log has it as refused"])
        scene.held = [machine(0, { state: "stopped" })]
        assert.deepStrictEqual(yield* ids(), [])
        scene.held = [machine()]
        yield* said([released, refused])
        assert.deepStrictEqual(yield* ids(), [])
        yield* minute
        assert.deepStrictEqual(yield* reasons, ["the log has it as refused"])
      })
    )
  )
  it.effect("is at once what runs although the round in which it was asked for again came to nothing", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        const before = NodeToken.make("01HZZZZZZZZZZZZZZZZZZZZZT0")
        const why = { code: "NoCapacity", message: "no room" }
        const waits = { _tag: "PlacesExhausted", cluster, message: "no room", retryAtMs: 0 } as const
        const first: ReadonlyArray<Event> = [
          { ...asked, token: before },
          { _tag: "NodeRefused", cluster, token: before, ...why }
        ]
        yield* said([created, placed, ...first, { ...waits, round: 1 }, asked, { ...waits, round: 2, refusedAgain: token }])
        assert.deepStrictEqual(yield* reasons, ["the log has it as refused"])
      })
    )
  )
  it.effect("is none where its tags have come to say another cluster, and the log has it by what its cloud calls it", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(0, { tags: { ...tagsOf(), cluster: ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZY") } })]
        yield* said([created, placed, asked, given])
        assert.deepStrictEqual(yield* ids(), [])
      })
    )
  )
  it.effect("is at once what a purge gave up on, and what the log never heard of", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(0, { tags: { ...tagsOf(), cluster: ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZY") } }), machine()]
        yield* said([created, placed, asked, given, abandoned, gone])
        assert.deepStrictEqual(yield* reasons, ["the log knows nothing of its cluster", "a purge gave up on it: no answer"])
        const about = { cluster, cloud: "far", kind: "machine", id: "i-0", region: "r-1", node: nodeId(0) } as const
        yield* said([{ _tag: "LeakEndRequested", ...about, reason: "" }])
        assert.strictEqual((yield* reasons)[1], "its end was asked for, and nothing was heard of it")
      })
    )
  )
  it.effect("is what a purge gave up on also under the tags of the log that its cluster was adopted from, and is this log's to end", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(0, { tags: tagsOf(theirs) })]
        yield* adopt("train")
        assert.deepStrictEqual(yield* ids(), [])
        yield* said([abandoned, gone])
        const { leaks } = yield* find()
        assert.deepStrictEqual(
          leaks.map(({ id, isOurs, reason }) => [id, isOurs, reason]),
          [["i-0", true, "a purge gave up on it: no answer"]]
        )
        assert.lengthOf((yield* end("i-0")).ended, 1)
        assert.deepStrictEqual(scene.ended, ["i-0"])
      })
    )
  )
  it.effect("is not called ended when the credentials became others' meanwhile, to which it is not there", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        yield* said([created, placed, asked, given, abandoned, gone])
        scene.atEnd = Effect.sync(() => {
          scene.identity = ["bob", "other"]
        })
        const { ended, kept } = yield* end("i-0")
        assert.deepStrictEqual(ended, [])
        assert.include(kept[0]?.message, "the credentials became those of bob, other")
        assert.notInclude(yield* tags, "LeakEnded")
      })
    )
  )
  it.effect("may be in another account, where a purge gave up on it", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const owned: Said = { _tag: "PlaceChosen", cluster, offer: far, numNodes: 1, owner: ["ann", "account"] }
        scene.identity = ["bob", "other"]
        yield* said([created, owned, asked, given, abandoned, gone])
        assert.include((yield* find()).silent[0], "1 node of train that a purge gave up on may run and cost")
      })
    )
  )
  it.effect("may be in an account that a cluster is in and the credentials do not see: that is said, once for all of its clusters", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const owned: Said = { _tag: "PlaceChosen", cluster, offer: far, numNodes: 1, owner: ["ann", "account"] }
        yield* said([created, owned, asked, given])
        assert.deepStrictEqual((yield* find()).silent, [])
        scene.identity = ["bob", "account"]
        assert.deepStrictEqual((yield* find()).silent, [])
        scene.identity = ["bob", "other"]
        assert.deepStrictEqual((yield* find()).silent, [
          "far: the account of ann, account, which train is in, is not looked at: the credentials are those of bob, other"
        ])
      })
    )
  )
  it.effect("may be in another account, where something was asked for and never answered: that is said, and it is no purge's", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const owned: Said = { _tag: "PlaceChosen", cluster, offer: far, numNodes: 2, owner: ["ann", "account"] }
        const lost: Said = { _tag: "RequestAbandoned", cluster, token, ranks: [0, 1], reason: "no answer" }
        yield* said([created, owned, { ...asked, ranks: [0, 1] }, lost, gone])
        assert.deepStrictEqual((yield* find()).silent, [])
        scene.identity = ["bob", "other"]
        const [silent] = (yield* find()).silent
        assert.include(silent, "2 nodes that far was asked for as train and never answered for may run and cost")
        assert.include(silent, "in the account of ann, account")
        scene.identity = ["ann", "account"]
        scene.held = [machine()]
        assert.deepStrictEqual(yield* reasons, ["it was asked for and never answered: no answer"])
      })
    )
  )
  it.effect("is a machine beside the nodes of a live cluster", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(), machine(1, { node: NodeId.make("01HZZZZZZZZZZZZZZZZZZZZZT2-1") })]
        yield* said([created, placed, asked, given])
        assert.deepStrictEqual(yield* reasons, ["its cluster has no such node"])
        assert.include((yield* Effect.flip(adopt("i-1"))).message, "stands beside the nodes of train")
      })
    )
  )
  it.effect("is a second machine with a node's tags, and never the node: that is told by what its cloud calls it", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(), machine(0, { host: "i-twin" })]
        yield* said([created, placed, asked, given])
        assert.deepStrictEqual(yield* ids(), ["i-twin"])
        assert.deepStrictEqual(yield* reasons, ["it carries the tags of another machine, i-0"])
        assert.deepStrictEqual(
          (yield* end("i-twin")).ended.map(({ id }) => id),
          ["i-twin"]
        )
        assert.deepStrictEqual(scene.ended, ["i-twin"])
        scene.held = [machine(0, { host: "i-twin" })]
        yield* minute
        yield* said([released, gone])
        assert.deepStrictEqual(yield* reasons, ["it was ended, and is there all the same"])
      })
    )
  )
  it.effect("is what has lost the tags that tell its node, unless a cluster has it by what its cloud calls it", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const odd = "it has lost its tags skyd-token, skyd-ranks"
        scene.held = [machine(0, { node: NodeId.make("i-0"), odd })]
        assert.deepStrictEqual(yield* reasons, [odd])
        yield* said([created, placed, asked, given])
        assert.deepStrictEqual(yield* ids(), [])
        scene.held = [machine(0, { node: NodeId.make("i-9"), host: "i-9", odd })]
        assert.deepStrictEqual(yield* reasons, [odd])
        yield* said([released, gone])
        yield* minute
        scene.held = [machine(0, { node: NodeId.make("i-0"), odd })]
        assert.deepStrictEqual(yield* reasons, ["the log has it as gone"])
        assert.include((yield* Effect.flip(adopt("i-0"))).message, "Which node of train i-0 is cannot be told: it has lost")
        assert.lengthOf((yield* end("i-0")).ended, 1)
      })
    )
  )
  it.effect("of a request that was dropped, and of which nothing was found, is not told as refused", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        yield* said([created, placed, asked, { _tag: "NodeRefused", cluster, token, code: nothingLeft, message: "all has ended" }])
        assert.deepStrictEqual(yield* reasons, ["nothing of it was found when its cluster was dropped"])
      })
    )
  )
  it.effect("of another log is told of when all are asked for, and is never ended", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(0, { tags: tagsOf(theirs) })]
        assert.deepStrictEqual(yield* ids(), [])
        assert.deepStrictEqual(yield* ids(true), ["i-0"])
        assert.deepInclude(yield* end("i-0", "train"), { ended: [], notFound: ["i-0", "train"] })
        assert.deepStrictEqual(scene.ended, [])
      })
    )
  )
  it.effect("may be where a cloud does not answer: that is said, and so is a cloud that cannot be used any more", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const silent = Effect.map(find(), (found) => found.silent)
        scene.unclear = ["r-2 is not looked at: it did not answer"]
        assert.deepStrictEqual(yield* silent, ["far: r-2 is not looked at: it did not answer"])
        scene.tagged = Effect.fail(failed("no way there."))
        assert.deepStrictEqual(yield* silent, ["far: no way there"])
        scene.whyNot = "there are no credentials"
        assert.deepStrictEqual(yield* silent, [])
        yield* said([created, placed])
        assert.deepStrictEqual(yield* silent, ["far: there are no credentials"])
      })
    )
  )
  it.effect("may be in a cloud that a lost log has used: one that is set up and cannot be asked is said, and no other", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.whyNot = "the token has expired"
        assert.deepStrictEqual(yield* find(), { leaks: [], silent: [] })
        scene.hasSigns = true
        assert.deepStrictEqual(yield* find(), { leaks: [], silent: ["far: the token has expired"] })
        assert.deepInclude(yield* end("train"), { silent: ["far: the token has expired"] })
      })
    )
  )
  it.effect("is found, and ended, where the credentials may not make machines: seeing them takes less", () =>
    scene((scene) =>
      Effect.gen(function* () {
        yield* said([created, placed, asked, given, released, gone])
        yield* minute
        Object.assign(scene, { held: [machine()], whyNot: "its credentials may not ec2:RunInstances", isForbidden: true })
        const { leaks, silent } = yield* find()
        assert.deepStrictEqual([leaks.map(({ id }) => id), silent], [["i-0"], []])
        yield* end("i-0")
        assert.deepStrictEqual(scene.ended, ["i-0"])
        scene.identity = null
        assert.deepStrictEqual(yield* find(), { leaks: [], silent: ["far: its credentials may not ec2:RunInstances"] })
      })
    )
  )
  it.effect("is found, and ended, where config.yaml is wrong: neither takes what that says of machines", () =>
    scene((scene) =>
      Effect.gen(function* () {
        yield* said([created, placed, asked, given, released, gone])
        yield* minute
        Object.assign(scene, { held: [machine()], whyNot: "far.labels in config.yaml: small letters", isMisset: true })
        const { leaks, silent } = yield* find()
        assert.deepStrictEqual([leaks.map(({ id }) => id), silent], [["i-0"], []])
        yield* end("i-0")
        assert.deepStrictEqual(scene.ended, ["i-0"])
      })
    )
  )
  it.effect("with tags that name no cluster is said, and nothing is done to it", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(0, { tags: { ...tagsOf(), cluster: "mine" as never } })]
        assert.deepStrictEqual(yield* find(), { leaks: [], silent: ["far: the tags of i-0 name no cluster"] })
        yield* said([created, placed, asked, given])
        assert.deepStrictEqual(yield* find(), { leaks: [], silent: [] })
      })
    )
  )
  it.effect("of many with such tags three are named, and how many more there are", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = Array.from({ length: 990 }, (_, i) => machine(i, { tags: { ...tagsOf(), cluster: "mine" as never } }))
        assert.deepStrictEqual((yield* find()).silent, ["far: the tags of i-0, i-1, i-2 and 987 more name no cluster"])
      })
    )
  )
})

describe("the end of a leak", () => {
  it.effect("is a fact before the cloud is told, machines before groups, and a fact after", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        scene.remnants = [group, disk]
        yield* said([created, placed, asked, given, abandoned, gone])
        yield* minute
        let before: ReadonlyArray<string> = []
        const log = yield* EventLog
        scene.atEnd = Effect.orDie(
          Effect.map(Stream.runCollect(log.readStream(streamOf(cluster), 1)), (all) => {
            if (before.length === 0) before = all.map(({ event }) => event._tag)
          })
        )
        const { ended } = yield* end("train")
        assert.strictEqual(before.at(-1), "LeakEndRequested")
        assert.deepStrictEqual(scene.ended, ["i-0", "vol-1", "sg-1"])
        assert.deepStrictEqual(
          ended.map(({ id }) => id),
          ["i-0", "vol-1", "sg-1"]
        )
        assert.deepStrictEqual((yield* tags).filter((tag) => tag === "LeakEnded").length, 3)
        // The cloud still lists it: it is not ended twice.
        assert.deepInclude(yield* end("i-0"), { ended: [], notFound: ["i-0"] })
      })
    )
  )
  it.effect("by its cluster's name reaches what its cloud knows by the cluster's id alone, as GCP does its disks", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const nameless: Remnant = { ...disk, tags: { ...tagsOf(), clusterName: cluster as never } }
        const named = Effect.map(find(true), ({ leaks }) => leaks.map(({ thing }) => thing.tags.clusterName))
        scene.remnants = [nameless]
        assert.deepStrictEqual(yield* named, [cluster as string])
        // Another thing of the cluster says it where the log knows nothing, or is another's.
        scene.held = [machine()]
        assert.deepStrictEqual(yield* named, [name, name])
        scene.held = [machine(0, { tags: tagsOf(theirs, "old") })]
        scene.remnants = [{ ...nameless, tags: { ...tagsOf(theirs), clusterName: cluster as never } }]
        assert.deepStrictEqual(yield* named, ["old", "old"])
        scene.held = []
        scene.remnants = [nameless]
        yield* said([created, placed, asked, given, released, gone])
        yield* minute
        assert.deepStrictEqual(yield* named, [name])
        assert.lengthOf((yield* end("train")).ended, 1)
        assert.deepStrictEqual(scene.ended, ["vol-1"])
      })
    )
  )
  it.effect("that its cloud refuses is told in the cloud's words, by the list as well, and can be asked for again", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        scene.fails.set("i-0", failed("it is protected (OperationNotPermitted)"))
        const { ended, kept } = yield* end("i-0")
        assert.deepStrictEqual(ended, [])
        assert.deepInclude(kept[0], { code: "Busy", message: "it is protected (OperationNotPermitted)" })
        assert.deepStrictEqual(yield* reasons, ["its end failed: it is protected (OperationNotPermitted)"])
        scene.fails.clear()
        assert.strictEqual((yield* end("i-0")).ended.length, 1)
        assert.deepStrictEqual(yield* tags, ["LeakEndRequested", "LeakKept", "LeakEndRequested", "LeakEnded"])
      })
    )
  )
  it.effect("goes on when who asked for it has gone", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        const [begun, go] = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
        scene.atEnd = Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(go))
        const asking = yield* Effect.forkChild(end("i-0"))
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(asking)
        yield* Deferred.succeed(go, undefined)
        // The next deed waits for this one.
        assert.deepInclude(yield* end("i-0"), { notFound: ["i-0"] })
        assert.deepStrictEqual(yield* tags, ["LeakEndRequested", "LeakEnded"])
      })
    )
  )
})

describe("the end of a leak that a daemon began before it died", () => {
  /** The cloud was told, and nothing was heard of it. */
  const died = (...held: ReadonlyArray<Owned>) =>
    Effect.gen(function* () {
      const disk: MemoryLogStore.MemoryDisk = []
      const begun = Deferred.makeUnsafe<void>()
      yield* scene(
        () =>
          Effect.gen(function* () {
            yield* Effect.forkChild(end("train"))
            yield* Deferred.await(begun)
          }),
        disk,
        { held, atEnd: Effect.andThen(Deferred.succeed(begun, undefined), Effect.never) }
      )
      return disk
    })
  const soon = TestClock.adjust("31 seconds")

  it.effect("goes on by itself, as soon as its cloud answers and lets it", () =>
    Effect.gen(function* () {
      const disk = yield* died(machine())
      const fails = new Map([["i-0", failed("not now")]])
      const inNext = (scene: Scene) =>
        Effect.gen(function* () {
          yield* soon
          assert.deepStrictEqual(scene.ended, [])
          scene.whyNot = null
          yield* TestClock.adjust("2 minutes")
          assert.deepStrictEqual(yield* tags, ["LeakEndRequested"])
          fails.clear()
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual(yield* tags, ["LeakEndRequested", "LeakEnded"])
          assert.strictEqual(new Set(scene.ended).size, 1)
        })
      yield* scene(inNext, disk, { held: [machine()], whyNot: "the login has expired", fails })
      // What has ended is left alone by the daemon after that.
      yield* scene(
        (scene) =>
          Effect.andThen(
            soon,
            Effect.sync(() => assert.deepStrictEqual(scene.ended, []))
          ),
        disk,
        { held: [machine()] }
      )
    })
  )
  it.effect("that is not listed any more, or refused, is told as it is", () =>
    Effect.gen(function* () {
      const kept = Effect.map(facts, (all) => all.flatMap((event) => (event._tag === "LeakKept" ? [event.code] : [])))
      const codes = Effect.repeat(Effect.andThen(soon, kept), { until: (all) => all.length > 0 })
      const first = yield* died(machine())
      yield* scene(() => Effect.map(codes, (all) => assert.deepStrictEqual(all, ["NotListed"])), first)
      const fails = new Map([["i-0", new CloudError({ kind: "Refused", code: "Protected", message: "it is protected" })]])
      const second = yield* died(machine())
      yield* scene(() => Effect.map(codes, (all) => assert.deepStrictEqual(all, ["Protected"])), second, { held: [machine()], fails })
    })
  )
  it.effect("is not what somebody has adopted since", () =>
    Effect.gen(function* () {
      const disk = yield* died(machine())
      const adopting = (scene: Scene) =>
        Effect.gen(function* () {
          scene.tagged = Effect.succeed({ owned: [machine()], remnants: [], unclear: [] })
          yield* adopt("train")
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual(scene.ended, [])
        })
      yield* scene(adopting, disk, { tagged: Effect.fail(failed("not now")) })
    })
  )
})

describe("an adoption", () => {
  it.effect("is by those whose the credentials are now, whoever they were a moment ago: the log holds that for good", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(0)]
        scene.kept = ["bob", "other"]
        yield* adopt("train")
        assert.deepStrictEqual((yield* row)!.owner, ["ann", "account"])
      })
    )
  )
  it.effect("makes a cluster of machines as they were seen, and nothing is done to them", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(1), machine(0)]
        assert.deepStrictEqual(yield* adopt("train"), { cluster: "train", nodes: [nodeId(0), nodeId(1)] })
        const adopted = yield* row
        assert.deepInclude(adopted, { id: cluster, log: null, numNodes: 2, offer: far, owner: ["ann", "account"], everUp: true })
        assert.deepStrictEqual(
          adopted!.nodes.map(({ host, state, token: of }) => [host, state, of]),
          [
            ["i-0", "running", token],
            ["i-1", "running", token]
          ]
        )
        assert.deepStrictEqual(yield* ids(), [])
        assert.deepStrictEqual(scene.ended, [])
        assert.strictEqual((yield* Effect.flip(adopt("train")))._tag, "ClusterDoesNotExist")
      })
    )
  )
  it.effect("of another log's keeps that log's tags, under a name of its own where one is given", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(0, { tags: tagsOf(theirs, "old"), state: "stopped", address: null })]
        yield* adopt("old", "train")
        const adopted = (yield* row)!
        assert.deepInclude(adopted, { name, log: theirs })
        assert.strictEqual(adopted.nodes[0]!.state, "stopped")
        assert.deepStrictEqual(yield* ids(true), [])
      })
    )
  )
  it.effect("of a cluster that was purged is that cluster again, whose name is free, with what it has cost", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        yield* said([created, placed, asked, given])
        yield* TestClock.adjust("1 hour")
        yield* said([abandoned, gone])
        yield* adopt("train")
        yield* TestClock.adjust("1 hour")
        yield* said([released, gone])
        const { costs } = yield* EventLog.use((log) => Effect.sync(() => log.world()))
        const [own] = [...costs.rows].map(([, cost]) => cost)
        assert.strictEqual(own!.usd, 4)
        assert.strictEqual([...costs.gone].length, 1)
        assert.isUndefined(yield* row)
      })
    )
  )
  it.effect("is refused where ranks are missing, or are more than a cluster has: tags can say anything", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine(0), machine(7)]
        assert.include(
          (yield* Effect.flip(adopt("train"))).message,
          "train has no machine of ranks 1, 2, 3, 4, 5 and 1 more, and one of rank 7."
        )
        scene.held = [machine(0), machine(2)]
        assert.include((yield* Effect.flip(adopt("train"))).message, "train has no machine of rank 1, and one of rank 2.")
        scene.held = [machine(1)]
        assert.include((yield* Effect.flip(adopt("train"))).message, "no machine of rank 0,")
        scene.held = [machine(144_512)]
        const refusal = yield* Effect.flip(adopt("train"))
        assert.include(refusal.message, "i-144512 is rank 144512 of train by its tags: a cluster has at most 1024 nodes.")
        assert.include((refusal as { readonly hint: string }).hint, "sky leaks --terminate i-144512")
        assert.isUndefined(yield* row)
      })
    )
  )
  it.effect("of what another log has made and cannot be a cluster is refused with what ends it at its cloud, to be typed as it is", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const hint = (called: string) => Effect.map(Effect.flip(adopt(called)), (refusal) => (refusal as { readonly hint: string }).hint)
        const odd = "it has lost its tags skyd-token, skyd-ranks"
        scene.held = [machine(0, { tags: tagsOf(theirs), node: NodeId.make("i-0"), odd })]
        assert.strictEqual(yield* hint("i-0"), "End it with the daemon that has made it")
        scene.held = [machine(0, { node: NodeId.make("i-0"), odd })]
        assert.strictEqual(yield* hint("i-0"), "End it: sky leaks --terminate i-0")
        scene.held = [machine(0), machine(2)]
        assert.strictEqual(yield* hint("train"), "End what is left of it: sky leaks --terminate i-0 i-2")
        scene.held = [machine(0, { tags: tagsOf(theirs) }), machine(2, { tags: tagsOf(theirs) })]
        scene.endByHand = (machines) => `far end ${machines.map(({ host }) => host)}`
        assert.strictEqual(yield* hint("train"), "End what is left of it at its cloud, for another log has made it: far end i-0,i-2")
      })
    )
  )
  it.effect("is refused where the name is taken, several are meant, a rank is there twice, or nothing of it is known", () =>
    scene((scene) =>
      Effect.gen(function* () {
        const other = ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZY")
        scene.held = [machine(), machine(0, { host: "i-9", node: NodeId.make("01HZZZZZZZZZZZZZZZZZZZZZT2-0") })]
        assert.include((yield* Effect.flip(adopt("train"))).message, "two machines of rank 0")
        scene.held = [machine(), machine(0, { host: "i-9", tags: { ...tagsOf(theirs), cluster: other } })]
        const several = yield* Effect.flip(adopt("train"))
        assert.include(several.message, `${cluster} (i-0), ${other} (i-9)`)
        yield* adopt("i-0")
        const taken = yield* Effect.flip(adopt("i-9"))
        assert.deepInclude(taken, { _tag: "RequestConflict", exitCode: 6 })
        assert.include((yield* Effect.flip(adopt("i-9", "-no"))).message, "Invalid cluster name")
        yield* adopt("i-9", "other")
        scene.unclear = ["r-2 is not looked at: it did not answer"]
        assert.include((yield* Effect.flip(adopt("lost"))).hint, "r-2 is not looked at")
      })
    )
  )
  it.effect("takes over what a purge left to be ended: it is not ended any more", () =>
    scene((scene) =>
      Effect.gen(function* () {
        scene.held = [machine()]
        yield* said([created, placed, asked, given, abandoned, gone])
        const left = EventLog.use((log) => Effect.sync(() => [...log.world().clusters.abandoned].length))
        assert.strictEqual(yield* left, 1)
        yield* adopt("train")
        assert.strictEqual(yield* left, 0)
        assert.strictEqual(statusOf((yield* row)!), "INIT")
      })
    )
  )
})
