/** Ports of a cluster that is there: opened on its machines by a rule of its own, whatever is cut short, and gone with it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { expect } from "vitest"
import type { ProvisionRequest } from "../../daemon/clouds/ProvisionRequest.ts"
import { makeToken } from "./cloud-nodes.ts"
import { gcpScene, zone } from "./gcp-scene.ts"
import { opensOnAll, refOf } from "./rented-requests.ts"

const { gce, daemonOver, one, fault, calm } = gcpScene()

const nameOf = ({ tags }: ProvisionRequest) => `skyd-ports-${tags.cluster.toLowerCase()}`

interface Rule {
  readonly name: string
  readonly allowed: ReadonlyArray<{ readonly IPProtocol: string; readonly ports: ReadonlyArray<string> }>
  readonly targetTags: ReadonlyArray<string>
  readonly sourceRanges: ReadonlyArray<string>
}
/** What the cluster's own rule lets in from anywhere, if there is one. */
const open = (asked: ProvisionRequest) =>
  Effect.map(
    Effect.promise(() => gce().console("GET", "global/firewalls")),
    ({ items }) => {
      const rule = (items as ReadonlyArray<Rule>).find(({ name }) => name === nameOf(asked))
      if (rule === undefined) return undefined
      assert.deepStrictEqual([rule.targetTags, rule.sourceRanges, rule.allowed.length], [[rule.name], ["0.0.0.0/0"], 1])
      return rule.allowed[0]!.ports
    }
  )
const tagsOf = (host: string | null) =>
  Effect.map(
    Effect.promise(() => gce().console("GET", `zones/${zone}/instances/${host}`)),
    ({ tags }) => (tags.items ?? []) as ReadonlyArray<string>
  )

