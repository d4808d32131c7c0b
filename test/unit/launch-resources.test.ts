/** What the resources of a task do to a launch, an exec and a job. */
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import type { Cloud } from "../../daemon/clouds/Cloud.ts"
import { lacks, misfit, thisMachine } from "../../daemon/clouds/local/offers.ts"
import type { Context, Decided } from "../../daemon/commands/decision.ts"
import { exec } from "../../daemon/commands/exec.ts"
import { launch } from "../../daemon/commands/launch.ts"
import { completed } from "../../daemon/optimizer/completed.ts"
import { decide } from "../../daemon/requests/Deciders.ts"
import type { Event } from "../../events/Event.ts"
import { ClusterId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { CloudOffers } from "../../task/Offers.ts"
import type { Resources } from "../../task/Resources.ts"
import { asked, cluster, name, offer, requested, rowAfter, type Said, token, up, worldOf } from "../fakes/facts.ts"
import { packed } from "./catalog/packed.ts"

const fresh = ClusterId.make("01HZZZZZZZZZZZZZZZZZZZZZZ2")
const context: Context = { requested: (requested("any", "r-now") as readonly [never, string])[0], nowMs: 90_000, user: "ann" }

const wish = { name, fresh, offers: [], reason: null, lackOf: () => null, identityOf: () => Result.succeed(null), homeOnly: () => false }
type Options = Parameters<typeof launch>[1]["options"]
const launching = (resources: Resources, options: Options = {}, row?: ClusterRow, places: object = { offers: [offer], reason: null }) =>
  launch(row, { ...wish, task: { run: "r", resources }, options, ...places }, context)
const find = <T extends Event["_tag"]>(decided: Decided, tag: T) =>
  (Result.isSuccess(decided) ? decided.success.events.map(([, event]) => event) : []).find((event) => event._tag === tag) as
    | (Event & { readonly _tag: T })
    | undefined
const refusal = (decided: Decided) => (Result.isFailure(decided) ? decided.failure : assert.fail("not refused"))

const withGpus = { ...rowAfter(up()), offer: { ...offer, accelerators: { name: "RTX4090", count: 2 } } } as ClusterRow

describe("a launch", () => {
  it("with a strategy of recovery is a ValueError: there are no managed spot jobs (contract, D26)", () => {
    for (const resources of [{ use_spot: true, spot_recovery: "FAILOVER" }, { any_of: [{}, { job_recovery: "failover" }] }] as const)
      assert.strictEqual(refusal(launching(resources))._tag, "ValueError")
  })

  it("takes autostop from the task, and the request's before it", () => {
    const resources = { autostop: { idle_minutes: 10, down: true } }
    const said = (options: Options) => find(launching(resources, options), "LaunchRequested")
    assert.deepInclude(said({}), { idleMinutes: 10, down: true })
    assert.deepInclude(said({ idleMinutesToAutostop: 3 }), { idleMinutes: 3, down: true })
    assert.deepInclude(said({ idleMinutesToAutostop: 3, down: false }), { idleMinutes: 3, down: true })
    assert.deepInclude(said({ down: true }), { idleMinutes: 10, down: true })
    assert.deepInclude(find(launching(resources), "AutostopSet"), { idleMinutes: 10, down: false })
    assert.deepInclude(find(launching({ autostop: 600 }, { down: true }), "LaunchRequested"), { idleMinutes: 600, down: true })
    assert.deepInclude(find(launching({}, { down: true }), "LaunchRequested"), { idleMinutes: 1, down: true })
    assert.deepInclude(find(launching({ autostop: false }), "LaunchRequested"), { idleMinutes: null, down: false })
  })

  it("on a cluster that has no machine yet is held against what is looked for, and not against a place that gave nothing", () => {
    const at = (cloud: string): Said => ({ _tag: "PlaceChosen", cluster, offer: { ...offer, cloud, region: "r-1" }, numNodes: 1 })
    const searching = (resources: Resources, ...facts: ReadonlyArray<Said>) =>
      rowAfter([...asked({ task: { run: "r", resources } }), at("aws"), ...facts])
    const asks: Said = { _tag: "NodeRequested", cluster, token, ranks: [0], offer: { ...offer, cloud: "aws", region: "r-1" } }
    const saysNo: Said = { _tag: "NodeRefused", cluster, token, code: "NoRoom", message: "none" }
    const either: Resources = { any_of: [{ cloud: "aws" }, { cloud: "gcp", accelerators: { T4: 2 } }] }
    for (const facts of [[], [asks], [asks, saysNo]] as const) {
      const row = searching(either, ...facts)
      for (const fitting of [
        either,
        {},
        { cloud: "gcp" },
        { cloud: "gcp", region: "r-9", accelerators: { t4: 1 } }
      ] as ReadonlyArray<Resources>)
        assert.isTrue(Result.isSuccess(launching(fitting, {}, row)), JSON.stringify(fitting))
      const error = refusal(launching({ cloud: "aws", accelerators: { T4: 1 } }, {}, row))
      assert.strictEqual(error._tag, "ResourcesMismatchError")
      assert.include(error.message, "what is looked for is")
      assert.strictEqual(refusal(launching({ use_spot: true }, {}, row))._tag, "ResourcesMismatchError")
    }
    // What the place of the moment lacks is no reason where that has refused: the next one may have it.
    const lacking = { ...wish, lackOf: () => "it has none", task: { run: "r" }, options: { idleMinutesToAutostop: 5 }, offers: [offer] }
    const waiting = (...facts: ReadonlyArray<Said>) => launch(searching({}, ...facts), lacking, context)
    assert.strictEqual(refusal(waiting())._tag, "NotSupportedError")
    assert.isTrue(Result.isSuccess(waiting(asks, saysNo)))
  })

  it("takes autostop from the request that was placed, and from no other", () => {
    const onGcp = { cloud: "gcp", autostop: { idle_minutes: 3, down: true } } as const
    const said = (resources: Resources, row?: ClusterRow) => find(launching(resources, {}, row), "LaunchRequested")
    for (const row of [undefined, withGpus]) {
      assert.deepInclude(said({ any_of: [{ cloud: "local", autostop: false }, onGcp] }, row), { idleMinutes: null, down: false })
      assert.deepInclude(said({ any_of: [onGcp, { cloud: "local", autostop: 7 }] }, row), { idleMinutes: 7, down: false })
      assert.deepInclude(said({ autostop: 9, any_of: [onGcp, { cloud: "local", autostop: false }] }, row), { idleMinutes: null })
      assert.deepInclude(said({ ordered: [{ cpus: 99, autostop: 3 }, { autostop: 4 }] }, row), { idleMinutes: 4 })
    }
  })

  it("that no cloud ever could do is NotSupportedError (contract, D11), and else ResourcesUnavailableError", () => {
    const nowhere = { offers: [], reason: "the local cloud has no images" }
    assert.strictEqual(refusal(launching({}, {}, undefined, { ...nowhere, lacks: true }))._tag, "NotSupportedError")
    assert.strictEqual(refusal(launching({}, {}, undefined, nowhere))._tag, "ResourcesUnavailableError")
  })

  it("on a cluster fits when one of the alternatives does, whatever the case of its letters", () => {
    for (const resources of [
      { cloud: "local" },
      { accelerators: "rtx4090:2" },
      { accelerators: ["H100", "RTX4090"] },
      { any_of: [{ cloud: "aws" }, { cpus: 99 }] }
    ])
      assert.isTrue(Result.isSuccess(launching(resources, {}, withGpus)), JSON.stringify(resources))
  })

  it("launch-43: on a cluster is refused when nothing fits, naming what was asked for and what there is", () => {
    const message = (resources: Resources) => refusal(launching(resources, {}, withGpus)).message
    assert.include(message({ accelerators: ["H100", "RTX4090:4"] }), "requested H100:1 or RTX4090:4 on each node, existing RTX4090:2")
    assert.include(message({ cloud: "aws", use_spot: true }), "requested AWS spot, existing Local on-demand RTX4090:2")
    assert.include(message({ use_spot: true }), "requested spot, existing Local on-demand RTX4090:2")
  })
})

describe("what no enabled cloud has", () => {
  const offers = (cloud: string) =>
    cloud === "aws"
      ? ({
          regions: ["us-east-1"],
          zonesOf: () => [],
          regionOf: () => undefined,
          instanceType: () => undefined,
          acceleratorNames: ["L40", "L40S"]
        } as unknown as CloudOffers)
      : undefined
  const refused = (resources: Resources, enabled: ReadonlyArray<string>) => {
    const checked = completed({ resources }, offers, enabled)
    return Result.isFailure(checked) ? checked.failure._tag : null
  }
  const task = (resources: Resources) =>
    completed({ run: "r", resources }, offers, ["local", "aws"]).pipe(Result.getOrElse(() => assert.fail("refused")))

  it("is a ValueError by the lists of those that are (contract, D30)", () => {
    for (const resources of [
      { region: "nowhere" },
      { cloud: "aws", region: "nowhere" },
      { zone: "nowhere" },
      { instance_type: "x" },
      { any_of: [{}, { instance_type: "x" }] }
    ])
      assert.strictEqual(refused(resources, ["local", "aws"]), "ValueError", JSON.stringify(resources))
    assert.strictEqual(refused({ cloud: "local", region: "x" }, ["local"]), "ValueError")
    assert.isNull(refused({ region: "us-east-1" }, ["local", "aws"]))
  })
  it("is not asked of a named cloud that is not enabled: a launch there is refused as a whole", () => {
    assert.isNull(refused({ cloud: "gcp", region: "nowhere" }, ["local"]))
  })
  it("is told with the names that were perhaps meant", () => {
    const told = completed({ resources: { cloud: "aws", region: "us-east1" } }, offers, ["local", "aws"])
    const { hint, message } = Result.isFailure(told) ? told.failure : assert.fail("not refused")
    assert.strictEqual(message, "AWS has no region 'us-east1'.")
    assert.strictEqual(hint, "Did you mean 'us-east-1'?")
  })
  it("is looked for under the names that the offers have, which the task then carries", () => {
    assert.deepStrictEqual(task({ region: "US-EAST-1" }), { run: "r", resources: { cloud: "aws", region: "us-east-1" } })
    assert.deepStrictEqual(task({ any_of: [{ region: "US-EAST-1" }, { cpus: 2 }] }).resources, {
      any_of: [{ cloud: "aws", region: "us-east-1" }, { cpus: "2" }]
    })
    const image_id = { "us-east-1": "docker:a", "us-west-2": "docker:a" }
    assert.deepStrictEqual(task({ cloud: "aws", region: "us-east-1", image_id }).resources?.image_id, { "us-east-1": "docker:a" })
  })
  it("is decided on as the offers have it: a region in other letters fits the cluster that is there", () => {
    const clouds = new Map([["aws", { name: "aws", catalog: offers("aws"), lackOf: () => null } as unknown as Cloud]])
    const row = { ...rowAfter(up()), offer: { ...offer, cloud: "aws", region: "us-east-1" } } as ClusterRow
    const asked = { run: "r", resources: { region: "US-EAST-1" } }
    const places = { offers: [], reason: null }
    const input = {
      row,
      world: worldOf([]),
      context,
      name,
      fresh,
      task: asked,
      clouds,
      access: new Map([["aws", null]]),
      places,
      identities: new Map(),
      catalogs: () => []
    }
    const launched = find(decide("launch", { ...input, params: { task: asked } }), "LaunchRequested")
    assert.deepStrictEqual(launched?.task.resources, { cloud: "aws", region: "us-east-1" })
    const job = find(decide("exec", { ...input, params: { task: asked, clusterName: name } }), "JobSubmitted")
    assert.deepStrictEqual(job?.task.resources, { cloud: "aws", region: "us-east-1" })
  })
  it("is held against the image that its cluster has, whose place it need not say; a new one's it must", () => {
    const clouds = new Map([["aws", { name: "aws", catalog: offers("aws"), lackOf: () => null } as unknown as Cloud]])
    const there = { ...rowAfter(up()), offer: { ...offer, cloud: "aws", region: "us-east-1" } } as ClusterRow
    const row = { ...there, machine: { images: { "us-east-1": "ami-1" } } }
    const decided = (method: "launch" | "exec", resources: Resources, on: ClusterRow | undefined) => {
      const task = { run: "r", resources }
      const more = { task, clouds, access: new Map([["aws", null]]), places: { offers: [], reason: null }, identities: new Map() }
      const input = { row: on, world: worldOf([]), context, name, fresh, ...more, catalogs: packed.all }
      return decide(method, { ...input, params: { task, clusterName: name } } as never)
    }
    for (const method of ["launch", "exec"] as const)
      for (const more of [{}, { cloud: "aws" }, { region: "us-east-1" }]) {
        assert.isTrue(Result.isSuccess(decided(method, { ...more, image_id: "ami-1" }, row)), JSON.stringify(more))
        const { _tag, message } = refusal(decided(method, { ...more, image_id: "ami-2" }, row))
        assert.strictEqual(_tag, "ResourcesMismatchError")
        assert.include(message, "requested the image ami-2, existing the image ami-1")
      }
    const { _tag, message } = refusal(decided("launch", { image_id: "ami-1" }, undefined))
    assert.strictEqual(_tag, "ValueError")
    assert.include(message, "an image of a cloud needs the cloud")
    // Where it is looked for still, it may come to be anywhere.
    assert.strictEqual(refusal(decided("launch", { image_id: "ami-1" }, rowAfter(asked())))._tag, "ValueError")
  })
  it("leaves a task as it was written when nothing follows from the offers", () => {
    const resources = { cpus: 1, autostop: false, accelerators: { l4: null } }
    assert.deepStrictEqual(task(resources), { run: "r", resources })
  })
  it("launch-50: is everything when no cloud is enabled: NoCloudAccessError", () =>
    assert.strictEqual(refused({}, []), "NoCloudAccessError"))
})

describe("a job", () => {
  it("asks for what its cluster met of several requests", () => {
    const task = { run: "r", resources: { accelerators: ["H100:8", "rtx4090"] } }
    const job = find(exec(withGpus, { name, task, down: false, lastUse: "" }, context), "JobSubmitted")
    assert.deepStrictEqual(job?.task.resources, { accelerators: { rtx4090: 1 } })
  })
  it("keeps its task as it was written when there is one request only", () => {
    const task = { run: "r", resources: { cpus: 1, accelerators: "rtx4090" } }
    const job = find(exec(withGpus, { name, task, down: false, lastUse: "" }, context), "JobSubmitted")
    assert.deepStrictEqual(job?.task, task)
  })
})

describe("this machine", () => {
  const machine = { ...thisMachine({ name: "A100", count: 4 }), cpus: 16, memoryGib: 64 }
  const why = (resources: Resources) => misfit(machine, { resources })

  it("is enough when it meets one alternative", () => {
    for (const resources of [
      { any_of: [{ cloud: "aws" }, { cpus: 4 }] },
      { accelerators: ["H100:8", "a100"] },
      { memory: "4x" },
      { disk_size: 9999, ports: 80 }
    ])
      assert.isNull(why(resources), JSON.stringify(resources))
  })
  it("is not for a task that names another cloud, or what only others have", () => {
    assert.strictEqual(why({ cloud: "AWS" }), "AWS is not enabled")
    assert.strictEqual(why({ image_id: "docker:x" }), "the local cloud has no images, and no other is enabled")
    assert.strictEqual(why({ any_of: [{ cloud: "aws" }, { cpus: 99 }] }), "AWS is not enabled; this machine has 16 CPUs, 99 were asked for")
    assert.strictEqual(why({ memory: "5x" }), "this machine has 64 GiB of memory, 5x were asked for")
  })
  it("lacks for good what only others have, but not what another machine of its kind may have", () => {
    assert.isTrue(lacks({ resources: { use_spot: true } }))
    assert.isTrue(lacks({ resources: { cloud: "local", image_id: "docker:x" } }))
    for (const resources of [{ cloud: "aws" }, { cpus: 99 }, { any_of: [{ use_spot: true }, { cpus: 99 }] }])
      assert.isFalse(lacks({ resources }), JSON.stringify(resources))
  })
})
