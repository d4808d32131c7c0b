/** Machines of Compute Engine whose labels others have written, and machines that are off and that GCP has forgotten how they came to be. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { expect } from "vitest"
import type { KnownNodes } from "../../daemon/clouds/Remnant.ts"
import { nodeOf } from "../../events/ids.ts"
import { makeToken } from "./cloud-nodes.ts"
import { gcpScene, zone } from "./gcp-scene.ts"
import { refOf } from "./rented-requests.ts"

const { gce, one, live } = gcpScene()

const path = (host: string | null) => `zones/${zone}/instances/${host}`
/** All of them, as Terraform does it. */
const setLabels = (host: string | null, labels: object) =>
  Effect.promise(async () => {
    const { labelFingerprint } = await gce().console("GET", path(host))
    await gce().console("POST", `${path(host)}/setLabels`, { labels, labelFingerprint })
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

  it.live("is found by its name where the log has it by that: it is that node, and no doubt is left", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      const ref = refOf(asked, node!)
      const { labels } = (yield* live)[0]!
      const look = (known: KnownNodes) =>
        Effect.map(cloud.tagged!(asked.tags.log, known), ({ owned, unclear }) => [
          owned.map((one) => [one.node, one.tags, one.host]),
          unclear
        ])
      const its = [[[ref.node, asked.tags, ref.host]], []]
      yield* setLabels(node!.host, { "skyd-log": labels["skyd-log"] })
      assert.deepStrictEqual(yield* look({ had: [ref], dropped: [] }), its)
      yield* setLabels(node!.host, { team: "red" })
      assert.deepStrictEqual(yield* look({ had: [ref], dropped: [] }), [[], []])
      assert.deepStrictEqual(yield* look({ had: [], dropped: [ref] }), its)
      // Adopted, it is reached by the key that the log has: who made it its labels do not say any more.
      const [found] = (yield* cloud.tagged!(asked.tags.log, { had: [], dropped: [ref] })).owned
      assert.strictEqual(found!.hostKey, node!.hostKey)
      yield* cloud.terminate(ref)
      assert.deepStrictEqual(yield* look({ had: [], dropped: [ref] }), [[], []])
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

describe("a machine of Compute Engine that is off and was to end with that", () => {
  const days = 15
  const dayMs = 86_400_000
  const off = Effect.fnUntraced(function* () {
    const { cloud, request } = yield* one
    const asked = request([0])
    const [node] = yield* TestClock.withLive(cloud.provision(asked))
    const ref = refOf(asked, node!)
    yield* TestClock.withLive(cloud.endsItself!([ref], true))
    return { cloud, ref }
  })
  const shutDown = (host: string | null) =>
    Effect.promise(async () => {
      await gce().strict("POST", `instances/${host}/shutdown`)
      await expect.poll(async () => (await gce().instances())[0]!.status).toBe("TERMINATED")
    })
  const forget = Effect.promise(() => gce().strict("POST", "clock", { advanceSeconds: days * 86_400 }))

  it.effect("has ended itself also where GCP has forgotten how: by GCP's own clock, whatever ours says", () =>
    Effect.gen(function* () {
      const { cloud, ref } = yield* off()
      yield* Effect.promise(() => gce().strict("PUT", "visibility", { operationListSeconds: 40 * 86_400 }))
      yield* shutDown(ref.host)
      yield* TestClock.setTime(Date.now() + days * dayMs)
      assert.deepInclude((yield* cloud.query([ref]))[0], { state: "unknown", reason: "GCP does not say yet why it is off" })
      yield* forget
      yield* TestClock.setTime(0)
      assert.deepInclude((yield* cloud.query([ref]))[0], {
        state: "stopped",
        down: true,
        reason: "stopped: GCP has forgotten how, and its own shutdown was to be its end"
      })
    }).pipe(Effect.scoped)
  )

  it.effect("has ended itself also where others have replaced its labels, as the log has it; not where they say that it stays", () =>
    Effect.gen(function* () {
      const { cloud, ref } = yield* off()
      const inForce = { ...ref, endsItself: true }
      yield* setLabels(ref.host, { team: "red" })
      yield* shutDown(ref.host)
      yield* TestClock.setTime(Date.now() + 120_000)
      const gone = { state: "stopped", down: true, reason: "stopped: by itself" } as const
      assert.deepInclude((yield* cloud.query([inForce]))[0], gone)
      assert.deepInclude((yield* cloud.query([ref]))[0], { ...gone, down: false })
      yield* setLabels(ref.host, { "skyd-ends": "stop" })
      assert.deepInclude((yield* cloud.query([inForce]))[0], { ...gone, down: false })
    }).pipe(Effect.scoped)
  )

  it.effect("is kept where we stopped it after its labels were replaced, however long ago that was", () =>
    Effect.gen(function* () {
      const { cloud, ref } = yield* off()
      const inForce = { ...ref, endsItself: true }
      yield* setLabels(ref.host, {})
      yield* TestClock.withLive(cloud.stop(inForce))
      yield* forget
      yield* TestClock.setTime(Date.now() + days * dayMs)
      assert.deepInclude((yield* cloud.query([inForce]))[0], { state: "stopped", down: false })
    }).pipe(Effect.scoped)
  )

  it.effect("is kept where we stopped it, however long ago that was", () =>
    Effect.gen(function* () {
      const { cloud, ref } = yield* off()
      yield* TestClock.withLive(cloud.stop(ref))
      yield* forget
      yield* TestClock.setTime(Date.now() + days * dayMs)
      assert.deepInclude((yield* cloud.query([ref]))[0], { state: "stopped", down: false })
    }).pipe(Effect.scoped)
  )

  it.effect("is kept where others stopped it, as long as GCP says so", () =>
    Effect.gen(function* () {
      const { cloud, ref } = yield* off()
      yield* Effect.promise(() => gce().console("POST", `${path(ref.host)}/stop`))
      yield* TestClock.setTime(Date.now() + dayMs)
      assert.deepInclude((yield* cloud.query([ref]))[0], { state: "stopped", down: false })
    }).pipe(Effect.scoped)
  )
})
