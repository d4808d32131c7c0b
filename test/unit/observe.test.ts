/** Several look at a cluster at once, and its nodes change meanwhile: each fact is recorded once, and none that was true before. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Background } from "../../daemon/Background.ts"
import type { Cloud, NodeState } from "../../daemon/clouds/Cloud.ts"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import { Secrets } from "../../daemon/home/Secrets.ts"
import { Identity } from "../../daemon/life/Identity.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import * as MemoryLogStore from "../../daemon/log/MemoryLogStore.ts"
import { Couriers } from "../../daemon/reactors/couriers/Couriers.ts"
import { JournalInbox } from "../../daemon/reactors/couriers/JournalInbox.ts"
import { observe } from "../../daemon/reactors/observe.ts"
import { Reactors } from "../../daemon/reactors/Reactors.ts"
import type { StreamName } from "../../events/Recorded.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import { rowOf } from "../../projections/clusters.ts"
import { cluster, journal, nodeId, operation, type Said, token, up } from "../fakes/facts.ts"
import { factsOf } from "../sim/scene.ts"

const actor = { kind: "daemon" as const, uid: 1, host: "here" }
const stream = `cluster/${cluster}` as StreamName
const node = nodeId(0)
const identity = { actor } as Identity["Service"]

const append = (log: EventLog["Service"], facts: ReadonlyArray<Said>) =>
  Effect.orDie(
    log.append({
      events: facts.map((said) => ("_tag" in said ? ([stream, said] as const) : ([stream, said[0], operation(said[1])] as const))),
      operation: null,
      causedBy: 0,
      actor,
      expect: []
    })
  )

const stateOf = (state: NodeState["state"]): NodeState => ({ rank: 0, node, state, address: null, reason: "spot", down: false })

/** One node, up; a cloud that says `states` once `meanwhile` has come to pass. */
const looking = (states: ReadonlyArray<NodeState>, play: (tools: Looking) => Effect.Effect<void>) => {
  const disk: MemoryLogStore.MemoryDisk = []
  return EventLog.use((log) =>
    Effect.gen(function* () {
      yield* append(log, up())
      const inbox = new JournalInbox(cluster, { log, identity })
      const look = (meanwhile: Effect.Effect<unknown> = Effect.void) => {
        const cloud = { query: () => Effect.as(meanwhile, states), journalAtRest: () => Effect.succeed(null) } as unknown as Cloud
        const tools = { log, identity, refOf: () => ({ rank: 0, node }) as never, cloudFor: () => Effect.succeed(cloud) }
        return observe(cluster, inbox, { silent: new Set(), said: new Map(), isLinked: () => true }, tools)
      }
      yield* play({ look, log, disk, inbox })
    })
  ).pipe(
    Effect.provide(
      Layer.fresh(EventLog.layer(actor)).pipe(
        Layer.provideMerge(Layer.fresh(Background.layer)),
        Layer.provideMerge(MemoryLogStore.layer(disk))
      ),
      { local: true }
    )
  )
}
interface Looking {
  readonly look: (meanwhile?: Effect.Effect<unknown>) => Effect.Effect<void>
  readonly log: EventLog["Service"]
  readonly disk: MemoryLogStore.MemoryDisk
  readonly inbox: JournalInbox
}
const count = (disk: MemoryLogStore.MemoryDisk, tag: string) => factsOf(disk).filter(({ _tag }) => _tag === tag).length

