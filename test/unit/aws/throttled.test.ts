/** What EC2 has only answered that it wants to be asked more slowly was not carried out, and nobody asks for it to end its cluster. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { TestClock } from "effect/testing"
import type { Aws } from "../../../daemon/clouds/aws/client.ts"
import type { Instances } from "../../../daemon/clouds/aws/Instances.ts"
import { makeProvision } from "../../../daemon/clouds/aws/provision.ts"
import { CloudError } from "../../../daemon/clouds/Cloud.ts"
import type { ProvisionRequest } from "../../../daemon/clouds/ProvisionRequest.ts"
import { askedNoMore } from "../../../daemon/rented/asked-no-more.ts"
import { passingBy } from "../../../daemon/rented/errors.ts"
import { makeTags, makeToken } from "../../contract/cloud-nodes.ts"
import { offer } from "../../fakes/facts.ts"

const slower = passingBy("RequestLimitExceeded", "Request limit exceeded. (RequestLimitExceeded, RunInstances in us-east-1)")
const lost = passingBy("ECONNRESET", "the connection was lost")
const taken = new CloudError({ kind: "Refused", code: "InsufficientInstanceCapacity", message: "there is none", scope: "zone" })

/** Answers in turn, the last one for ever. */
const ec2 = (answers: ReadonlyArray<CloudError>) => {
  let asked = 0
  const once = () => Effect.suspend(() => Effect.fail(answers[Math.min(asked++, answers.length - 1)]!))
  const { asking, believed, maySent } = askedNoMore()
  const provision = makeProvision({
    aws: { once } as unknown as Aws,
    instances: { ofTokens: () => Effect.succeed([]) } as unknown as Instances,
    maySent,
    inputOf: (request) => asking(request, Effect.succeed({ MinCount: 1, ImageId: "ami-1" } as never)),
    settings: Effect.succeed({ useInternalIps: false }),
    hostKeyOf: () => Effect.succeed("ssh-ed25519 A"),
    forgetGroups: () => {},
    forget: Effect.void
  })
  return { provision: believed(provision), asked: () => asked }
}
const wish = (): ProvisionRequest => ({ tags: makeTags(), token: makeToken(), ranks: [0], offer: { ...offer, region: "us-east-1" } })
const ending = (request: ProvisionRequest) => ({ ...request, isEnding: true })

const asksMore = (answers: ReadonlyArray<CloudError>, request: ProvisionRequest) =>
  Effect.gen(function* () {
    const { asked, provision } = ec2(answers)
    const launched = yield* Effect.forkChild(
      Effect.retry(provision(request), { while: ({ code }) => code === lost.code, schedule: Schedule.forever }),
      { startImmediately: true }
    )
    // The next try comes by the clock alone, which stands still.
    while (asked() < answers.filter((answer) => answer !== taken).length) yield* Effect.yieldNow
    yield* Fiber.interrupt(launched)
    const before = asked()
    const { code, kind } = yield* Effect.flip(provision(ending(request)))
    return [asked() - before, kind, code] as const
  })

it.effect("a request that was only throttled is not made again by who ends its cluster meanwhile", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* asksMore([slower, taken], wish()), [0, "Refused", "NotAskedFor"])
  })
)

it.effect("one that was throttled to the end is not either", () =>
  Effect.gen(function* () {
    const { asked, provision } = ec2([slower])
    const request = wish()
    const launched = yield* Effect.forkChild(Effect.flip(provision(request)), { startImmediately: true })
    while (launched.pollUnsafe() === undefined) yield* TestClock.adjust("1 minute")
    assert.strictEqual((yield* Fiber.join(launched)).code, slower.code)
    const before = asked()
    assert.deepInclude(yield* Effect.flip(provision(ending(request))), { kind: "Refused", code: "NotAskedFor" })
    assert.strictEqual(asked(), before)
  })
)

it.effect("one whose answer was lost before, or that an earlier daemon may have made, is asked about all the same", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* asksMore([lost, slower, taken], wish()), [1, "Refused", taken.code])
    assert.deepStrictEqual(yield* asksMore([slower, taken], { ...wish(), isInherited: true }), [1, "Refused", taken.code])
  })
)
