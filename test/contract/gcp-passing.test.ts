/** Operations of Compute Engine that fail in passing: the same is done again there, and makes no machine twice. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { orLeft } from "../../daemon/reactors/end-machines.ts"
import { inherited } from "./cloud-nodes.ts"
import { gcpScene } from "./gcp-scene.ts"
import { refOf } from "./rented-requests.ts"

const { gce, one, fault, calm, live, daemonOver } = gcpScene()

const inserts = Effect.promise(() => gce().calls("instances.bulkInsert"))
const idsOf = (calls: ReadonlyArray<{ readonly requestId: string | null }>) => new Set(calls.map(({ requestId }) => requestId))

describe("what fails in passing on Compute Engine", () => {
  it.live("is no refusal of an end, a stop or a start: it goes well when it is tried again", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      const ref = refOf(asked, node!)
      const passing = Effect.fnUntraced(function* <A>(action: string, code: string, deed: Effect.Effect<A, { readonly kind: string }>) {
        yield* fault({ action: `instances.${action}`, operationError: code, times: 1 })
        assert.strictEqual((yield* Effect.flip(deed)).kind, "Transient", `${action}: ${code}`)
        yield* calm
      })
      yield* passing("stop", "INTERNAL_ERROR", cloud.stop(ref))
      yield* cloud.stop(ref)
      // What would be gone on with on it, nobody has here.
      yield* passing("start", "RESOURCE_NOT_READY", cloud.start(ref))
      yield* passing("delete", "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", cloud.terminate(ref))
      yield* cloud.terminate(ref)
      assert.deepStrictEqual(yield* live, [])
    }).pipe(Effect.scoped)
  )

  it.live("leaves no rule behind: who clears a cluster is told to come again", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0], { machine: { ports: ["8080"] } })
      const [node] = yield* cloud.provision(asked)
      yield* fault({ action: "firewalls.delete", operationError: "INTERNAL_ERROR", times: 2 })
      yield* cloud.terminate(refOf(asked, node!))
      const clear = orLeft("train", cloud.clear!(asked.tags, ["us-central1"]))
      assert.strictEqual((yield* Effect.flip(clear)).kind, "Transient")
      yield* clear
      const { items = [] } = yield* Effect.promise(() => gce().console("GET", "global/firewalls"))
      assert.notInclude(JSON.stringify(items), "skyd-ports")
    }).pipe(Effect.scoped)
  )

  for (const code of ["INTERNAL_ERROR", "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"])
    it.live(`makes its machines in the same zone, once, where their request ended in ${code}: also by the next daemon`, () =>
      Effect.gen(function* () {
        const { cloud, home, request } = yield* one
        const asked = request([0, 1])
        yield* fault({ action: "instances.bulkInsert", operationError: code, times: 1 })
        const nodes = yield* cloud.provision(asked)
        assert.lengthOf(yield* live, 2)
        assert.strictEqual(idsOf(yield* inserts).size, 2)
        const next = yield* daemonOver(home)
        assert.deepStrictEqual(yield* next.provision(inherited(asked)), nodes)
        assert.lengthOf(yield* live, 2)
        assert.lengthOf(yield* inserts, 2)
      }).pipe(Effect.scoped)
    )

  it.live("does not go on for ever: a zone that fails so each time refuses, and holds nothing", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      yield* fault({ action: "instances.bulkInsert", operationError: "INTERNAL_ERROR" })
      assert.deepInclude(yield* Effect.flip(cloud.provision(request([0]))), { kind: "Refused", code: "INTERNAL_ERROR", scope: "zone" })
      assert.strictEqual(idsOf(yield* inserts).size, 5)
      assert.deepStrictEqual(yield* live, [])
    }).pipe(Effect.scoped)
  )
})