describe("a look at a cluster's nodes", () => {
  it.live.each([
    ["stopped", "NodeStopped"],
    ["missing", "NodeReleased"]
  ] as const)("of several at once records that a node is %s once", ([state, tag]) =>
    looking([stateOf(state)], ({ disk, look }) =>
      Effect.gen(function* () {
        yield* Effect.all([look(), look(), look()], { concurrency: "unbounded" })
        assert.strictEqual(count(disk, tag), 1)
      })
    )
  )
  it.live("records since when it is not running, where its cloud says that", () =>
    looking([{ ...stateOf("stopped"), endedAtMs: 7 }], ({ disk, look }) =>
      Effect.gen(function* () {
        yield* look()
        assert.deepInclude(factsOf(disk).at(-1), { _tag: "NodeStopped", endedAtMs: 7, reason: "spot" })
      })
    )
  )
  it.live("takes back that a start was refused for the credentials, once, and only where all is seen", () => {
    const about = { cluster, rank: 0, node }
    const refused: ReadonlyArray<Said> = [
      { _tag: "StopRequested", cluster, purge: false, lastUse: "" },
      { _tag: "NodeStopped", ...about, reason: null },
      { _tag: "ClusterStopped", cluster, reason: "stopped on request" },
      { _tag: "StartRequested", cluster, retryUntilUp: false, lastUse: "", idleMinutes: null, down: false, force: false },
      { _tag: "NodeStarting", ...about },
      { _tag: "NodeRefused", cluster, token, node, code: "ExpiredToken", message: "expired", scope: "cloud", credentials: "invalid" },
      { _tag: "ClusterStopped", cluster, reason: "expired" }
    ]
    const states = [stateOf("unknown")]
    return looking(states, ({ disk, log, look }) =>
      Effect.gen(function* () {
        yield* append(log, refused)
        const reason = () => conditionOf(rowOf(log.world().clusters, cluster)!).reason
        yield* look()
        assert.strictEqual(reason(), "it was not started: expired")
        states[0] = stateOf("stopped")
        yield* Effect.all([look(), look()], { concurrency: "unbounded" })
        yield* look()
        assert.strictEqual(count(disk, "CredentialsAccepted"), 1)
        assert.isNull(reason())
      })
    )
  })
  it.live("leaves it told that a start was refused for want of room or of rights, which a look says nothing of", () =>
    looking([stateOf("stopped")], ({ disk, log, look }) =>
      Effect.gen(function* () {
        yield* append(log, [
          { _tag: "NodeRefused", cluster, token, node, code: "UnauthorizedOperation", message: "you may not", scope: "cloud" },
          { _tag: "ClusterStopped", cluster, reason: "you may not" }
        ])
        yield* look()
        assert.strictEqual(count(disk, "CredentialsAccepted"), 0)
        assert.strictEqual(conditionOf(rowOf(log.world().clusters, cluster)!).reason, "it was not started: you may not")
      })
    )
  )
  it.live("that is to be gone says that it is off once its end has failed, and since when: it costs no more than its disk", () =>
    looking([{ ...stateOf("stopped"), endedAtMs: 7 }], ({ disk, log, look }) =>
      Effect.gen(function* () {
        yield* append(log, [{ _tag: "AutostopFired", cluster, idleMinutes: 2, down: true, idleSinceMs: 1, observedAtMs: 5, entry: 1 }])
        yield* look()
        assert.strictEqual(count(disk, "NodeStopped"), 0)
        yield* append(log, [{ _tag: "ActionFailed", cluster, action: "ReleaseNodes", message: "you may not", retryAtMs: 1 }])
        yield* Effect.all([look(), look()], { concurrency: "unbounded" })
        assert.strictEqual(count(disk, "NodeStopped"), 1)
        assert.deepInclude(factsOf(disk).at(-1), { _tag: "NodeStopped", endedAtMs: 7 })
        assert.strictEqual(rowOf(log.world().clusters, cluster)?.wanted, "gone")
      })
    )
  )
  it.live("that was overtaken says nothing of the node that has changed since", () =>
    looking([stateOf("stopped")], ({ disk, log, look }) =>
      Effect.gen(function* () {
        yield* look(append(log, [{ _tag: "NodeStarted", cluster, rank: 0, node, address: "127.0.1.1" }]))
        assert.strictEqual(count(disk, "NodeStopped"), 0)
        yield* look()
        assert.strictEqual(count(disk, "NodeStopped"), 1)
      })
    )
  )
})

it.live("a journal at rest, however long, is copied in groups that leave the log to others in between", () =>
  looking([], ({ log }) =>
    Effect.gen(function* () {
      const sizes: Array<number> = []
      const watched: EventLog["Service"] = {
        ...log,
        decide: (decide) => Effect.tap(log.decide(decide), (facts) => Effect.sync(() => sizes.push(facts.length)))
      }
      const entries = Array.from({ length: 300 }, (_, i) => ({ n: i + 1, atMs: i, fact: {} }))
      yield* new JournalInbox(cluster, { log: watched, identity }).copy(journal, entries)
      assert.deepStrictEqual(sizes, [128, 128, 44])
      assert.strictEqual(rowOf(log.world().clusters, cluster)!.journal!.last, 300)
    })
  )
)

it.live("nobody is kept waiting for a cluster that is gone", () =>
  Effect.gen(function* () {
    const couriers = yield* Couriers
    yield* couriers.observe(cluster)
    yield* couriers.untilTold(cluster, "job 1")
  }).pipe(
    Effect.provide(
      Layer.fresh(Couriers.layer).pipe(
        Layer.provide([
          Layer.succeed(Clouds, new Map()),
          Layer.succeed(Secrets, {} as Secrets["Service"]),
          Layer.succeed(Identity, identity),
          Reactors.on,
          Layer.fresh(EventLog.layer(actor)).pipe(Layer.provide(Layer.fresh(Background.layer)), Layer.provide(MemoryLogStore.layer([])))
        ])
      )
    )
  )
)
