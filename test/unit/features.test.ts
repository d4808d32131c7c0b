/** What a cluster's cloud lacks: the real deciders with clouds that say so. Each refusal is NotSupportedError and names the way on. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { Cloud } from "../../daemon/clouds/Cloud.ts"
import type { Identities } from "../../daemon/clouds/identities.ts"
import type { ClusterFeature } from "../../daemon/clouds/Offered.ts"
import type { Context } from "../../daemon/commands/decision.ts"
import { decide, type Input } from "../../daemon/requests/Deciders.ts"
import { empty } from "../../daemon/World.ts"
import { ClusterId } from "../../events/ids.ts"
import type { Offer, RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { CloudUserIdentityError } from "../../sdk/protocol/errors.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { needsFuse } from "../../task/mounts.ts"
import { cluster, name, nodeId, offer, requested, rowAfter, type Said, up } from "../fakes/facts.ts"

const context: Context = { requested: (requested("any", "r-now") as readonly [never, string])[0], nowMs: 90_000, user: "ann" }
const fresh = ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZ2")
const stopped: ReadonlyArray<Said> = [
  ...up(),
  { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null },
  { _tag: "ClusterStopped", cluster, reason: "stopped on request" }
]

const spot: Offer = { ...offer, cloud: "aws", region: "us-east-1", instanceType: "m6i.large", useSpot: true }
const onDemand: Offer = { ...spot, useSpot: false, usdPerHour: 1 }
const pod: Offer = { ...offer, cloud: "gcp", instanceType: "TPU-VM", accelerators: { name: "tpu-v2-32", count: 1 } }
const pool: Offer = { ...offer, cloud: "pool" }

const lackOf = (feature: ClusterFeature, { accelerators, cloud, useSpot }: Offer) => {
  if (feature === "RESTART") return cloud === "pool" ? "a pool lends machines and starts none" : null
  if (feature === "STORAGE_MOUNTING") return cloud === "pool" ? "its machines have no FUSE" : null
  if (accelerators?.name === "tpu-v2-32") return "a pod of TPUs ends when it stops"
  return cloud === "aws" && useSpot ? "AWS ends spot machines when they stop" : null
}
const clouds = new Map(["aws", "gcp", "pool"].map((cloud) => [cloud, { name: cloud, lackOf, homeOnly: cloud === "pool" } as Cloud]))

/** Who the credentials are, by cloud. */
const known: Identities = new Map([["aws", Result.succeed(["AIDAEXAMPLE", "123456789012"])]])

const answer = <M extends CommandName>(
  method: M,
  params: object,
  on: ClusterRow | ReadonlyArray<Offer>,
  task: RecordedTask = { run: "r" },
  identities = known
) => {
  const [row, offers] = Array.isArray(on) ? [undefined, on as ReadonlyArray<Offer>] : [on as ClusterRow, []]
  const input = { params: { clusterName: name, ...params }, row, world: empty, context, name, fresh, task, clouds, identities }
  const access = new Map([...clouds.keys()].map((cloud) => [cloud, null]))
  return decide(method, { ...input, access, places: { offers, reason: null } } as unknown as Input<M>)
}
const refusal = (...asked: Parameters<typeof answer>) => {
  const decided = answer(...asked)
  return Result.isFailure(decided) ? decided.failure : assert.fail("not refused")
}
const facts = (...asked: Parameters<typeof answer>) => {
  const decided = answer(...asked)
  return Result.isSuccess(decided) ? decided.success.events.map(([, event]) => event) : assert.fail(decided.failure.message)
}
const on = (place: Offer, history = up()): ClusterRow => ({ ...rowAfter(history)!, offer: place })
const mounting: RecordedTask = { run: "r", file_mounts: { "/data": { name: "bkt" } } }

describe("a cluster that cannot be stopped", () => {
  it.each([
    ["a spot cluster of AWS", spot, "AWS ends spot machines when they stop"],
    ["a pod of TPUs", pod, "a pod of TPUs ends when it stops"]
  ] as const)("stop-05, stop-11: %s is not: NotSupportedError, which points to down; nothing changes", (_, place, why) => {
    const error = refusal("stop", {}, on(place))
    assert.deepInclude(error, { _tag: "NotSupportedError", message: `train cannot be stopped: ${why}.` })
    assert.include(error.hint, "sky down train")
    assert.strictEqual(refusal("stop", { purge: true }, on(place))._tag, "NotSupportedError")
    assert.isNotEmpty(facts("down", {}, on(place)))
  })
  it("is what its place makes it, not its cloud: on demand it is stopped", () => {
    assert.isNotEmpty(facts("stop", {}, on(onDemand)))
  })
  it("autostop-16: takes no autostop, but an autodown, and a cancel", () => {
    for (const place of [spot, pod]) {
      const error = refusal("autostop", { idleMinutes: 5 }, on(place))
      assert.strictEqual(error._tag, "NotSupportedError")
      assert.include(error.hint, "sky autostop -i 5 --down train")
      assert.isNotEmpty(facts("autostop", { idleMinutes: 5, down: true }, on(place)))
      assert.isNotEmpty(facts("autostop", { idleMinutes: -1 }, on(place)))
    }
  })
  it("launch-44: takes none from a launch on it or a start either", () => {
    assert.strictEqual(refusal("launch", { idleMinutesToAutostop: 5 }, on(spot))._tag, "NotSupportedError")
    assert.strictEqual(refusal("launch", {}, on(spot), { resources: { autostop: 10 } })._tag, "NotSupportedError")
    const start = refusal("start", { idleMinutesToAutostop: 5, force: true }, on(spot))
    assert.strictEqual(start._tag, "NotSupportedError")
    assert.include(start.hint, "sky start -i 5 --down train")
    assert.isNotEmpty(facts("start", { idleMinutesToAutostop: 5, down: true, force: true }, on(spot)))
  })
})