describe("ports of machines of Compute Engine that are there", () => {
  it.live("are opened on each, beside those that are and by a tag that it has beside its others, and go with the last of them", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0, 1])
      const nodes = yield* cloud.provision(asked)
      const refs = nodes.map((node) => refOf(asked, node))
      const { tags } = (yield* Effect.promise(() => gce().console("GET", `zones/${zone}/instances/${nodes[0]!.host}`))) as {
        tags: { fingerprint: string }
      }
      const own = { items: ["own"], fingerprint: tags.fingerprint }
      yield* Effect.promise(() => gce().console("POST", `zones/${zone}/instances/${nodes[0]!.host}/setTags`, own))
      yield* cloud.openPorts!(refs, ["8080", "9000-9010"])
      assert.deepStrictEqual(yield* open(asked), ["8080", "9000-9010"])
      assert.deepStrictEqual(yield* tagsOf(nodes[0]!.host), ["own", nameOf(asked)])
      assert.deepStrictEqual(yield* tagsOf(nodes[1]!.host), [nameOf(asked)])
      // What others have opened meanwhile, or a log that was lost, stays open.
      yield* cloud.openPorts!(refs, ["8081"])
      yield* cloud.openPorts!(refs, ["8081"])
      assert.deepStrictEqual(yield* open(asked), ["8080-8081", "9000-9010"])
      yield* cloud.terminate(refs[0]!)
      assert.isDefined(yield* open(asked))
      yield* cloud.terminate(refs[1]!)
      assert.isUndefined(yield* open(asked))
    }).pipe(Effect.scoped)
  )

  it.live("are opened beside those that they were made with, by the same rule", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0], { machine: { ports: ["8080"] } })
      const [node] = yield* cloud.provision(asked)
      yield* cloud.openPorts!([refOf(asked, node!)], ["22", "8080"])
      assert.deepStrictEqual(yield* open(asked), ["22", "8080"])
      assert.deepStrictEqual(yield* tagsOf(node!.host), [nameOf(asked)])
      yield* cloud.terminate(refOf(asked, node!))
      assert.isUndefined(yield* open(asked))
    }).pipe(Effect.scoped)
  )

  it.live("are opened anew for a machine that takes the place of a lost one, where somebody has deleted the rule meanwhile", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0], { machine: { ports: ["8080"] } })
      yield* cloud.provision(asked)
      yield* Effect.promise(() => gce().console("DELETE", `global/firewalls/${nameOf(asked)}`))
      yield* Effect.promise(() => expect.poll(() => Effect.runPromise(open(asked))).toBeUndefined())
      yield* cloud.provision({ ...asked, token: makeToken(), ranks: [1] })
      assert.deepStrictEqual(yield* open(asked), ["8080"])
    }).pipe(Effect.scoped)
  )

  it.live("stay open on those that run when one that is missing beside them is refused", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0, 1], { machine: { ports: ["8080"] } })
      const [head, worker] = yield* cloud.provision(asked)
      yield* cloud.terminate(refOf(asked, worker!))
      yield* fault({ action: "instances.bulkInsert", operationError: "ZONE_RESOURCE_POOL_EXHAUSTED" })
      const missing = { ...asked, token: makeToken(), ranks: [1] }
      assert.deepInclude(yield* Effect.flip(cloud.provision(missing)), { kind: "Refused", scope: "zone" })
      assert.deepStrictEqual(yield* open(asked), ["8080"])
      yield* cloud.terminate(refOf(asked, head!))
      assert.isUndefined(yield* open(asked))
    }).pipe(Effect.scoped)
  )

  for (const action of ["instances.setTags", "firewalls.list", "firewalls.insert"])
    it.live(
      `are open in the end where the answer of ${action} was lost, or a daemon was killed before it; and are closed where none came after it`,
      () =>
        Effect.gen(function* () {
          const { cloud, home, request } = yield* one
          const ports = ["8080"]
          for (const rule of [
            { afterEffect: true, drop: true, times: 1 },
            { reason: "forbidden", times: 1 }
          ]) {
            const asked = request([0, 1])
            const nodes = yield* cloud.provision(asked)
            const refs = nodes.map((node) => refOf(asked, node))
            yield* fault({ action, ...rule })
            const cut = yield* Effect.exit(cloud.openPorts!(refs, ports))
            assert.strictEqual(cut._tag, "drop" in rule ? "Success" : "Failure")
            if (cut._tag === "Failure") yield* (yield* daemonOver(home)).openPorts!(refs, ports)
            yield* calm
            assert.deepStrictEqual(yield* open(asked), ports)
            for (const { host } of nodes) assert.deepStrictEqual(yield* tagsOf(host), [nameOf(asked)])
            for (const ref of refs) yield* cloud.terminate(ref)
            assert.isUndefined(yield* open(asked))
          }
          const asked = request([0])
          const [node] = yield* cloud.provision(asked)
          yield* fault({ action, reason: "forbidden", times: 1 })
          assert.deepInclude(yield* Effect.flip(cloud.openPorts!([refOf(asked, node!)], ports)), { kind: "Refused" })
          yield* cloud.terminate(refOf(asked, node!))
          yield* cloud.clear!(asked.tags, ["us-central1"])
          assert.isUndefined(yield* open(asked))
        }).pipe(Effect.scoped)
    )

  it.live("are told as open once they are on all machines, and not before", () => {
    const steps = ["instances.setTags", "firewalls.insert"]
    const refused = steps.map((action) => fault({ action, reason: "forbidden", times: 1 }))
    return opensOnAll(one, "us-central1", refused, calm)
  })

  it.live("are opened where others set a tag at the same time", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      yield* fault({ action: "instances.setTags", reason: "conditionNotMet", status: 412, times: 1 })
      yield* cloud.openPorts!([refOf(asked, node!)], ["8080"])
      assert.deepStrictEqual(yield* tagsOf(node!.host), [nameOf(asked)])
      assert.deepStrictEqual(yield* open(asked), ["8080"])
    }).pipe(Effect.scoped)
  )

  it.live("are opened on those that are left", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0, 1])
      const nodes = yield* cloud.provision(asked)
      const refs = nodes.map((node) => refOf(asked, node))
      yield* Effect.promise(() => gce().console("DELETE", `zones/${zone}/instances/${nodes[0]!.host}`))
      yield* cloud.openPorts!(refs, ["8080"])
      assert.deepStrictEqual(yield* open(asked), ["8080"])
      assert.deepStrictEqual(yield* tagsOf(nodes[1]!.host), [nameOf(asked)])
      yield* cloud.terminate(refs[1]!)
      assert.isUndefined(yield* open(asked))
    }).pipe(Effect.scoped)
  )

  it.live("are closed with a cluster that is ended while they are opened: what is on its way is waited for", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      yield* fault({ action: "firewalls.insert", delaySeconds: 1 })
      const opening = yield* Effect.forkChild(cloud.openPorts!([refOf(asked, node!)], ["8080"]), { startImmediately: true })
      const onItsWay = async () => ((await gce().strict("GET", "faults")) as ReadonlyArray<{ readonly hits: number }>)[0]!.hits
      yield* Effect.promise(() => expect.poll(onItsWay, { timeout: 10_000 }).toBe(1))
      yield* Fiber.interrupt(opening)
      yield* cloud.terminate(refOf(asked, node!))
      yield* cloud.clear!(asked.tags, ["us-central1"])
      yield* Effect.promise(() => expect.poll(async () => (await gce().calls("firewalls.insert")).length, { timeout: 10_000 }).toBe(1))
      assert.isUndefined(yield* open(asked))
    }).pipe(Effect.scoped)
  )
})
