/** Several requests in one: which there are, what each takes over, and that equal wishes have one form. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { RecordedResources } from "../../../events/values.ts"
import { acceleratorsOf, alternativesOf, together } from "../../../task/alternatives.ts"
import { placedNeed } from "../../../task/placed.ts"
import { type Alternative, Resources } from "../../../task/Resources.ts"

const decode = Schema.decodeUnknownResult(Resources, { onExcessProperty: "error" })
const problem = (value: unknown) => {
  const read = decode(value)
  return Result.isFailure(read) ? read.failure.message : assert.fail(`not refused: ${JSON.stringify(value)}`)
}

describe("alternatives", () => {
  it("are one request each of several accelerators in a mapping, and an order of those in a list", () => {
    assert.deepStrictEqual(alternativesOf({ cpus: 4, accelerators: { V100: 1, A100: null } }), {
      kind: "any",
      items: [
        { cpus: "4", accelerators: { V100: 1 } },
        { cpus: "4", accelerators: { A100: 1 } }
      ]
    })
    assert.deepStrictEqual(alternativesOf({ accelerators: ["V100:2", "A100"] }).kind, "ordered")
  })

  it("take over what stands beside them, and null takes it back", () => {
    const { items, kind } = alternativesOf({
      use_spot: true,
      cpus: 4,
      ordered: [{ cloud: "aws" }, { cloud: "gcp", cpus: 8, use_spot: null }]
    })
    assert.strictEqual(kind, "ordered")
    assert.deepStrictEqual(items, [
      { cloud: "aws", cpus: "4", use_spot: true },
      { cloud: "gcp", cpus: "8" }
    ])
  })

  it("combine with several accelerators", () => {
    const { items } = alternativesOf({ accelerators: { V100: 1, T4: 1 }, any_of: [{ cloud: "aws" }, { cloud: "gcp" }] })
    assert.strictEqual(items.length, 4)
  })

  it("say where in their own way: infra drops the outer place, and a part changes only itself", () => {
    const place = (outer: Resources, item: Alternative) => alternativesOf({ ...outer, any_of: [item] }).items[0]
    assert.deepStrictEqual(place({ cloud: "aws", region: "us-east-1" }, { infra: "gcp" }), { cloud: "gcp" })
    assert.deepStrictEqual(place({ infra: "aws/us-east-1" }, { region: "us-west-2" }), { cloud: "aws", region: "us-west-2" })
    assert.deepStrictEqual(place({ infra: "aws/us-east-1" }, { cloud: null }), { region: "us-east-1" })
  })

  it.each([
    [{ any_of: [{ cloud: "aws" }], ordered: [{ cloud: "gcp" }] }, "any_of and ordered exclude each other"],
    [{ accelerators: ["V100", "T4"], any_of: [{ cloud: "aws" }] }, "a list of accelerators is an order"],
    [{ accelerators: { V100: 1, T4: 1 }, ordered: [{ cloud: "aws" }] }, "several accelerators and ordered exclude each other"],
    [{ any_of: [{ any_of: [{ cloud: "aws" }] }] }, "any_of"],
    [{ any_of: [{ accelerators: { V100: 1, T4: 1 } }] }, "one kind of accelerator"],
    [{ any_of: [] }, "1 to 64"],
    [{ any_of: Array.from({ length: 65 }, () => ({ cloud: "aws" })) }, "1 to 64"],
    [
      {
        accelerators: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`A${i}`, 1])),
        any_of: [{ cloud: "aws" }, { cloud: "gcp" }]
      },
      "64 requests"
    ]
  ])("are refused as %j", (value, reason) => expect(problem(value)).toContain(reason))

  it("are each checked with what they take over, and named by their place", () => {
    const message = problem({ any_of: [{ cloud: "aws" }, { spot_recovery: "failover" }] })
    expect(message).toContain("needs use_spot")
    expect(message).toContain('["any_of"][1]["spot_recovery"]')
    assert.isTrue(Result.isSuccess(decode({ use_spot: true, any_of: [{ cloud: "aws" }, { spot_recovery: "failover" }] })))
  })

  it("of a job are the first that its cluster meets", () => {
    const resources: Resources = { accelerators: ["H100:8", "a100:2"] }
    const place = { cloud: "local", region: null, zone: null, instanceType: null, cpus: 4, memoryGib: 8, useSpot: false }
    assert.deepStrictEqual(placedNeed(resources, { ...place, accelerators: { name: "A100", count: 4 } }), { accelerators: { A100: 2 } })
    assert.deepStrictEqual(acceleratorsOf(resources), { name: "H100", count: 8 })
    const small: Resources = { any_of: [{ cloud: "aws" }, { cpus: 8 }, { memory: "2x" }] }
    assert.deepStrictEqual(placedNeed(small, { ...place, accelerators: null }), { memory: "2x" })
    assert.isUndefined(acceleratorsOf(null))
  })

  it("of older facts are read as they were written", () => {
    assert.deepStrictEqual(acceleratorsOf({ accelerators: "strange.name/1:2" }), { name: "strange.name/1", count: 2 })
  })
})

const orNull = <A>(value: fc.Arbitrary<A>) => fc.option(value, { nil: null })
const amount = fc.oneof(fc.integer({ min: 1, max: 512 }), fc.constantFrom("4", "4+", "2.5", "16.0+", "1e2"))
const name = fc.constantFrom("V100", "v100", "A100-80GB", "t4G", "Gaudi hl-205", "my-gpu", "L40S")
const one = fc.record(
  {
    infra: fc.constantFrom("aws", "*/us-east-1", "gcp/*/us-central1-a", "*"),
    cpus: orNull(amount),
    memory: orNull(fc.oneof(amount, fc.constant("4x"))),
    accelerators: orNull(
      fc.oneof(
        name,
        fc.tuple(name, fc.integer({ min: 1, max: 16 })).map(([text, n]) => `${text}:${n}`)
      )
    ),
    use_spot: orNull(fc.boolean()),
    disk_size: orNull(fc.oneof(fc.integer({ min: 1, max: 4096 }), fc.constantFrom("256", "512GB", "1tb"))),
    disk_tier: fc.constantFrom("low", "HIGH", "best", "none", null),
    ports: orNull(
      fc.oneof(
        fc.integer({ min: 1, max: 65_535 }),
        fc.array(
          fc.oneof(
            fc.integer({ min: 1, max: 99 }),
            fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 50, max: 99 })).map((range) => range.join("-"))
          )
        )
      )
    ),
    image_id: orNull(fc.constantFrom("docker:a/b", { "*": "docker:a" })),
    labels: orNull(fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 3 })),
    autostop: fc.constantFrom(true, false, 10, "1h", { idle_minutes: "5", down: true }, null)
  },
  { requiredKeys: [] }
)
const valid = fc.oneof(
  one,
  fc.tuple(one, fc.uniqueArray(name, { minLength: 2, maxLength: 3 })).map(([rest, names]) => ({ ...rest, accelerators: names })),
  fc
    .tuple(one, fc.array(one, { minLength: 1, maxLength: 3 }), fc.constantFrom("any_of", "ordered"))
    .map(([rest, items, kind]) => ({ ...rest, [kind]: items }))
)

describe("the one form of equal wishes", () => {
  it("is a valid value that is its own form, and survives being printed", () => {
    fc.assert(
      fc.property(valid, (value) => {
        const read = decode(value)
        if (Result.isFailure(read)) return assert.fail(read.failure.message)
        const normal = together(alternativesOf(read.success))
        const again = decode(JSON.parse(JSON.stringify(normal)))
        if (Result.isFailure(again)) return assert.fail(again.failure.message)
        assert.deepStrictEqual(together(alternativesOf(again.success)), normal)
        assert.deepStrictEqual(alternativesOf(again.success), alternativesOf(read.success))
      })
    )
  })

  it("is not needed to be recorded: a fact holds every form, field by field", () => {
    assert.deepStrictEqual(Object.keys(RecordedResources.fields).sort(), Object.keys(Resources.fields).sort())
    const recorded = Schema.decodeUnknownSync(RecordedResources, { onExcessProperty: "error" })
    fc.assert(fc.property(valid, (value) => assert.deepStrictEqual<unknown>(recorded(value), value)))
  })

  it("never throws on what was taken, and what is refused is refused in words", () => {
    const keys = fc.constantFrom(...Object.keys(Resources.fields))
    const anything = fc.oneof(
      fc.dictionary(keys, fc.jsonValue(), { maxKeys: 4 }),
      fc.jsonValue(),
      fc.dictionary(keys, fc.string(), { maxKeys: 4 })
    )
    fc.assert(
      fc.property(anything, (value) => {
        const read = decode(value)
        if (Result.isFailure(read)) assert.isString(read.failure.message)
        else together(alternativesOf(read.success))
      })
    )
  })
})
