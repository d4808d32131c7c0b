/**
 * What becomes of a request for machines when answers are lost, operations fail late, credentials end and daemons die in between: never an instance too many, nor
 * one forgotten.
 */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { Made } from "../../daemon/clouds/Made.ts"
import type { Remnant } from "../../daemon/clouds/Remnant.ts"
import type { GceCall, GceInstance } from "../tools/gce.ts"
import { tempFolder } from "../unit/sync/tree.ts"
import { inherited } from "./cloud-nodes.ts"
import { gcpScene, zone } from "./gcp-scene.ts"
import { asksNoMore, refOf } from "./rented-requests.ts"

const { gce, daemonOver, one, fault, calm, live } = gcpScene()

const timing = (times: object) => Effect.promise(() => gce().strict("PUT", "visibility", times))
const silent = (...zones: ReadonlyArray<string>) => Effect.promise(() => gce().strict("PUT", "silent", zones))
const disks = Effect.promise((): Promise<ReadonlyArray<unknown>> => gce().strict("GET", "disks"))
const accepted = Effect.map(
  Effect.promise(() => gce().calls("instances.bulkInsert")),
  (calls) => calls.filter(({ status }) => status === 200 || status === 0)
)
const calls = Effect.promise(() => gce().calls())
const firewalls = Effect.map(
  Effect.promise(() => gce().console("GET", "global/firewalls")),
  ({ items }) => (items as ReadonlyArray<{ name: string }>).map(({ name }) => name).filter((name) => name.startsWith("skyd"))
)
const until = (holds: Effect.Effect<boolean>) =>
  Effect.repeat(holds, { until: (does) => does, schedule: Schedule.spaced("50 millis"), times: 200 })
const lost = { action: "instances.bulkInsert", afterEffect: true, drop: true, times: 1 }
const names = (some: ReadonlyArray<{ readonly host: string | null }>) => some.map(({ host }) => host)
const called = (some: ReadonlyArray<GceInstance>) => some.map(({ name }) => name)