describe("a launch of a new cluster", () => {
  const autostop = { idleMinutesToAutostop: 5 }
  const chosen = (offers: ReadonlyArray<Offer>) => facts("launch", autostop, offers).find(({ _tag }) => _tag === "PlaceChosen")
  it("launch-44: with autostop, on spot machines of AWS, is NotSupportedError: there is no other place", () => {
    const error = refusal("launch", autostop, [spot, { ...spot, region: "us-west-2" }])
    assert.deepInclude(error, { _tag: "NotSupportedError" })
    assert.include(error.message, "AWS ends spot machines when they stop")
    assert.include(error.hint, "the same command with --down")
  })
  it("launch-44: passes over a cloud that lacks it; when all do, that is the history of ResourcesUnavailableError (contract, D11)", () => {
    assert.deepNestedInclude(chosen([spot, pod, onDemand]), { offer: onDemand })
    const error = refusal("launch", autostop, [spot, pod])
    assert.strictEqual(error._tag, "ResourcesUnavailableError")
    assert.deepStrictEqual(
      error._tag === "ResourcesUnavailableError" && error.failoverHistory.map(({ tag, message }) => [tag, message.split(": ")[1]]),
      [
        ["NotSupportedError", "AWS ends spot machines when they stop."],
        ["NotSupportedError", "a pod of TPUs ends when it stops."]
      ]
    )
  })
  it("passes over a place that has no folders but its home where it mounts elsewhere, and says so where there is no other", () => {
    const outside: RecordedTask = { run: "r", file_mounts: { "/data": "/d" } }
    const places = [pool, onDemand]
    assert.deepNestedInclude(
      facts("launch", {}, places, outside).find(({ _tag }) => _tag === "PlaceChosen"),
      { offer: onDemand }
    )
    assert.deepNestedInclude(
      facts("launch", {}, places, outside).find(({ _tag }) => _tag === "PlacePassedOver"),
      { offer: pool }
    )
    assert.include(refusal("launch", {}, [pool], outside).message, "file_mounts./data is outside of ~")
  })
  it("says in a dry run which place it would take", () => {
    const decided = answer("launch", { ...autostop, dryrun: true }, [spot, onDemand])
    assert.deepNestedInclude(Result.isSuccess(decided) ? decided.success.result : {}, { "plan.offer": onDemand })
  })
  it("launch-21: with down is taken there, and has no setting before setup has succeeded: it would end the cluster", () => {
    const tags = (place: Offer) => facts("launch", { down: true }, [place]).map(({ _tag }) => _tag)
    assert.notInclude(tags(spot), "AutostopSet")
    assert.include(tags(onDemand), "AutostopSet")
  })
})

describe("a launch where a cloud does not say who its credentials are", () => {
  const expired = new CloudUserIdentityError({ message: "the token has expired", hint: null })
  const unreadable: Identities = new Map([["aws", Result.fail(expired)]])
  it("is CloudUserIdentityError when there is no other cloud, and passes over that one when there is", () => {
    assert.strictEqual(refusal("launch", {}, [spot], undefined, unreadable), expired)
    const chosen = facts("launch", {}, [spot, pod], undefined, unreadable).find(({ _tag }) => _tag === "PlaceChosen")
    assert.deepStrictEqual(chosen as unknown, { _tag: "PlaceChosen", cluster: fresh, offer: pod, numNodes: 1 })
  })
  it("else records who owns the cluster", () => {
    const chosen = facts("launch", {}, [spot]).find(({ _tag }) => _tag === "PlaceChosen")
    assert.deepNestedInclude(chosen, { owner: ["AIDAEXAMPLE", "123456789012"] })
  })
})

describe("a STOPPED cluster whose cloud does not start it again", () => {
  it("start-14: is NotSupportedError, for a start and a launch on it; it can be torn down", () => {
    for (const method of ["start", "launch"] as const) {
      const error = refusal(method, {}, on(pool, stopped))
      assert.deepInclude(error, {
        _tag: "NotSupportedError",
        message: "train cannot be started again: a pool lends machines and starts none."
      })
      assert.include(error.hint, "sky down train")
    }
    assert.isNotEmpty(facts("start", {}, on(onDemand, stopped)))
  })
  it("is tried again while it is INIT: nothing of it was stopped", () => {
    assert.isNotEmpty(facts("start", { force: true }, on(pool)))
  })
})

describe("a mount", () => {
  it("resources-30: needs FUSE when storage is mounted, which is so by default, and not when it is copied", () => {
    assert.isTrue(needsFuse(mounting))
    assert.isFalse(needsFuse({ file_mounts: { "/data": { name: "bkt", source: "/s", mode: "COPY" }, "/x": "/x" } }))
    assert.isFalse(needsFuse({}))
  })
  it("resources-30: is refused by a place, or a cluster, without FUSE, instead of failing later", () => {
    for (const place of [[pool], on(pool)]) {
      const error = refusal("launch", {}, place, mounting)
      assert.deepInclude(error, {
        _tag: "NotSupportedError",
        message: "file_mounts./data cannot be mounted on train: its machines have no FUSE."
      })
      assert.include(error.hint, "COPY")
    }
  })
})
