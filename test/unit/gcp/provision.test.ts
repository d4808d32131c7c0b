/**
 * A request for machines that nobody sees for a while. A zone that does not answer is no empty zone: what begins in it is asked for by name,
 * and not taken for gone by lists that lack it; nor is what others' credentials do not see.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { CloudError } from "../../../daemon/clouds/Cloud.ts"
import type { Instance, Operation } from "../../../daemon/clouds/gcp/api.ts"
import type { Gcp } from "../../../daemon/clouds/gcp/client.ts"
import { refusedBy } from "../../../daemon/clouds/gcp/errors.ts"
import { labelsOf, metadataOf } from "../../../daemon/clouds/gcp/names.ts"
import type { Operations } from "../../../daemon/clouds/gcp/operations.ts"
import { makeProvision } from "../../../daemon/clouds/gcp/provision.ts"
import { passingBy } from "../../../daemon/rented/errors.ts"
import { cluster, offer as local, name, token } from "../../fakes/facts.ts"

const zone = "us-central1-a"
const offer = { ...local, cloud: "gcp", region: "us-central1", zone, instanceType: "n2-standard-2" }
const wish = { tags: { log: "01HZZZZZZZZZZZZZZZZZZZZZZL", cluster, clusterName: name }, token, ranks: [0], offer }
const parts = {
  request: wish,
  project: "lab-1",
  root: { link: "image", kind: "image", gib: 10 },
  place: { network: "default", subnetwork: "default" },
  portsTag: null,
  folder: "01HZZZZZZZZZZZZZZZZZZZZZZF",
  sshKeys: "",
  userData: "",
  serviceAccount: null,
  labels: {},
  useInternalIps: false
} as const
const instance = (status: string, called: string): Instance => ({
  name: called,
  status,
  labels: labelsOf(wish, parts.folder),
  metadata: { items: Object.entries(metadataOf(wish)).map(([key, value]) => ({ key, value })) },
  networkInterfaces: [{ networkIP: "10.0.0.2" }]
})

interface Seen {
  readonly silent?: ReadonlyMap<string, string>
  readonly named: (called: string) => Instance | undefined
  /** What the calls come to, one after the other; then they are accepted. */
  readonly answers?: ReadonlyArray<CloudError>
}
/** Of a request that is accepted at once, and what is seen of it after that. */
const provisionSeeing = ({ answers = [], named, silent = new Map() }: Seen) => {
  const calls: Array<string> = []
  const done: Operation = { status: "DONE", name: "op", zone, operationType: "bulkInsert" }
  const call = (what: string) =>
    Effect.suspend(() => {
      const error = answers[calls.push(what) - 1]
      return error === undefined ? Effect.succeed(done) : Effect.fail(error)
    })
  const operations = {
    wait: Effect.succeed,
    done: Effect.succeed,
    ofRequest: () => Effect.succeed(undefined),
    endings: () => Effect.succeed(new Map()),
    ofNames: () => Effect.succeed([]),
    gone: Effect.asVoid
  }
  const provision = makeProvision({
    gcp: { once: call, ask: call } as unknown as Gcp,
    operations: operations as unknown as Operations,
    instances: {
      ofLog: () => Effect.succeed({ instances: [], silent }),
      ofAnyone: Effect.never,
      ofFolder: () => Effect.never,
      named: (_, called) => Effect.sync(() => named(called))
    },
    settings: Effect.succeed({ useInternalIps: false }),
    hostKeyOf: () => Effect.succeed("ssh-ed25519 AAAA"),
    partsOf: () => Effect.succeed(parts),
    forget: Effect.void
  })
  return { calls, provision }
}

it.effect("a machine that takes five minutes to begin in a zone that no list answers for is given, and not ended", () =>
  Effect.gen(function* () {
    let status = "PROVISIONING"
    const silent = new Map([[zone, "it does not answer"]])
    const { calls, provision } = provisionSeeing({ silent, named: (called) => instance(status, called) })
    const given = yield* Effect.forkChild(provision(wish), { startImmediately: true })
    yield* TestClock.adjust("5 minutes")
    status = "RUNNING"
    yield* TestClock.adjust("10 seconds")
    const [node] = yield* Fiber.join(given)
    assert.strictEqual(node?.address, "10.0.0.2")
    assert.deepStrictEqual(calls, ["instances.bulkInsert"])
  })
)

it.effect(
  "a machine that nobody sees who asks under other credentials, and that GCP has told no end of, is given when it is seen again",
  () =>
    Effect.gen(function* () {
      let isOwner = false
      const { calls, provision } = provisionSeeing({ named: (called) => (isOwner ? instance("RUNNING", called) : undefined) })
      const given = yield* Effect.forkChild(provision(wish), { startImmediately: true })
      yield* TestClock.adjust("5 minutes")
      assert.isUndefined(given.pollUnsafe())
      isOwner = true
      yield* TestClock.adjust("10 seconds")
      const [node] = yield* Fiber.join(given)
      assert.strictEqual(node?.address, "10.0.0.2")
      assert.deepStrictEqual(calls, ["instances.bulkInsert"])
    })
)

it.effect("a refusal is final where all calls before it were put off, and is none of what one without an answer may have made", () =>
  Effect.gen(function* () {
    const [putOff, unanswered] = [passingBy("rateLimitExceeded", "more slowly"), passingBy("backendError", "no answer")]
    const refused = refusedBy("quotaExceeded", "none is left")
    const askedTwice = Effect.fnUntraced(function* (first: CloudError) {
      const { provision } = provisionSeeing({ answers: [first, refused], named: () => undefined })
      yield* Effect.flip(provision(wish))
      return yield* Effect.flip(provision(wish))
    })
    assert.deepInclude(yield* askedTwice(putOff), { kind: "Refused", code: "quotaExceeded" })
    assert.deepInclude(yield* askedTwice(unanswered), { kind: "Transient", code: "quotaExceeded" })
  })
)
