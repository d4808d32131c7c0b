/** What is said of machines that nobody has, or that are launched from an image of the user's own alone, where both clouds can be used. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { undrivenHere } from "../../daemon/clouds/aws/images.ts"
import type { Cloud } from "../../daemon/clouds/Cloud.ts"
import { nowhere } from "../../daemon/commands/places.ts"
import { planElsewhere } from "../../daemon/optimizer/all-lists.ts"
import { notLaunched } from "../../daemon/optimizer/not-launched.ts"
import { planFor } from "../../daemon/places/dry-run.ts"
import { accessOf, offersFor } from "../../daemon/places/offers-for.ts"
import { asOffers, offersOf } from "../../daemon/rented/offers.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { Resources } from "../../task/Resources.ts"
import { packed } from "./catalog/packed.ts"

const own = { aws: undrivenHere, gcp: { unable: notLaunched } } as const
const clouds = new Map(
  (["aws", "gcp"] as const).map((name) => {
    const list = packed.of(name)!
    const offers: Cloud["offers"] = (task) =>
      Effect.succeed(offersOf({ cloud: name, task, catalog: list, list, mayUse: () => true, ...own[name] }))
    return [name, { name, catalog: asOffers(() => list), offers } as unknown as Cloud] as const
  })
)

const refused = Effect.fnUntraced(function* (resources: Resources) {
  const access = yield* accessOf(clouds)
  const task = { run: "r", resources }
  const places = yield* offersFor(clouds, access, task)
  const offers = places.offers.length > 0 ? Result.succeed(places.offers) : Result.fail(nowhere(places))
  const question = { access, catalogs: () => packed.all(), clouds, more: {}, name: null, places, row: undefined, task }
  const { exitCode, hint, message } = yield* Effect.flip(Effect.fromResult(planFor(offers, question)))
  return { exitCode, hint, message }
})
const usage = exitCodes.usage

describe("a wish for", () => {
  const image = "Name an image that has the driver: --infra aws/REGION --image-id ami-…"
  it.effect("what no public image drives is wrong usage, with the way on, whoever else is enabled", () =>
    Effect.gen(function* () {
      const message = "No place fits the task: AWS: no public image has a driver for K80: name one that has as image_id; GCP has no K80:1."
      assert.deepStrictEqual(yield* refused({ accelerators: "K80" }), { exitCode: usage, hint: image, message })
      assert.deepInclude(yield* refused({ cloud: "aws", accelerators: "K80" }), { exitCode: usage, hint: image })
      assert.deepInclude(yield* refused({ instance_type: "dl1.24xlarge" }), { exitCode: usage, hint: image })
      const gaudi = yield* refused({ accelerators: "Gaudi HL-205:8" })
      assert.deepInclude(gaudi, { exitCode: usage, hint: image })
    })
  )
  it("what no public image drives is planned on no cloud that is not enabled either, unless it comes with its image", () => {
    const found = (resources: Resources) => planElsewhere({ resources }, packed.all())
    const refusal = Result.getOrThrow(Result.flip(found({ accelerators: "K80" })))
    assert.deepInclude(refusal, { exitCode: usage, hint: image })
    assert.strictEqual(refusal.message, "AWS: no public image has a driver for K80: name one that has as image_id.")
    const own = { infra: "aws/us-east-1", accelerators: "K80", image_id: "ami-0123456789abcdef0" }
    assert.isTrue(Result.isSuccess(found(own)))
    const either = Result.getOrThrow(found({ any_of: [{ accelerators: "K80" }, { accelerators: "A100:8" }] }))
    assert.notInclude(
      either.ranked.map(({ offer }) => offer.accelerators?.name),
      "K80"
    )
  })
  it.effect("several keeps the reason of each, and asks what a name that nobody knows may mean", () =>
    Effect.gen(function* () {
      const both = {
        any_of: [
          { cloud: "aws", accelerators: "K80:1" },
          { cloud: "aws", accelerators: "T44:1" }
        ]
      }
      const { exitCode, hint, message } = yield* refused(both)
      assert.strictEqual(exitCode, usage)
      assert.match(message, /a driver for K80: .*; AWS has no T44:1\.$/)
      assert.strictEqual(hint, `${image}. Did you mean 'T4'? All there is: sky show-gpus -a`)
    })
  )
  it.effect("a count or size that no machine has is wrong usage; what another region has may be had", () =>
    Effect.gen(function* () {
      for (const none of [{ accelerators: "A100:3" }, { accelerators: "T4:1", cpus: 128 }, { cpus: "99999+" }])
        assert.strictEqual((yield* refused(none)).exitCode, usage)
      assert.strictEqual((yield* refused({ infra: "aws/us-west-1", accelerators: "V100:4" })).exitCode, exitCodes.capacity)
    })
  )
})
