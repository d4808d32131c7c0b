/** A zone that does not answer is no empty zone: what begins in it is asked for by name, and not taken for gone by lists that lack it. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Instance, Operation } from "../../../daemon/clouds/gcp/api.ts"
import type { Gcp } from "../../../daemon/clouds/gcp/client.ts"
import { labelsOf, metadataOf } from "../../../daemon/clouds/gcp/names.ts"
import type { Operations } from "../../../daemon/clouds/gcp/operations.ts"
import { makeProvision } from "../../../daemon/clouds/gcp/provision.ts"
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

it.effect("a machine that takes five minutes to begin in a zone that no list answers for is given, and not ended", () =>
  Effect.gen(function* () {
    const calls: Array<string> = []
    let status = "PROVISIONING"
    const done: Operation = { status: "DONE", name: "op", zone, operationType: "bulkInsert" }
    const call = (what: string) =>
      Effect.as(
        Effect.sync(() => calls.push(what)),
        done
      )
    const operations = {
      wait: Effect.succeed,
      done: Effect.succeed,
      ofRequest: () => Effect.succeed(undefined),
      endings: () => Effect.succeed(new Map()),
      gone: Effect.asVoid
    }
    const provision = makeProvision({
      gcp: { once: call, ask: call } as unknown as Gcp,
      operations: operations as unknown as Operations,
      instances: {
        ofLog: () => Effect.succeed({ instances: [], silent: new Map([[zone, "it does not answer"]]) }),
        ofAnyone: Effect.never,
        ofFolder: () => Effect.never,
        named: (_, called) => Effect.sync(() => instance(status, called))
      },
      settings: Effect.succeed({ useInternalIps: false }),
      hostKeyOf: () => Effect.succeed("ssh-ed25519 AAAA"),
      partsOf: () => Effect.succeed(parts)
    })
    const given = yield* Effect.forkChild(provision(wish), { startImmediately: true })
    yield* TestClock.adjust("5 minutes")
    status = "RUNNING"
    yield* TestClock.adjust("10 seconds")
    const [node] = yield* Fiber.join(given)
    assert.strictEqual(node?.address, "10.0.0.2")
    assert.deepStrictEqual(calls, ["instances.bulkInsert"])
  })
)