describe("a request for machines of Compute Engine", () => {
  it.live("whose answer was lost is not given up when the credentials end, and names the same machines after that", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0, 1])
      yield* timing({ seconds: 2, insertSeconds: 1 })
      yield* fault(lost)
      assert.strictEqual((yield* Effect.flip(cloud.provision(asked))).kind, "Transient")
      yield* calm
      for (const reason of ["forbidden", "authError", "accessNotConfigured", "quotaExceeded"]) {
        for (const action of ["zoneOperations.list", "*"]) {
          yield* fault({ action, reason })
          const error = yield* Effect.flip(cloud.provision(asked))
          assert.strictEqual(error.kind, "Transient", `${reason} of ${action}`)
          yield* calm
        }
      }
      const nodes = yield* cloud.provision(asked)
      assert.sameMembers(names(nodes), called(yield* live))
      assert.lengthOf(yield* accepted, 1)
    }).pipe(Effect.scoped)
  )

  it.live("is found by the next daemon, whatever the user has changed meanwhile, and however long that takes", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1])
      yield* fault(lost)
      yield* Effect.flip(cloud.provision(asked))
      writeFileSync(join(home, "config.yaml"), "gcp: {labels: {team: red}}\n")
      // What the id of a request stands for is forgotten after an hour.
      yield* Effect.promise(() => gce().strict("POST", "clock", { advanceSeconds: 7200 }))
      const next = yield* daemonOver(home)
      assert.lengthOf(yield* next.provision(inherited(asked)), 2)
      assert.lengthOf(yield* live, 2)
      assert.lengthOf(yield* accepted, 1)
    }).pipe(Effect.scoped)
  )

  it.live("is not given up by a daemon that cannot ask for it any more: what was made is found once it can", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1])
      yield* fault(lost)
      yield* Effect.flip(cloud.provision(asked))
      writeFileSync(join(home, "config.yaml"), "gcp: {vpc_name: lab}\n")
      const next = yield* daemonOver(home)
      const told = yield* Effect.flip(next.provision(inherited(asked)))
      assert.strictEqual(told.kind, "Transient")
      assert.include(told.message, "lab")
      writeFileSync(join(home, "config.yaml"), "")
      assert.sameMembers(names(yield* next.provision(inherited(asked))), called(yield* live))
    }).pipe(Effect.scoped)
  )

  it.live("that was not listed yet when the next daemon asked, with other words, is found all the same", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1])
      yield* timing({ operationListSeconds: 2, seconds: 2, insertSeconds: 1 })
      yield* fault(lost)
      yield* Effect.flip(cloud.provision(asked))
      writeFileSync(join(home, "config.yaml"), "gcp: {labels: {team: red}}\n")
      const next = yield* daemonOver(home)
      const nodes = yield* Effect.retry(next.provision(inherited(asked)), {
        while: ({ kind }) => kind === "Transient",
        schedule: Schedule.spaced("500 millis")
      })
      assert.sameMembers(names(nodes), called(yield* live))
      assert.lengthOf(yield* accepted, 1)
    }).pipe(Effect.scoped)
  )

  it.live("is found by its names, where its operation is forgotten too", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1])
      yield* cloud.provision(asked)
      yield* Effect.promise(() => gce().strict("POST", "clock", { advanceSeconds: 15 * 86_400 }))
      // And not listed to who looks first.
      yield* fault({ action: "instances.aggregatedList", reason: "backendError", times: 1 })
      const next = yield* daemonOver(home)
      assert.lengthOf(yield* next.provision(inherited(asked)), 2)
      assert.lengthOf(yield* live, 2)
    }).pipe(Effect.scoped)
  )

  it.live("is carried on by the next daemon where its zone is silent in every list", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1])
      yield* fault(lost)
      yield* Effect.flip(cloud.provision(asked))
      yield* silent(zone)
      const next = yield* daemonOver(home)
      assert.sameMembers(names(yield* next.provision(inherited(asked))), called(yield* live))
      assert.lengthOf(yield* accepted, 1)
    }).pipe(Effect.scoped)
  )

  it.live("that is refused at once keeps nothing but ports that the next place needs, and says how far the refusal reaches", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const { tags } = request([0])
      for (const [reason, scope] of [
        ["insufficientCapacity", "zone"],
        ["quotaExceeded", "region"],
        ["forbidden", "cloud"]
      ] as const) {
        yield* fault({ action: "instances.bulkInsert", reason, status: scope === "zone" ? 503 : 403, times: 1 })
        const error = yield* Effect.flip(cloud.provision(request([0], { tags, machine: { ports: ["8080", "9000-9010"] } })))
        assert.deepInclude(error, { kind: "Refused", code: reason, scope })
      }
      assert.lengthOf(yield* live, 0)
      const asked = yield* Effect.promise(() => gce().calls())
      const rules = asked.flatMap(({ action }) => (/^firewalls\.(insert|patch|delete)$/.test(action) ? [action] : []))
      assert.deepStrictEqual(rules, ["firewalls.insert"])
      yield* cloud.clear!(tags, ["us-central1"], ["ports"])
      assert.deepStrictEqual(yield* firewalls, [])
    }).pipe(Effect.scoped)
  )

  it.live("that is accepted and fails a while later is refused by the cause of that, also to the next daemon, and leaves no disk", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1])
      yield* timing({ insertSeconds: 1 })
      yield* Effect.promise(() => gce().strict("PUT", "capacity", [{ zone, machineType: "n2-*", count: 1 }]))
      const error = yield* Effect.flip(cloud.provision(asked))
      assert.deepInclude(error, { kind: "Refused", code: "ZONE_RESOURCE_POOL_EXHAUSTED", scope: "zone" })
      assert.notInclude(error.message, "VM_MIN_COUNT_NOT_REACHED")
      const next = yield* daemonOver(home)
      assert.deepInclude(yield* Effect.flip(next.provision(inherited(asked))), { kind: "Refused", code: "ZONE_RESOURCE_POOL_EXHAUSTED" })
      assert.lengthOf(yield* live, 0)
      assert.lengthOf(yield* disks, 0)
      assert.lengthOf(yield* accepted, 1)
    }).pipe(Effect.scoped)
  )

  it.live(
    "of which one machine is deleted by its user as it begins ends them all, and none is made anywhere else, also by the next daemon",
    () =>
      Effect.gen(function* () {
        const { cloud, home, request } = yield* one
        const asked = request([0, 1], { offer: { ...request([0]).offer, useSpot: true } })
        yield* timing({ stagingSeconds: 2 })
        const asking = yield* Effect.forkChild(Effect.flip(cloud.provision(asked)))
        const [first] = yield* Effect.repeat(live, { until: (found) => found.length === 2 })
        yield* Effect.promise(() => gce().console("DELETE", `zones/${zone}/instances/${first!.name}`))
        assert.deepInclude(yield* Fiber.join(asking), { kind: "Refused", scope: "everywhere", anyKind: true })
        assert.lengthOf(yield* live, 0)
        assert.lengthOf(yield* disks, 0)
        const again = Effect.flip((yield* daemonOver(home)).provision(inherited(asked)))
        assert.deepInclude(yield* again, { kind: "Refused", scope: "everywhere", anyKind: true })
      }).pipe(Effect.scoped)
  )

  it.live("that was put off is asked for under another id, and makes its machines once", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      yield* fault({ action: "instances.bulkInsert", operationError: "RESOURCE_OPERATION_RATE_EXCEEDED", times: 1 })
      assert.lengthOf(yield* cloud.provision(request([0, 1])), 2)
      const ids = new Set((yield* accepted).map(({ requestId }) => requestId))
      assert.strictEqual(ids.size, 2)
      assert.lengthOf(yield* live, 2)
    }).pipe(Effect.scoped)
  )

  it.live("whose daemon dies at any point of it is carried on by the next one, and makes its machines once", () =>
    Effect.gen(function* () {
      const { home, request } = yield* one
      yield* timing({ pendingSeconds: 0.2, insertSeconds: 0.4, stagingSeconds: 0.2 })
      // It dies once its nth request was seen there, until it comes to its end before that.
      let isOver = false
      for (let n = 0; !isOver; n = n < 4 ? n + 1 : n * 2) {
        const asked = request([0, 1], { machine: { ports: ["80"] } })
        const first = yield* daemonOver(home)
        const before = (yield* calls).length
        const asking = yield* Effect.forkChild(Effect.ignore(first.provision(asked)))
        yield* Effect.repeat(calls, { until: (seen) => seen.length >= before + n || asking.pollUnsafe() !== undefined })
        isOver = asking.pollUnsafe() !== undefined
        yield* Fiber.interrupt(asking)
        const next = yield* daemonOver(home)
        const nodes = yield* Effect.retry(next.provision(inherited(asked)), { while: ({ kind }) => kind === "Transient", times: 5 })
        assert.sameMembers(names(nodes), called(yield* live), `after ${n} requests`)
        yield* Effect.forEach(nodes, (node) => next.terminate(refOf(asked, node)), { concurrency: "unbounded" })
        assert.lengthOf(yield* live, 0)
        assert.deepStrictEqual(yield* firewalls, [])
      }
    }).pipe(Effect.scoped)
  )

  it.live("under names that somebody else has is refused, and what is not ours is left alone", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      yield* cloud.terminate(refOf(asked, node!))
      const family = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"
      yield* Effect.promise(() =>
        gce().console("POST", `zones/${zone}/instances`, {
          name: node!.host,
          machineType: `zones/${zone}/machineTypes/e2-small`,
          disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage: family } }],
          networkInterfaces: [{ network: "global/networks/default" }]
        })
      )
      const other = { ...request([0]), tags: asked.tags, token: asked.token, ranks: [0, 1] }
      assert.deepInclude(yield* Effect.flip(cloud.provision(other)), { kind: "Refused", scope: "zone" })
      assert.deepStrictEqual(called(yield* live), [node!.host])
    }).pipe(Effect.scoped)
  )

  it.effect("and its machine that GCP lists no more is not known, and gone only when it is missing a minute later as well", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      // Its waits are over at once.
      const [node] = yield* TestClock.withLive(cloud.provision(asked))
      const ref = refOf(asked, node!)
      yield* timing({ listSeconds: 0 })
      yield* Effect.promise(() => gce().console("DELETE", `zones/${zone}/instances/${node!.host}`))
      // As if nobody knew any more who did that.
      yield* Effect.promise(() => gce().strict("POST", "clock", { advanceSeconds: 15 * 86_400 }))
      const state = Effect.map(cloud.query([ref]), ([found]) => found!.state)
      assert.strictEqual(yield* state, "unknown")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* state, "unknown")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* state, "missing")
      yield* cloud.terminate(ref)
    }).pipe(Effect.scoped)
  )

  it.live("goes into a network of our own where no other lets in what is needed, made once, and told where the user's is missing", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      yield* Effect.promise(() => gce().console("DELETE", "global/firewalls/default-allow-ssh"))
      const made: Array<string> = []
      const telling = Effect.provideService(Made, ({ words }) => void made.push(words))
      yield* telling(cloud.provision(request([0])))
      yield* telling(cloud.provision(request([0])))
      const next = yield* daemonOver(home)
      yield* telling(next.provision(request([0])))
      // By who has it made, once.
      assert.deepStrictEqual(made, [
        "made the network skyd-vpc, since none let in what is needed: it lets in its own machines, and ssh from anywhere, and stays"
      ])
      const { items } = yield* Effect.promise(() => gce().console("GET", "global/networks"))
      assert.sameMembers(
        items.map(({ name }: { name: string }) => name),
        ["default", "skyd-vpc"]
      )
      const rules = yield* firewalls
      assert.sameMembers(rules, ["skyd-vpc-internal", "skyd-vpc-ssh"])
      const { items: all } = yield* Effect.promise(() => gce().console("GET", `zones/${zone}/instances`))
      for (const { networkInterfaces } of all) assert.include(networkInterfaces[0].network, "/skyd-vpc")
      writeFileSync(join(home, "config.yaml"), "gcp: {vpc_name: lab}\n")
      const error = yield* Effect.flip(next.provision(request([0])))
      assert.deepInclude(error, { kind: "Refused", code: "VPC_NOT_FOUND", scope: "cloud", anyKind: true, want: "mending" })
      writeFileSync(join(home, "config.yaml"), "gcp: {vpc_name: default}\n")
      const shut = yield* Effect.flip(next.provision(request([0])))
      assert.deepInclude(shut, { kind: "Refused", code: "NoSsh", scope: "cloud", anyKind: true, want: "mending" })
      assert.include(shut.message, "gcloud compute firewall-rules create default-ssh --network default --allow tcp:22")
    }).pipe(Effect.scoped)
  )

  it.live("whose network is made tells its own cluster, however late its answer comes, and no other that goes into it", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      yield* Effect.promise(() => gce().console("DELETE", "global/firewalls/default-allow-ssh"))
      yield* Effect.promise(() => gce().console("DELETE", "global/firewalls/default-allow-internal"))
      writeFileSync(join(home, "config.yaml"), "gcp: {use_internal_ips: true}\n")
      const told: Array<string> = []
      const telling = (who: string) => Effect.provideService(Made, ({ network }) => void told.push(`${who}: ${network}`))
      const first = request([0])
      // It makes one, whose answer is lost too.
      yield* fault(lost, { action: "networks.insert", afterEffect: true, drop: true, times: 1 })
      yield* Effect.flip(telling("first")(cloud.provision(first)))
      yield* telling("second")(cloud.provision(request([0])))
      assert.deepStrictEqual(told, [])
      // Passed over, it is asked for under another token.
      yield* telling("first")(cloud.provision({ ...request([0]), tags: first.tags }))
      assert.deepStrictEqual(told, ["first: skyd-vpc"])
      // A rule that it gets later makes no network of it.
      writeFileSync(join(home, "config.yaml"), "")
      const next = yield* daemonOver(home)
      yield* telling("third")(next.provision(request([0])))
      assert.include(yield* firewalls, "skyd-vpc-ssh")
      assert.lengthOf(told, 1)
    }).pipe(Effect.scoped)
  )

  it.live("is not made where the project's quota is known to be zero, and is tried wherever that is not known", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const { offer } = request([0])
      yield* Effect.promise(() => gce().strict("PUT", "capacity", [{ region: "us-central1", machineType: "n2-*", spot: false, cpus: 0 }]))
      assert.deepStrictEqual(yield* cloud.noQuota!(offer), {
        message: "the project's quota of N2_CPUS is 0 in us-central1",
        scope: "region"
      })
      // One that was never given says nothing: the plain one holds then.
      yield* Effect.promise(() =>
        gce().strict("PUT", "capacity", [
          { region: "us-east1", machineType: "n2-*", spot: true, cpus: 0 },
          { region: "us-east4", machineType: "n2-*", spot: true, cpus: 0 },
          { region: "us-east4", machineType: "n2-*", spot: false, cpus: 0 }
        ])
      )
      const spotIn = (region: string) => cloud.noQuota!({ ...offer, region, useSpot: true })
      assert.isNull(yield* spotIn("us-east1"))
      assert.include(yield* spotIn("us-east4"), { message: "the project's quota of PREEMPTIBLE_CPUS and N2_CPUS is 0 in us-east4" })
      yield* fault({ action: "regions.get", reason: "forbidden" })
      assert.strictEqual((yield* Effect.flip(cloud.noQuota!({ ...offer, region: "us-west1" }))).code, "forbidden")
    }).pipe(Effect.scoped)
  )

  it.live("is not made anywhere where the project may have none of it in all regions together", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const { offer } = request([0])
      const gpu = { ...offer, instanceType: "n1-highmem-8", accelerators: { name: "T4", count: 1 } }
      yield* Effect.promise(() => gce().strict("PUT", "capacity", [{ accelerator: "*", gpus: 0, metric: "GPUS_ALL_REGIONS" }]))
      assert.deepStrictEqual(yield* cloud.noQuota!(gpu), { message: "the project's quota of GPUS_ALL_REGIONS is 0", scope: "cloud" })
      assert.isNull(yield* cloud.noQuota!(offer))
      const next = yield* daemonOver(yield* tempFolder)
      yield* Effect.promise(() => gce().strict("PUT", "capacity", [{ cpus: 0, metric: "CPUS_ALL_REGIONS" }]))
      assert.deepInclude(yield* next.noQuota!(offer), { scope: "cloud", anyKind: true })
    }).pipe(Effect.scoped)
  )

  it.live("of a machine that was kept, whose disk is larger than what is usual, says how large its disks are", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const sizes = (nodes: ReadonlyArray<{ readonly diskGib?: number }>) => nodes.map(({ diskGib }) => diskGib)
      const [source] = yield* cloud.provision(request([0], { machine: { diskGib: 300 } }))
      assert.isUndefined(source!.diskGib)
      const sourceInstance = `zones/${zone}/instances/${source!.host}`
      yield* Effect.promise(() => gce().console("POST", "global/machineImages", { name: "kept", sourceInstance }))
      const kept = { images: { "*": "projects/lab-1/global/machineImages/kept" } }
      const asked = request([0, 1], { machine: kept })
      assert.deepStrictEqual(sizes(yield* cloud.provision(asked)), [300, 300])
      const next = yield* daemonOver(home)
      assert.deepStrictEqual(sizes(yield* next.provision(inherited(asked))), [300, 300])
      assert.deepStrictEqual(sizes(yield* cloud.provision(request([0]))), [undefined])
    }).pipe(Effect.scoped)
  )

  it.live("of a machine that was kept makes each from it, all or none", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const [source] = yield* cloud.provision(request([0]))
      yield* Effect.promise(() =>
        gce().console("POST", "global/machineImages", { name: "kept", sourceInstance: `zones/${zone}/instances/${source!.host}` })
      )
      const machine = { images: { "*": "projects/lab-1/global/machineImages/kept" } }
      assert.lengthOf(yield* cloud.provision(request([0, 1], { machine })), 2)
      assert.lengthOf(yield* live, 3)
      yield* Effect.promise(() => gce().strict("PUT", "capacity", [{ zone, machineType: "n2-*", count: 4 }]))
      assert.deepInclude(yield* Effect.flip(cloud.provision(request([0, 1, 2], { machine }))), { kind: "Refused", scope: "zone" })
      assert.lengthOf(yield* live, 3)
      // One is refused while the other is on its way, and not to be seen yet.
      const refuses = { action: "instances.insert", match: { name: "*-1" }, reason: "quotaExceeded", status: 403 }
      yield* timing({ seconds: 3, insertSeconds: 1 })
      yield* fault(refuses)
      const refused = Effect.retry(cloud.provision(request([0, 1], { machine })), {
        while: ({ kind }) => kind === "Transient",
        schedule: Schedule.spaced("500 millis")
      })
      assert.deepInclude(yield* Effect.flip(refused), { kind: "Refused", code: "quotaExceeded" })
      yield* Effect.promise(() => gce().strict("POST", "clock", { advanceSeconds: 10 }))
      assert.lengthOf(yield* live, 3)
    }).pipe(Effect.scoped)
  )

  it.live("of a machine that was kept, begun by one daemon and refused to the next, may have made all: it is gone on with", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const [source] = yield* cloud.provision(request([0]))
      yield* Effect.promise(() =>
        gce().console("POST", "global/machineImages", { name: "kept", sourceInstance: `zones/${zone}/instances/${source!.host}` })
      )
      const asked = request([0, 1], { machine: { images: { "*": "projects/lab-1/global/machineImages/kept" } } })
      yield* fault({ action: "instances.insert", match: { name: "*-1" }, reason: "backendError", status: 503 })
      assert.strictEqual((yield* Effect.flip(cloud.provision(asked))).kind, "Transient")
      assert.lengthOf(yield* live, 2)
      yield* calm
      yield* fault({ action: "instances.insert", reason: "quotaExceeded", status: 403 })
      const next = yield* daemonOver(home)
      assert.deepInclude(yield* Effect.flip(next.provision(inherited(asked))), { kind: "Transient", code: "quotaExceeded" })
      yield* calm
      const nodes = yield* next.provision(inherited(asked))
      assert.sameMembers(called(yield* live), [source!.host, ...names(nodes)])
      assert.lengthOf(yield* live, 3)
    }).pipe(Effect.scoped)
  )

  it.live("is one that Compute Engine takes, for every kind of machine that is offered", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const kinds: ReadonlyArray<object> = [
        ...["T4", "T4:4", "P4", "P100", "V100:8", "A100", "A100:16", "A100-80GB:8", "L4", "L4:8", "H100:8", "H200:8", "B200:8"].map(
          (accelerators) => ({
            accelerators
          })
        ),
        { accelerators: "T4", use_spot: true },
        { accelerators: "H100", use_spot: true },
        ...[
          "e2-small",
          "n1-standard-1",
          "n2-highcpu-2",
          "n2d-standard-2",
          "n4-standard-2",
          "c2-standard-4",
          "c3-standard-4",
          "c4-standard-2",
          "m3-ultramem-32",
          "t2d-standard-1",
          "t2a-standard-1"
        ].map((instance_type) => ({ instance_type }))
      ]
      for (const kind of kinds) {
        for (const disk_tier of ["low", "medium", "high", "best"] as const) {
          const { offers, reason } = yield* cloud.offers({ resources: { cloud: "gcp", ...kind } })
          const [offer] = offers
          assert.isDefined(offer, `${JSON.stringify(kind)}: ${reason}`)
          const asked = request([0], { offer: offer!, machine: { diskTier: disk_tier } })
          const [node] = yield* Effect.mapError(
            cloud.provision(asked),
            ({ message }) => `${JSON.stringify(kind)}, ${disk_tier}: ${message}`
          )
          const ref = refOf(asked, node!)
          // What it has beside its disks goes with its run.
          if (disk_tier === "low") yield* cloud.stop(ref)
          yield* cloud.terminate(ref)
        }
      }
      assert.lengthOf(yield* live, 0)
      assert.lengthOf(yield* disks, 0)
    }).pipe(Effect.scoped)
  )

  it.live("resources-22: begins from the image that the task names", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      for (const [image, found] of [
        ["projects/debian-cloud/global/images/family/debian-12", /^projects\/debian-cloud\/global\/images\/debian-12-/],
        ["skypilot:gpu-debian-11", /^projects\/ubuntu-os-cloud\/global\/images\/ubuntu-2404/]
      ] as const) {
        yield* Effect.promise(() => gce().strict("DELETE", "calls"))
        yield* cloud.provision(request([0], { machine: { images: { "us-central1": image } } }))
        const [{ body }] = (yield* accepted) as [GceCall]
        assert.match(body.instanceProperties.disks[0].initializeParams.sourceImage, found)
      }
      const error = yield* Effect.flip(cloud.provision(request([0], { machine: { images: { "*": "projects/lab-1/global/images/none" } } })))
      assert.deepInclude(error, { kind: "Refused", code: "IMAGE_NOT_FOUND", scope: "cloud" })
      assert.include(error.message, "there is no image 'projects/lab-1/global/images/none'")
      // Images are of no region: one that is missing is missing everywhere.
      const lone = yield* Effect.flip(cloud.provision(request([0], { machine: { images: { "us-central1": "nosuch" } } })))
      assert.deepInclude(lone, { kind: "Refused", code: "IMAGE_NOT_FOUND", scope: "cloud" })
      const kept = { images: { "*": "projects/lab-1/global/machineImages/none" } }
      const machine = yield* Effect.flip(cloud.provision(request([0], { machine: kept })))
      assert.deepInclude(machine, { kind: "Refused", code: "IMAGE_NOT_FOUND", scope: "cloud" })
      assert.match(machine.message, /^there is no image 'projects\/lab-1\/global\/machineImages\/none': name another one as image_id/)
      // Another region may be named with another one.
      const here = yield* Effect.flip(
        cloud.provision(request([0], { machine: { images: { "us-central1": "nosuch", "us-east1": "other" } } }))
      )
      assert.deepInclude(here, { kind: "Refused", code: "IMAGE_NOT_FOUND", scope: "region" })
      assert.include(here.message, "there is no image 'nosuch'")
    }).pipe(Effect.scoped)
  )

  it.live("begins from the image that its family stands for now, where the one before was withdrawn, and says so where there is none", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const image = Effect.map(accepted, (all) => all.at(-1)!.body.instanceProperties.disks[0].initializeParams.sourceImage as string)
      const families = Effect.map(calls, (all) => all.filter(({ action }) => action === "images.getFromFamily").length)
      yield* cloud.provision(request([0]))
      yield* cloud.provision(request([0]))
      assert.strictEqual(yield* families, 1)
      assert.include(yield* image, "ubuntu-2404")
      const message = "The resource 'projects/ubuntu-os-cloud/global/images/ubuntu-2404-noble-amd64-v1' was not found"
      const withdrawn = { action: "instances.bulkInsert", reason: "notFound", status: 404, message }
      const noFamily = { action: "images.getFromFamily", match: { name: "ubuntu-2404-lts-amd64" }, reason: "notFound", status: 404 }
      yield* fault({ ...withdrawn, times: 1 }, noFamily)
      yield* cloud.provision(request([0]))
      assert.include(yield* image, "ubuntu-2204")
      yield* calm
      yield* fault(withdrawn)
      assert.deepInclude(yield* Effect.flip(cloud.provision(request([0]))), { kind: "Refused", code: "IMAGE_NOT_FOUND" })
      assert.lengthOf(yield* live, 3)
      yield* calm
      // Who asks for a check has what is kept asked anew.
      yield* cloud.provision(request([0]))
      const before = yield* families
      cloud.doubt!()
      yield* cloud.provision(request([0]))
      assert.strictEqual(yield* families, before + 1)
    }).pipe(Effect.scoped)
  )

  it.live("finds the network that stands in the place of the one that was deleted, also for a port that it opens", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const console = (method: string, path: string, body?: object) => Effect.promise(() => gce().console(method, path, body))
      const all = (what: string) =>
        Effect.map(console("GET", what), ({ items }) => (items ?? []) as ReadonlyArray<{ readonly name: string }>)
      const replaceBy = Effect.fnUntraced(function* (name: string) {
        for (const rule of yield* all("global/firewalls")) yield* console("DELETE", `global/firewalls/${rule.name}`)
        for (const instance of yield* live) yield* console("DELETE", `zones/${zone}/instances/${instance.name}`)
        yield* until(Effect.map(Effect.all([live, all("global/firewalls")]), (rest) => rest.every(({ length }) => length === 0)))
        for (const network of yield* all("global/networks")) yield* console("DELETE", `global/networks/${network.name}`)
        yield* until(Effect.map(all("global/networks"), ({ length }) => length === 0))
        yield* console("POST", "global/networks", { name, autoCreateSubnetworks: true })
        yield* until(Effect.map(all("global/networks"), ({ length }) => length === 1))
        const allowed = [{ IPProtocol: "tcp" }, { IPProtocol: "udp" }, { IPProtocol: "icmp" }]
        yield* console("POST", "global/firewalls", {
          name: "all",
          network: `global/networks/${name}`,
          sourceRanges: ["0.0.0.0/0"],
          allowed
        })
        yield* until(Effect.map(all("global/firewalls"), ({ length }) => length === 1))
      })
      const isIn = Effect.map(accepted, (requests) => requests.at(-1)!.body.instanceProperties.networkInterfaces[0].subnetwork as string)
      yield* cloud.provision(request([0]))
      yield* replaceBy("second")
      yield* cloud.provision(request([0]))
      assert.match(yield* isIn, /\/second$/)
      yield* replaceBy("third")
      const open = request([0])
      yield* cloud.provision({ ...open, machine: { ...open.machine, ports: ["8080"] } })
      assert.match(yield* isIn, /\/third$/)
    }).pipe(Effect.scoped)
  )

  it.live("of a thousand is one operation; they are looked at by one list, and one that is off is asked about once", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request(Array.from({ length: 1000 }, (_, rank) => rank))
      const nodes = yield* cloud.provision(asked)
      assert.lengthOf(yield* accepted, 1)
      const refs = nodes.map((node) => refOf(asked, node))
      const calls = Effect.gen(function* () {
        yield* Effect.promise(() => gce().strict("DELETE", "calls"))
        const states = yield* cloud.query(refs)
        const made = yield* Effect.promise(() => gce().calls())
        return { off: states.filter(({ state }) => state === "stopped").length, made: made.map(({ action }) => action) }
      })
      const list = ["instances.aggregatedList", "instances.aggregatedList"]
      assert.deepStrictEqual(yield* calls, { off: 0, made: list })
      yield* Effect.promise(() => gce().strict("POST", `instances/${nodes[7]!.host}/shutdown`))
      assert.deepStrictEqual(yield* calls, { off: 1, made: [...list, "zoneOperations.list"] })
      assert.deepStrictEqual(yield* calls, { off: 1, made: list })
    }).pipe(Effect.scoped)
  )

  it.live(
    "leaves nothing that is not told: machines with their price, disks that no machine has, rules of ports; each is removed, and again without harm",
    () =>
      Effect.gen(function* () {
        const { cloud, request } = yield* one
        const asked = request([0], { machine: { ports: ["8080"] } })
        const other = request([0])
        const [node] = yield* cloud.provision(asked)
        yield* cloud.provision(other)
        const { owned } = yield* cloud.tagged!(asked.tags.log)
        assert.deepInclude(owned[0], { ...refOf(asked, node!), state: "running" as const, offer: asked.offer })
        assert.lengthOf((yield* cloud.tagged!(null)).owned, 2)
        // Its disk stays where it was told to.
        yield* Effect.promise(() =>
          gce().console("POST", `zones/${zone}/instances/${node!.host}/setDiskAutoDelete?autoDelete=false&deviceName=persistent-disk-0`)
        )
        yield* Effect.promise(() => gce().console("DELETE", `zones/${zone}/instances/${node!.host}`))
        const left = yield* cloud.tagged!(asked.tags.log)
        assert.deepStrictEqual(left.owned, [])
        assert.deepStrictEqual(
          left.remnants.map(({ kind, kindThere, tags }) => [kindThere ?? kind, tags.cluster]),
          [
            ["disk", asked.tags.cluster],
            ["rule", asked.tags.cluster]
          ]
        )
        assert.deepInclude(left.remnants[0], { id: `${zone}/${node!.host}`, region: "us-central1" })
        assert.deepStrictEqual(left.remnants[1]!.tags, asked.tags)
        yield* fault({ action: "firewalls.list", reason: "forbidden" })
        assert.match((yield* cloud.tagged!(null)).unclear.join(), /^firewall rules are not looked at: /)
        yield* calm
        yield* silent(zone)
        const unclear = (yield* cloud.tagged!(null)).unclear.join()
        assert.include(unclear, `${zone} is not looked at: `)
        assert.include(unclear, `disks in ${zone} are not looked at: `)
        yield* silent()
        for (const remnant of [...left.remnants, ...left.remnants]) yield* cloud.remove!(remnant)
        assert.deepStrictEqual((yield* cloud.tagged!(asked.tags.log)).remnants, [])
        assert.deepStrictEqual(yield* firewalls, [])
      }).pipe(Effect.scoped)
  )

  it.live("whose disk begins as a copy of another one's is made of that, in whatever region, and what it was copied by is gone", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const source = request([0])
      const [head] = yield* cloud.provision(source)
      yield* cloud.stop(refOf(source, head!))
      const { cluster, clusterName } = source.tags
      const clone = { cloud: "gcp", region: "us-central1", cluster, clusterName, node: head!.node, host: head!.host, gib: 256 }
      for (const infra of [`gcp/us-central1/${zone}`, "gcp/europe-west1/europe-west1-b"]) {
        const { offers } = yield* cloud.offers({ resources: { infra } })
        const asked = request([0], { offer: offers[0]!, machine: { clone } })
        yield* fault({ action: "instances.bulkInsert", reason: "backendError", times: 1 })
        assert.strictEqual((yield* Effect.flip(cloud.provision(asked))).kind, "Transient")
        const [{ id, kind }] = (yield* cloud.tagged!(asked.tags.log)).remnants as [Remnant]
        assert.strictEqual(kind, "snapshot")
        const [node] = yield* cloud.provision(asked)
        const [disk] = (yield* Effect.promise(() => gce().console("GET", `zones/${offers[0]!.zone}/disks`))).items.filter(
          ({ name }: { name: string }) => name === node!.host
        )
        assert.include(disk.sourceSnapshot, `/snapshots/${id}`)
        assert.deepStrictEqual((yield* cloud.tagged!(asked.tags.log)).remnants, [])
      }
      yield* cloud.terminate(refOf(source, head!))
      const late = request([0], { machine: { clone } })
      assert.deepInclude(yield* Effect.flip(cloud.provision(late)), { kind: "Refused", scope: "everywhere" })
    }).pipe(Effect.scoped)
  )

  it.live("by who ends its cluster is made of nothing: no machine, and no copy of a disk; what was asked for is still found", () =>
    asksNoMore(one, { cloud: "gcp", region: "us-central1" })
  )

  it.live("whose answer never came opens no ports for ever: they are closed with its cluster", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      yield* fault({ action: "instances.bulkInsert", reason: "backendError" })
      const asked = request([0], { machine: { ports: ["8080"] } })
      assert.strictEqual((yield* Effect.flip(cloud.provision(asked))).kind, "Transient")
      assert.lengthOf(yield* firewalls, 1)
      yield* cloud.clear!(asked.tags, ["us-central1"])
      yield* cloud.clear!(asked.tags, ["us-central1"])
      assert.deepStrictEqual(yield* firewalls, [])
    }).pipe(Effect.scoped)
  )

  it.live("closes its ports with its cluster where it may not look for what copied a disk, and says so", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      yield* fault({ action: "instances.bulkInsert", reason: "backendError" }, { action: "snapshots.*", reason: "forbidden" })
      const asked = request([0], { machine: { ports: ["8080"] } })
      yield* Effect.flip(cloud.provision(asked))
      assert.lengthOf(yield* firewalls, 1)
      assert.deepInclude(yield* Effect.flip(cloud.clear!(asked.tags, ["us-central1"])), { kind: "Refused", code: "forbidden" })
      assert.deepStrictEqual(yield* firewalls, [])
    }).pipe(Effect.scoped)
  )

  it.live("leaves Google's client where it is until somebody has credentials and asks", () =>
    Effect.gen(function* () {
      const { cloud } = yield* one
      const home = yield* tempFolder
      const isGoogles = (name: string) => name.startsWith("GOOGLE_") || name.startsWith("CLOUDSDK_")
      const saved = Object.fromEntries(Object.entries(process.env).filter(([name]) => isGoogles(name) || name === "HOME"))
      for (const name of Object.keys(saved)) if (name !== "HOME") delete process.env[name]
      process.env["HOME"] = home
      assert.include(yield* cloud.whyNot!, "there are no credentials")
      assert.isNull(yield* cloud.identity)
      assert.isFalse(existsSync(join(home, ".config")))
      Object.assign(process.env, saved)
    }).pipe(Effect.scoped)
  )
})

describe("what there is, under a mistake in config.yaml", () => {
  it.live.each(["gcp: {labels: {A: b}}", "gcp: {labels: 5}", "gcp: {colour: red}", "gcp: ["])("is told, and can be ended: %s", (mistake) =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      writeFileSync(join(home, "config.yaml"), mistake)
      assert.isNotNull(yield* cloud.whyNot!)
      assert.isTrue(cloud.isMisset!())
      assert.isNotNull(yield* cloud.identity)
      const { owned, unclear } = yield* cloud.tagged!(asked.tags.log)
      assert.deepStrictEqual([owned.map(({ host }) => host), unclear], [[node!.host], []])
      yield* cloud.terminate(refOf(asked, node!))
      assert.lengthOf(yield* live, 0)
    }).pipe(Effect.scoped)
  )
})
