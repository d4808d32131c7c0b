/** Machines of Compute Engine whose labels others have written, and machines that are off and that GCP has forgotten how they came to be. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, beforeAll, beforeEach } from "vitest"
import * as GcpCloud from "../../daemon/clouds/gcp/GcpCloud.ts"
import { nodeOf } from "../../events/ids.ts"
import { Gce } from "../tools/gce.ts"
import { makeToken } from "./cloud-nodes.ts"
import { daemonsOf, oneIn, refOf } from "./rented-requests.ts"

let gce: Gce
beforeAll(async () => {
  gce = await Gce.start()
  Object.assign(process.env, gce.env)
})
afterAll(() => gce.end())
beforeEach(() => gce.reset())

const zone = "us-central1-a"
const one = oneIn(
  daemonsOf((options, lists) => GcpCloud.make({ ...options, catalog: () => lists.of("gcp") })),
  `gcp/us-central1/${zone}`
)
const live = Effect.promise(() => gce.instances())
const path = (host: string | null) => `zones/${zone}/instances/${host}`
/** All of them, as Terraform does it. */
const setLabels = (host: string | null, labels: object) =>
  Effect.promise(async () => {
    const { labelFingerprint } = await gce.console("GET", path(host))
    await gce.console("POST", `${path(host)}/setLabels`, { labels, labelFingerprint })
  })

describe("a machine of Compute Engine whose labels others have replaced", () => {
  it.effect("is looked at, stopped, started and deleted all the same: its name follows from the token that the log has", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* TestClock.withLive(cloud.provision(asked))
      const ref = refOf(asked, node!)
      yield* setLabels(node!.host, { team: "red" })
      for (let minutes = 0; minutes < 3; minutes++) {
        assert.deepInclude((yield* cloud.query([ref]))[0], { state: "running", address: node!.address })
        yield* TestClock.adjust("1 minute")
      }
      yield* TestClock.withLive(cloud.stop(ref))
      assert.deepInclude((yield* live)[0], { status: "TERMINATED" })
      assert.deepInclude((yield* cloud.query([ref]))[0], { state: "stopped", down: false })
      yield* TestClock.withLive(cloud.endsItself!([ref], true))
      assert.deepStrictEqual((yield* live)[0]!.labels, { team: "red", "skyd-ends": "down" })
      yield* TestClock.withLive(cloud.terminate(ref))
      assert.deepStrictEqual(yield* live, [])
    }).pipe(Effect.scoped)
  )

  it.effect("and that now says it is another log's is not known, nothing is done to it, and that is said", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* TestClock.withLive(cloud.provision(asked))
      const ref = refOf(asked, node!)
      yield* setLabels(node!.host, { "skyd-log": "01hzzzzzzzzzzzzzzzzzzzzzzz" })
      for (let minutes = 0; minutes < 3; minutes++) {
        const [state] = yield* cloud.query([ref])
        assert.strictEqual(state!.state, "unknown")
        assert.include(state!.reason, "of log 01HZZZZZZZZZZZZZZZZZZZZZZZ")
        assert.deepInclude(yield* Effect.flip(cloud.terminate(ref)), { kind: "Refused", code: "NotOurs" })
        yield* TestClock.adjust("1 minute")
      }
      assert.lengthOf(yield* live, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("under a name that proves nothing is not known either, and left alone", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* TestClock.withLive(cloud.provision(asked))
      // As adopted under the name that somebody gave it.
      const ref = { ...refOf(asked, node!), node: nodeOf(makeToken(), 0) }
      yield* setLabels(node!.host, {})
      yield* TestClock.adjust("2 minutes")
      const [state] = yield* cloud.query([ref])
      assert.deepInclude(state, { state: "unknown" })
      assert.include(state!.reason, `${node!.host} is there, without labels of skyd's`)
      assert.deepInclude(yield* Effect.flip(cloud.terminate(ref)), { kind: "Refused", code: "NotOurs" })
      assert.lengthOf(yield* live, 1)
    }).pipe(Effect.scoped)
  )

  it.live("is said by sky leaks, which cannot tell which node it is", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      const { labels } = (yield* live)[0]!
      yield* setLabels(node!.host, { "skyd-log": labels["skyd-log"], "skyd-cluster": labels["skyd-cluster"] })
      const { owned, unclear } = yield* cloud.tagged!(asked.tags.log)
      assert.deepStrictEqual(owned, [])
      assert.deepStrictEqual(unclear, [
        `${node!.host} in ${zone} has some labels of skyd's, and not those by which a node is told: look there`
      ])
    }).pipe(Effect.scoped)
  )
})
