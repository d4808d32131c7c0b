/** What may be in another account is said as far as it is known, and nobody waits long to be told. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { accountsUnseen } from "../../daemon/leaks/accounts.ts"
import { unansweredElsewhere } from "../../daemon/leaks/unanswered.ts"
import type { Event } from "../../events/Event.ts"
import { cluster, created, name, nodeId, offer, type Said, token, up, worldOf } from "../fakes/facts.ts"

const far = { ...offer, cloud: "far", region: "r-1" }
const given: Event = { _tag: "NodeProvisioned", cluster, token, rank: 0, node: nodeId(0), address: "10.0.0.1", host: "i-0" }
const chosen: Event = { _tag: "PlaceChosen", cluster, offer: far, numNodes: 1, owner: ["ann", "account"] }
const gone: Event = { _tag: "ClusterGone", cluster, name, reason: "torn down" }
const givenUpOn: ReadonlyArray<Said> = [
  created,
  chosen,
  given,
  { _tag: "NodeAbandoned", cluster, rank: 0, node: nodeId(0), reason: "no answer" },
  gone
]
const told = (identity: Effect.Effect<ReadonlyArray<string> | null>, world = worldOf(givenUpOn)) =>
  Effect.gen(function* () {
    const clouds = new Map([["far", { name: "far", identity } as never]])
    const asked = yield* Effect.forkChild(unansweredElsewhere(clouds as never, world, 300), { startImmediately: true })
    yield* TestClock.adjust("300 millis")
    return (yield* Fiber.join(asked)).join()
  })

it.effect(
  "others' credentials are told to be others', those of its owner find it, none at all find nothing, and a cloud that does not answer is waited for no longer",
  () =>
    Effect.gen(function* () {
      assert.include(yield* told(Effect.succeed(["bob", "other"])), "whose credentials these are not")
      assert.strictEqual(yield* told(Effect.succeed(["ann", "account"])), "")
      const silent = yield* told(Effect.never)
      assert.include(silent, "1 node of train that a purge gave up on may run and cost")
      assert.include(silent, "whose the credentials are now cannot be told")
      assert.strictEqual(yield* told(Effect.succeed(null)), silent)
    })
)

it.effect("a cloud that does not answer keeps nobody from what the others say: neither of what may run elsewhere, nor of accounts", () =>
  Effect.gen(function* () {
    const identities = { far: Effect.succeed(["ann", "account"]), local: Effect.succeed(["bob", "other"]), dark: Effect.never }
    const clouds = new Map(Object.entries(identities).map(([cloud, identity]) => [cloud, { name: cloud, identity } as never])) as never
    const soon = <A>(asked: Effect.Effect<A>) =>
      Effect.gen(function* () {
        const asking = yield* Effect.forkChild(asked, { startImmediately: true })
        yield* TestClock.adjust("300 millis")
        return yield* Fiber.join(asking)
      })
    const dark = "01HZZZZZZZZZZZZZZZZZZZZZC2" as typeof cluster
    const inDark: ReadonlyArray<Event> = [
      { _tag: "ClusterCreated", cluster: dark, name: "other" as typeof name },
      { _tag: "PlaceChosen", cluster: dark, offer: { ...offer, cloud: "dark" }, numNodes: 1, owner: ["ann"] }
    ]
    const asked: Event = { _tag: "NodeRequested", cluster: dark, token, ranks: [0], offer: { ...offer, cloud: "dark" } }
    const lost: ReadonlyArray<Event> = [
      ...inDark,
      asked,
      { _tag: "RequestAbandoned", cluster: dark, token, ranks: [0], reason: "no answer" },
      { _tag: "ClusterGone", cluster: dark, name: "other" as typeof name, reason: "torn down" }
    ]
    const elsewhere = yield* soon(unansweredElsewhere(clouds, worldOf([...givenUpOn, ...lost]), 300))
    assert.strictEqual(elsewhere.length, 1)
    assert.include(elsewhere[0], "asked for as other")
    const owned = up().map((said) => ("_tag" in said && said._tag === "PlaceChosen" ? { ...said, owner: ["ann"] } : said))
    const accounts = yield* soon(accountsUnseen(clouds, worldOf([...owned, ...inDark]).clusters, 300))
    assert.strictEqual(accounts.length, 1)
    assert.include(accounts[0], "local: the account of ann")
  })
)

it.effect("what was ended as a leak is not told any more, machine by machine", () =>
  Effect.gen(function* () {
    const asOther = (facts: ReadonlyArray<Said>) => told(Effect.succeed(["bob", "other"]), worldOf(facts))
    const ended = (rank: number): Event => ({
      _tag: "LeakEnded",
      cluster,
      cloud: "far",
      kind: "machine",
      id: "i-0",
      region: "r-1",
      node: nodeId(rank)
    })
    const disk: Event = { _tag: "LeakEnded", cluster, cloud: "far", kind: "disk", id: "d-0", region: "r-1" }
    assert.include(yield* asOther([...givenUpOn, disk]), "1 node of train")
    assert.strictEqual(yield* asOther([...givenUpOn, ended(0)]), "")
    const neverAnswered: ReadonlyArray<Said> = [
      created,
      chosen,
      { _tag: "NodeRequested", cluster, token, ranks: [0, 1], offer: far },
      { _tag: "RequestAbandoned", cluster, token, ranks: [0, 1], reason: "no answer" },
      gone
    ]
    assert.include(yield* asOther([...neverAnswered, ended(1), ended(1)]), "1 node that far was asked for as train")
    assert.strictEqual(yield* asOther([...neverAnswered, ended(1), ended(0)]), "")
  })
)
