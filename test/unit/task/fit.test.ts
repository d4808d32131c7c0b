/** Whether one need is met by another, what it needs of a cloud, and what it costs. */
import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { getCost, isEmpty, isLaunchable, lessDemandingThan, requiredFeatures, shouldBeBlockedBy } from "../../../task/fit.ts"
import type { Need } from "../../../task/Need.ts"
import type { CloudOffers } from "../../../task/Offers.ts"
import { needText, placedNeedText } from "../../../task/resources-text.ts"

const launched: Need = {
  cloud: "aws",
  region: "us-east-1",
  instance_type: "p3.8xlarge",
  accelerators: { V100: 4 },
  ports: ["80", "8000-8010"],
  disk_tier: "medium",
  image_id: { "us-east-1": "ami-1" }
}

const needs = fc.record(
  {
    cloud: fc.constantFrom("aws", "gcp"),
    region: fc.constantFrom("us-east-1", "us-west-2"),
    instance_type: fc.constantFrom("p3.8xlarge", "m6i.large"),
    accelerators: fc.constantFrom({ V100: 1 }, { V100: 4 }, { T4: 1 }),
    use_spot: fc.boolean(),
    disk_tier: fc.constantFrom("low" as const, "medium" as const, "best" as const),
    ports: fc.constantFrom(["80"], ["80-90", "100"]),
    image_id: fc.constantFrom({ "*": "docker:a" }, { "us-east-1": "ami-1" })
  },
  { requiredKeys: [] }
) as fc.Arbitrary<Need>

describe("a need and a cluster", () => {
  it("fit when the cluster is all that was named", () => {
    for (const wanted of [
      {},
      { cloud: "aws" },
      { accelerators: { V100: 2 } },
      { ports: ["8001-8003"] },
      { disk_tier: "best" as const },
      { use_spot: false }
    ])
      assert.isTrue(lessDemandingThan(wanted, launched, 1, true), JSON.stringify(wanted))
  })
  it("do not fit when anything that was named is another", () => {
    const others: ReadonlyArray<Need> = [
      { cloud: "gcp" },
      { region: "us-west-2" },
      { zone: "us-east-1a" },
      { instance_type: "p3.2xlarge" },
      { accelerators: { V100: 8 } },
      { accelerators: { T4: 1 } },
      { use_spot: true },
      { disk_tier: "high" },
      { image_id: { "*": "docker:x" } },
      { accelerator_args: { tpu_vm: true } }
    ]
    for (const wanted of others) assert.isFalse(lessDemandingThan(wanted, launched), JSON.stringify(wanted))
  })
  it("fit whatever cpus, memory and disk are, and ports only when they are looked at", () => {
    assert.isTrue(lessDemandingThan({ cpus: "999", memory: "9999+", disk_size: 9999 }, launched))
    assert.isTrue(lessDemandingThan({ ports: ["443"] }, launched))
    assert.isFalse(lessDemandingThan({ ports: ["443"] }, launched, 1, true))
  })
  it("fit when as many nodes as are wanted fit, of nodes that differ", () => {
    assert.isTrue(lessDemandingThan({ accelerators: { V100: 1 } }, [launched, { cloud: "aws" }, launched], 2))
    assert.isFalse(lessDemandingThan({ accelerators: { V100: 1 } }, [launched, { cloud: "aws" }], 2))
  })
  it("always fit what the need itself is, and what is wanted less never fits less", () => {
    fc.assert(
      fc.property(
        needs,
        needs,
        fc.constantFrom("cloud", "region", "instance_type", "accelerators", "ports", "disk_tier", "image_id"),
        (wanted, has, key) => {
          assert.isTrue(lessDemandingThan(wanted, wanted, 1, true))
          const { [key as keyof Need]: _, ...less } = wanted
          if (lessDemandingThan(wanted, has, 1, true)) assert.isTrue(lessDemandingThan(less, has, 1, true))
        }
      )
    )
  })
})

describe("a blocked place", () => {
  it("is every place that is what the pattern names", () => {
    assert.isTrue(shouldBeBlockedBy(launched, {}))
    assert.isTrue(shouldBeBlockedBy(launched, { cloud: "aws", instance_type: "p3.8xlarge" }))
    assert.isTrue(shouldBeBlockedBy({ ...launched, use_spot: true }, { region: "us-east-1", use_spot: false }))
    assert.isFalse(shouldBeBlockedBy(launched, { zone: "us-east-1a" }))
    assert.isFalse(shouldBeBlockedBy(launched, { accelerators: { V100: 1 } }))
  })
  it("is any place for the pattern of itself", () => {
    fc.assert(fc.property(needs, (place) => assert.isTrue(shouldBeBlockedBy(place, place))))
  })
})

describe("a need", () => {
  it("resources-08: is launchable exactly when cloud and instance type are known", () => {
    const both = { cloud: "aws", instance_type: "p3.2xlarge" }
    assert.deepStrictEqual([{}, { cloud: "aws" }, { instance_type: "p3.2xlarge" }, both].map(isLaunchable), [false, false, false, true])
  })
  it("is empty when nothing was said", () => {
    assert.isTrue(isEmpty({}))
    assert.isFalse(isEmpty({ cpus: "1" }))
  })
  it("says which features it needs of a cloud", () => {
    assert.deepStrictEqual(requiredFeatures({ ports: ["80"], use_spot: true, disk_tier: "low", image_id: { "*": "docker:x" } }), [
      "CUSTOM_DISK_TIER",
      "DOCKER_IMAGE",
      "OPEN_PORTS",
      "SPOT_INSTANCE"
    ])
    assert.deepStrictEqual(requiredFeatures({ disk_tier: "best", image_id: { "us-east-1": "ami-1" }, use_spot: false }), ["IMAGE_ID"])
  })
  it("resources-06: costs what its offer says, for a node and the time, and nothing is said where there is none", () => {
    const aws = { usdPerHour: ({ useSpot }: { useSpot: boolean }) => (useSpot ? 1 : 3.6) } as CloudOffers
    const offers = (cloud: string) => (cloud === "aws" ? aws : undefined)
    assert.strictEqual(getCost({ cloud: "aws", instance_type: "x" }, 1000, offers), 1)
    assert.strictEqual(getCost({ cloud: "aws", instance_type: "x", use_spot: true }, 3600, offers), 1)
    assert.isUndefined(getCost({ cloud: "gcp", instance_type: "x" }, 1, offers))
  })
})

describe("a need in words", () => {
  it("is what SkyPilot prints", () => {
    const need: Need = {
      cloud: "aws",
      instance_type: "p3.2xlarge",
      use_spot: true,
      accelerators: { V100: 1 },
      ports: ["80"],
      disk_size: 512
    }
    assert.strictEqual(needText(need), "AWS(p3.2xlarge[Spot], {'V100': 1}, disk_size=512, ports=['80'])")
    assert.strictEqual(needText({ cpus: "4+", memory: "16" }), "<Cloud>(cpus=4+, mem=16)")
    assert.strictEqual(placedNeedText({ cloud: "aws", region: "us-east-1" }), "AWS(region=us-east-1)")
    const tpu: Need = { cloud: "gcp", accelerators: { "tpu-v2-8": 1 }, accelerator_args: { tpu_vm: true } }
    assert.strictEqual(needText(tpu), "GCP({'tpu-v2-8': 1}, accelerator_args={'tpu_vm': True})")
  })
})
