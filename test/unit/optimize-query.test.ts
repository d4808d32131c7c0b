/** `optimize` answers what a launch would take, as its dry run does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Cloud } from "../../daemon/clouds/Cloud.ts"
import type { NoQuota } from "../../daemon/clouds/Offered.ts"
import { catalogAnswers } from "../../daemon/queries/catalog.ts"
import { offer } from "../fakes/facts.ts"
import { packed } from "./catalog/packed.ts"

const regional = (region: string | null) => ({ message: `the quota is 0 in ${region}`, scope: "region" }) as const
const cloud = (name: string, usdPerHour: number, noQuota: (region: string | null) => NoQuota | null, busy = false) => {
  const offers = busy ? [] : ["r-1", "r-2"].map((region) => ({ ...offer, cloud: name, region, instanceType: "big", usdPerHour }))
  const answers = {
    name,
    whyNot: Effect.succeed(null),
    offers: () => Effect.succeed(busy ? { offers, reason: "all are taken", busy } : { offers, reason: null }),
    noQuota: ({ region }: typeof offer) => Effect.succeed(noQuota(region))
  }
  return [name, answers as unknown as Cloud] as const
}
const optimize = (...clouds: ReadonlyArray<ReturnType<typeof cloud>>) =>
  catalogAnswers(new Map(clouds), packed).optimize({ task: { resources: { accelerators: { V100: 1 } } } })
/** A cloud that has nothing of the kind, on machines with these. */
const machines = (kinds: ReadonlyArray<string> | null, whyNot: string | null = null) => {
  const offered = { offers: [], reason: "no machine is like that", kinds }
  const ssh = { name: "ssh", whyNot: Effect.succeed(whyNot), offers: () => Effect.succeed(offered), machines: () => Effect.succeed([]) }
  return new Map([["ssh", ssh as unknown as Cloud], cloud("local", 0, () => null)])
}

describe("the best place for a task", () => {
  it.effect("is none where the account has no quota, and that is said", () =>
    Effect.gen(function* () {
      const { plan } = yield* optimize(
        cloud("gcp", 1, () => ({ message: "the quota of GPUs is 0", scope: "cloud" })),
        cloud("aws", 2, (region) => (region === "r-1" ? regional(region) : null))
      )
      assert.deepInclude(plan.offer, { cloud: "aws", region: "r-2" })
      assert.deepStrictEqual(plan.next, [])
      assert.isTrue(plan.enabled)
      assert.include(plan.notes, "Left out, for the account has no quota there: GCP, AWS r-1.")
    })
  )
  it.effect("is refused as a launch is where the account has quota nowhere", () =>
    Effect.gen(function* () {
      const { hint, message } = yield* Effect.flip(optimize(cloud("gcp", 1, regional), cloud("aws", 2, regional)))
      assert.match(message, /^No place gives what is asked for:/)
      assert.match(hint ?? "", /^Ask the cloud for more quota, or for other machines or regions\. Granted a moment ago\? /)
    })
  )
  it.effect("is not one to be paid for where a machine of the user's own has it in a while", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(optimize(cloud("ssh", 0, () => null, true)))
      assert.strictEqual(message, "No place fits the task: all are taken.")
    })
  )
})

describe("an accelerator that no machine has", () => {
  const codeFor = (name: string, clouds: ReadonlyMap<string, Cloud>) =>
    Effect.map(
      Effect.flip(catalogAnswers(clouds, packed).optimize({ task: { resources: { cloud: "ssh", accelerators: { [name]: 2 } } } })),
      ({ _tag, exitCode, hint }) => [_tag, exitCode, hint?.includes("Did you mean 'V100'?")]
    )
  it.effect("is wrong usage where neither a list nor one of the user's own machines knows its name, and only there", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* codeFor("V1000", machines(["MyChip"])), ["ResourcesUnavailableError", 2, true])
      for (const name of ["MyChip", "mychip", "V100", "K520"])
        assert.deepStrictEqual(yield* codeFor(name, machines(["MyChip"])), ["ResourcesUnavailableError", 7, false], name)
      // A machine that was not seen, or a cloud that is not set up yet, may have it.
      assert.deepStrictEqual(yield* codeFor("V1000", machines(null)), ["ResourcesUnavailableError", 7, false])
      assert.deepStrictEqual(yield* codeFor("V1000", machines([], "there is no pools file")), ["ResourcesUnavailableError", 7, false])
    })
  )
})

describe("a question about the lists", () => {
  const ask = catalogAnswers(new Map(), packed)
  it.effect("for a region that the named cloud has not is told whose it is", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(ask["gpus.list"]({ cloud: "gcp", region: "us-east-1" }))
      assert.strictEqual(message, "GCP has no region 'us-east-1': it is one of AWS's.")
      const nowhere = yield* Effect.flip(ask["gpus.list"]({ region: "mars" }))
      assert.strictEqual(nowhere.message, "There is no region 'mars'.")
      assert.match(nowhere.hint ?? "", /^There are: .*us-east-1/)
    })
  )
  it.effect("whose sha256 is of no list is told what is missing, and one that is none that", () =>
    Effect.gen(function* () {
      const alone = yield* Effect.flip(ask["catalog.update"]({ clouds: ["aws"], sha256: "a".repeat(64) }))
      assert.strictEqual(alone.hint, "Name the list too: --from URL|FILE.")
      const odd = yield* Effect.flip(ask["catalog.update"]({ clouds: ["aws"], from: "/x", sha256: "abc" }))
      assert.strictEqual(odd.message, "A sha256 is 64 hexadecimal digits, not 'abc'.")
    })
  )
})
