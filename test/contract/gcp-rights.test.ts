/** What an account may do that has the rights that docs/gcp.md lists and no others, where Compute Engine asks for each as its pages say. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import type { CloudError } from "../../daemon/clouds/Cloud.ts"
import { morePermissions, permissions } from "../../daemon/clouds/gcp/permissions.ts"
import { gcpScene, zone } from "./gcp-scene.ts"
import { refOf } from "./rented-requests.ts"

const { gce, one, live } = gcpScene()

const least = Object.values(permissions).flat()
const all = [...least, ...Object.values(morePermissions).flat()]
const granted = (rights: ReadonlyArray<string>) => Effect.promise(() => gce().strict("PUT", "granted", rights))
const patiently = <A, E extends { readonly kind: string }>(effect: Effect.Effect<A, E>) =>
  Effect.retry(effect, { while: ({ kind }) => kind === "Transient", schedule: Schedule.spaced("100 millis"), times: 100 })

const running = (host: string | null) =>
  Effect.map(live, (instances) => instances.some(({ name, status }) => name === host && status === "RUNNING"))
/** It then waits for a login, and nobody answers that here. */
const startedBy = (action: string, start: Effect.Effect<unknown, CloudError>, host: string | null) =>
  Effect.gen(function* () {
    const waiting = yield* Effect.forkChild(patiently(start), { startImmediately: true })
    yield* Effect.repeat(running(host), { until: (is) => is, schedule: Schedule.spaced("50 millis") })
    assert.isNotEmpty(yield* Effect.promise(() => gce().calls(action)))
    yield* Fiber.interrupt(waiting)
  })

/** Without these no machine is made: each thing that a request for machines brings along takes one. */
const toMake = [
  "compute.instances.create",
  "compute.instances.setLabels",
  "compute.instances.setMetadata",
  "compute.disks.create",
  "compute.disks.setLabels",
  "compute.subnetworks.use",
  "compute.subnetworks.useExternalIp"
]

describe("rights in a project of GCP", () => {
  it.live("that the page calls the least bring a cluster from its launch to its end", () =>
    Effect.gen(function* () {
      yield* granted(least)
      const { cloud, request } = yield* one
      assert.isNull(yield* cloud.whyNot!)
      const asked = request([0, 1])
      const nodes = yield* cloud.provision(asked)
      const refs = nodes.map((node) => refOf(asked, node))
      for (const ref of refs) yield* patiently(cloud.stop(ref))
      for (const ref of refs) yield* startedBy("instances.start", cloud.start(ref), ref.host)
      yield* Effect.promise(() => gce().console("POST", `zones/${zone}/instances/${refs[0]!.host}/suspend`))
      yield* Effect.repeat(cloud.query(refs), { until: ([head]) => head!.state === "stopped", schedule: Schedule.spaced("50 millis") })
      yield* startedBy("instances.resume", cloud.start(refs[0]!), refs[0]!.host)
      for (const ref of refs) yield* patiently(cloud.terminate(ref))
      assert.isEmpty(yield* live)
      const calls = yield* Effect.promise(() => gce().calls())
      assert.deepStrictEqual(
        calls.filter(({ reason }) => reason === "forbidden").map(({ action }) => action),
        []
      )
    }).pipe(Effect.scoped)
  )

  it.live("that it lists besides open ports and copy a disk, and close and remove that again", () =>
    Effect.gen(function* () {
      yield* granted(all)
      const { cloud, request } = yield* one
      assert.deepStrictEqual(yield* cloud.warnings!, [])
      const asked = request([0], { machine: { ports: ["8080"] } })
      const [head] = yield* cloud.provision(asked)
      yield* patiently(cloud.stop(refOf(asked, head!)))
      const { cluster, clusterName } = asked.tags
      const clone = { cloud: "gcp", region: "us-central1", cluster, clusterName, node: head!.node, host: head!.host, gib: 256 }
      const copied = request([0], { machine: { clone } })
      const [copy] = yield* patiently(cloud.provision(copied))
      yield* cloud.openPorts!([refOf(copied, copy!)], ["9090"])
      yield* patiently(cloud.terminate(refOf(copied, copy!)))
      yield* patiently(cloud.terminate(refOf(asked, head!)))
      const calls = yield* Effect.promise(() => gce().calls())
      assert.deepStrictEqual(
        calls.filter(({ reason }) => reason === "forbidden").map(({ action }) => action),
        []
      )
    }).pipe(Effect.scoped)
  )

  it.live.each([...toMake.map((right) => [right, undefined] as const), ["compute.instances.setTags", ["8080"]] as const])(
    "without %s make no machine, which check says before: which right, and which role brings it",
    ([right, ports]) =>
      Effect.gen(function* () {
        const { cloud, request } = yield* one
        yield* granted(all.filter((name) => name !== right))
        assert.include(yield* cloud.whyNot!, right)
        const refused = yield* Effect.flip(cloud.provision(request([0], ports === undefined ? {} : { machine: { ports } })))
        assert.deepInclude(refused, { kind: "Refused", scope: "cloud", anyKind: true })
        assert.match(refused.message, new RegExp(`Required '${right}' permission.*; roles/compute.instanceAdmin.v1 brings it`))
        assert.isEmpty(yield* live)
      }).pipe(Effect.scoped)
  )

  it.live("take one more where machines are made of a machine image, and it is said which", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const [source] = yield* cloud.provision(request([0]))
      const sourceInstance = `zones/${zone}/instances/${source!.host}`
      yield* Effect.promise(() => gce().console("POST", "global/machineImages", { name: "kept", sourceInstance }))
      const machine = { images: { "*": "projects/lab-1/global/machineImages/kept" } }
      const right = "compute.machineImages.useReadOnly"
      yield* granted(all)
      assert.include((yield* Effect.flip(cloud.provision(request([0], { machine })))).message, `Required '${right}' permission`)
      yield* granted([...all, right])
      assert.lengthOf(yield* cloud.provision(request([0], { machine })), 1)
    }).pipe(Effect.scoped)
  )
})
