/** Machines of Compute Engine that are off or gone: what ended them is told by what belongs to that end alone, whatever clock we have. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { expect } from "vitest"
import type { Cloud, NodeRef } from "../../daemon/clouds/Cloud.ts"
import { gcpScene, zone } from "./gcp-scene.ts"
import { refOf } from "./rented-requests.ts"

const { gce, one } = gcpScene()
const account = "a call to GCP of"
const dayS = 86_400

const strict = (method: string, path: string, body?: unknown) => Effect.promise(() => gce().strict(method, path, body))
const console = (path: string, method = "POST") => Effect.promise(() => gce().console(method, `zones/${zone}/instances/${path}`))
const become = (status: string) =>
  Effect.promise(() => expect.poll(async () => (await gce().instances())[0]?.status, { timeout: 20_000, interval: 50 }).toBe(status))
const listedAfterS = (operationListSeconds: number) => strict("PUT", "visibility", { operationListSeconds })
const pass = (advanceSeconds: number) => strict("POST", "clock", { advanceSeconds })

/** To end with its shutdown, as its labels and the log say. */
const toEnd = Effect.gen(function* () {
  const { cloud, request } = yield* one
  const asked = request([0])
  const [node] = yield* TestClock.withLive(cloud.provision(asked))
  const ref: NodeRef = { ...refOf(asked, node!), endsItself: true }
  const arm = TestClock.withLive(cloud.endsItself!([ref], true))
  yield* arm
  return { cloud, ref, host: node!.host!, arm }
})
const stateIn = (cloud: Cloud, ref: NodeRef) => Effect.map(cloud.query([ref]), ([state]) => state!)
/** Its own shutdown, after which somebody starts it again. */
const wasOffBefore = Effect.fnUntraced(function* (cloud: Cloud, ref: NodeRef) {
  yield* strict("POST", `instances/${ref.host}/shutdown`)
  yield* become("TERMINATED")
  assert.deepInclude(yield* stateIn(cloud, ref), { state: "stopped", down: true, reason: "stopped: by itself" })
  yield* pass(60)
  yield* console(`${ref.host}/start`)
  yield* become("RUNNING")
  yield* pass(60)
})

describe("a machine that was to end with its shutdown, and that its owner suspends", () => {
  it.effect("is kept: it has not shut itself down, though it had before", () =>
    Effect.gen(function* () {
      const { cloud, ref, host } = yield* toEnd
      yield* wasOffBefore(cloud, ref)
      yield* console(`${host}/suspend`)
      yield* become("SUSPENDED")
      const state = yield* stateIn(cloud, ref)
      assert.deepInclude(state, { state: "stopped", down: false })
      assert.include(state.reason, `stopped: suspended by ${account}`)
    }).pipe(Effect.scoped)
  )

  it.effect("is kept also before GCP tells who did, however long it was on before that", () =>
    Effect.gen(function* () {
      const { cloud, ref, host } = yield* toEnd
      yield* wasOffBefore(cloud, ref)
      yield* pass(15 * dayS)
      yield* listedAfterS(3600)
      yield* console(`${host}/suspend`)
      yield* become("SUSPENDED")
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "stopped", down: false, reason: "stopped: suspended" })
      yield* TestClock.setTime(Date.now() + 40 * dayS * 1000)
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "stopped", down: false })
      yield* pass(3600)
      yield* TestClock.adjust("10 minutes")
      assert.include((yield* stateIn(cloud, ref)).reason, account)
    }).pipe(Effect.scoped)
  )

  it.effect("is asked about at each look for ten minutes, and every ten minutes from then on, until GCP tells who did", () =>
    Effect.gen(function* () {
      const { cloud, ref, host } = yield* toEnd
      yield* listedAfterS(3600)
      yield* console(`${host}/suspend`)
      yield* become("SUSPENDED")
      const asks = (looks: number) =>
        Effect.gen(function* () {
          yield* strict("DELETE", "calls")
          for (let i = 0; i < looks; i++) {
            assert.deepInclude(yield* stateIn(cloud, ref), { state: "stopped", reason: "stopped: suspended" })
            yield* TestClock.adjust("1 minute")
          }
          return yield* Effect.promise(async () => (await gce().calls("zoneOperations.list")).length)
        })
      assert.strictEqual(yield* asks(10), 10)
      assert.strictEqual(yield* asks(30), 3)
      yield* pass(3600)
      yield* TestClock.adjust("10 minutes")
      assert.include((yield* stateIn(cloud, ref)).reason, account)
    }).pipe(Effect.scoped)
  )

  it.effect("is kept also when GCP has forgotten that", () =>
    Effect.gen(function* () {
      const { cloud, ref, host } = yield* toEnd
      yield* wasOffBefore(cloud, ref)
      yield* console(`${host}/suspend`)
      yield* become("SUSPENDED")
      yield* pass(15 * dayS)
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "stopped", down: false, reason: "stopped: suspended" })
    }).pipe(Effect.scoped)
  )

  it.effect("and resumes is told by what ends it then: not by that it was suspended, nor by what was before", () =>
    Effect.gen(function* () {
      const { cloud, ref, host } = yield* toEnd
      yield* wasOffBefore(cloud, ref)
      yield* console(`${host}/suspend`)
      yield* become("SUSPENDED")
      yield* console(`${host}/resume`)
      yield* become("RUNNING")
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "running" })
      yield* listedAfterS(3600)
      yield* strict("POST", `instances/${host}/shutdown`)
      yield* become("TERMINATED")
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "unknown", off: true })
      yield* pass(3600)
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "stopped", down: true, reason: "stopped: by itself" })
    }).pipe(Effect.scoped)
  )
})

describe("what ended a machine before it was started again", () => {
  it.effect("is not told of the next end, where neither its start nor that end is listed yet", () =>
    Effect.gen(function* () {
      const { cloud, ref, host } = yield* toEnd
      yield* strict("POST", `instances/${host}/shutdown`)
      yield* become("TERMINATED")
      yield* pass(60)
      yield* listedAfterS(3600)
      yield* console(`${host}/start`)
      yield* become("RUNNING")
      yield* pass(60)
      yield* console(`${host}/stop`)
      yield* become("TERMINATED")
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "unknown", off: true, down: false })
      yield* pass(3600)
      const told = yield* stateIn(cloud, ref)
      assert.deepInclude(told, { state: "stopped", down: false })
      assert.include(told.reason, `stopped: by ${account}`)
    }).pipe(Effect.scoped)
  )

  it.effect("is not told of its deletion, nor is it gone by that", () =>
    Effect.gen(function* () {
      const { cloud, ref, host } = yield* toEnd
      yield* TestClock.withLive(cloud.stop(ref))
      yield* listedAfterS(3600)
      yield* console(host, "DELETE")
      yield* Effect.promise(() => expect.poll(() => gce().instances(), { timeout: 20_000 }).toEqual([]))
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "unknown" })
      assert.deepInclude(yield* Effect.flip(cloud.terminate(ref)), { kind: "Transient", code: "NotListed" })
      yield* pass(3600)
      const gone = yield* stateIn(cloud, ref)
      assert.deepInclude(gone, { state: "missing" })
      assert.include(gone.reason, `deleted: by ${account}`)
    }).pipe(Effect.scoped)
  )
})

describe("an autodown that GCP tells late", () => {
  it.effect("is waited for, whatever our clock says, and is one when it is told", () =>
    Effect.gen(function* () {
      const { cloud, ref, host } = yield* toEnd
      yield* TestClock.setTime(Date.now() + 40 * dayS * 1000)
      yield* listedAfterS(3600)
      yield* strict("POST", `instances/${host}/shutdown`)
      yield* become("TERMINATED")
      const untold = { state: "unknown", off: true, reason: "GCP does not say yet why it is off" } as const
      assert.deepInclude(yield* stateIn(cloud, ref), untold)
      yield* TestClock.adjust("5 minutes")
      assert.deepInclude(yield* stateIn(cloud, ref), untold)
      yield* TestClock.setTime(0)
      assert.deepInclude(yield* stateIn(cloud, ref), untold)
      yield* pass(3600)
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "stopped", down: true, reason: "stopped: by itself" })
    }).pipe(Effect.scoped)
  )

  it.effect("keeps nobody waiting for ever: what is not told for ten minutes is stopped, until it is told", () =>
    Effect.gen(function* () {
      const { cloud, ref, host } = yield* toEnd
      yield* listedAfterS(3600)
      yield* strict("POST", `instances/${host}/shutdown`)
      yield* become("TERMINATED")
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "unknown" })
      yield* TestClock.adjust("11 minutes")
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "stopped", down: false, reason: "stopped: GCP does not say why" })
      yield* pass(3600)
      yield* TestClock.adjust("10 minutes")
      assert.deepInclude(yield* stateIn(cloud, ref), { state: "stopped", reason: "stopped: by itself" })
    }).pipe(Effect.scoped)
  )
})
