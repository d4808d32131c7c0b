/** What only the offers of the clouds can tell, with the catalog that the product has. */
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { openCatalogs } from "../../../daemon/catalog/Catalogs.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { checkWithOffers } from "../../../task/check-offers.ts"
import { getCost, isLaunchable } from "../../../task/fit.ts"
import { closeMatches } from "../../../task/near.ts"
import type { Resources } from "../../../task/Resources.ts"

const offers = openCatalogs(join(import.meta.dirname, "../../../daemon/catalog"), "/nowhere").of
const check = (resources: Resources, enabled: ReadonlyArray<string> = ["aws", "gcp"]) =>
  checkWithOffers(alternativesOf(resources).items[0]!, offers, enabled)
const complete = (resources: Resources) => {
  const checked = check(resources)
  return Result.isSuccess(checked) ? checked.success : assert.fail(checked.failure.message)
}
const refusal = (resources: Resources, enabled?: ReadonlyArray<string>) => {
  const checked = check(resources, enabled)
  return Result.isFailure(checked) ? checked.failure : assert.fail("not refused")
}

describe("with the offers", () => {
  it("a region or a zone tells the cloud, and a zone its region", () => {
    assert.deepStrictEqual(complete({ region: "US-EAST-1" }), { cloud: "aws", region: "us-east-1" })
    assert.deepStrictEqual(complete({ zone: "us-central1-a" }), { cloud: "gcp", region: "us-central1", zone: "us-central1-a" })
  })
  it("a place that no cloud has comes with those that there are, one of a cloud that is off with its cloud", () => {
    const { message } = refusal({ region: "mars" })
    assert.match(message, /^No cloud has the region 'mars'\. Regions of AWS: af-south-1, .*us-west-2\. Regions of GCP: .*us-central1/)
    assert.strictEqual(
      refusal({ region: "us-central1" }, ["local", "aws"]).message,
      "No enabled cloud has the region 'us-central1': it is one of GCP's, not enabled."
    )
    assert.strictEqual(
      refusal({ region: "us-east-1" }, ["local"]).message,
      "No enabled cloud has the region 'us-east-1': it is one of AWS's, not enabled."
    )
    assert.match(refusal({ zone: "mars1a" }).message, /^No cloud has the zone 'mars1a'\. Regions of AWS: /)
  })
  it("of a region with few zones they are listed once", () => {
    const { message, near = [] } = refusal({ infra: "aws/us-east-1/us-east-1z" })
    assert.strictEqual(
      message,
      "The region 'us-east-1' has no zone 'us-east-1z'. It has: us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f."
    )
    assert.deepStrictEqual(near, [])
  })
  it("a zone that stands where a region goes is said to be one, with where it goes", () => {
    for (const resources of [{ infra: "aws/us-east-1a" }, { region: "us-east-1a" }])
      assert.deepStrictEqual(refusal(resources), {
        error: "ValueError",
        message: "'us-east-1a' is no region of AWS but a zone of its region 'us-east-1': as infra it is aws/us-east-1/us-east-1a.",
        near: []
      })
    assert.include(refusal({ infra: "gcp/us-central1-a" }).message, "as infra it is gcp/us-central1/us-central1-a")
  })
  it("a mistyped place comes with those that were perhaps meant", () => {
    assert.deepStrictEqual(refusal({ cloud: "aws", region: "us-east1" }), {
      error: "ValueError",
      message: "AWS has no region 'us-east1': it is one of GCP's.",
      near: ["us-east-1"]
    })
    assert.deepStrictEqual(refusal({ cloud: "aws", region: "us-esat-1" }).near, ["us-east-1"])
    assert.deepStrictEqual(refusal({ zone: "us-east-1-a" }).near, ["us-east-1a"])
    assert.include(refusal({ cloud: "aws", region: "nowhere" }).message, "It has: af-south-1, ap-east-1")
    assert.include(refusal({ cloud: "aws", region: "us-west-2", zone: "us-east-1a" }).message, "'us-west-2' has no zone 'us-east-1a'")
    // Of the cloud that has the region, and of none that has one of a like name.
    const { message, near = [] } = refusal({ region: "us-east-1", zone: "us-west-2a" })
    assert.match(message, /^The region 'us-east-1' has no zone 'us-west-2a', which is one of us-west-2's\. It has: us-east-1a, /)
    assert.deepStrictEqual(near, [])
    assert.include(refusal({ cloud: "kubernetes", region: "x" }).message, "Kubernetes has no regions")
  })
  it("resources-32: a region without a cloud needs one that is enabled", () => {
    assert.strictEqual(refusal({ region: "us-east-1" }, []).error, "NoCloudAccessError")
    assert.strictEqual(refusal({ instance_type: "m6i.large" }, []).error, "NoCloudAccessError")
    assert.isTrue(Result.isSuccess(check({ cpus: 4 }, [])))
  })
  it("resources-09: the examples of the contract are launchable", () => {
    for (const need of [
      complete({ cloud: "aws", instance_type: "p3.2xlarge" }),
      complete({ cloud: "gcp", instance_type: "n1-standard-16" })
    ])
      assert.isTrue(isLaunchable(need))
  })
  it("resources-10: a machine of GCP takes accelerators beside it", () => {
    const need = complete({ cloud: "gcp", instance_type: "n1-standard-8", accelerators: "V100" })
    assert.isTrue(isLaunchable(need))
    assert.deepStrictEqual(need.accelerators, { V100: 1 })
  })
  it("a type tells its cloud and its accelerators, and must have what was asked for", () => {
    assert.deepStrictEqual(complete({ instance_type: "p3.2xlarge" }), {
      cloud: "aws",
      instance_type: "p3.2xlarge",
      accelerators: { V100: 1 }
    })
    assert.include(refusal({ instance_type: "m6i.2xlarge", cpus: 4 }).message, "m6i.2xlarge has 8 vCPUs")
    assert.include(refusal({ instance_type: "m6i.2xlarge", memory: "33+" }).message, "m6i.2xlarge has 32 GiB")
    assert.include(refusal({ instance_type: "m6i.2xlarge", memory: "5x" }).message, "m6i.2xlarge has 32 GiB")
    assert.isTrue(Result.isSuccess(check({ instance_type: "m6i.2xlarge", cpus: "4+", memory: "4x" })))
    assert.include(
      refusal({ cloud: "gcp", instance_type: "m6i.large" }).message,
      "no instance type 'm6i.large' on GCP: it is one of AWS's."
    )
  })
  it("an accelerator is spelled as the offers do, by a part of its name when only one has it", () => {
    assert.deepStrictEqual(complete({ accelerators: "l40s" }).accelerators, { L40S: 1 })
    assert.deepStrictEqual(complete({ accelerators: "qualcomm:8" }).accelerators, { "Qualcomm AI100": 8 })
    assert.deepStrictEqual(complete({ accelerators: "mine:2" }).accelerators, { mine: 2 })
    assert.include(refusal({ accelerators: "RTX" }).message, "'RTX' is ambiguous")
    assert.include(refusal({ accelerators: "RTX" }).near ?? [], "RTXPRO6000")
    // What begins so is meant more likely than what has it somewhere, of which there are hundreds.
    assert.deepStrictEqual(refusal({ accelerators: "V" }).near?.slice(0, 2), ["V100", "V100-32GB"])
  })
  it("a disk is not larger than a cloud's can be, nor smaller than its usual image", () => {
    const most = "AWS's disks have at most 16384 GiB, disk_size is 16385."
    assert.strictEqual(refusal({ cloud: "aws", disk_size: 16_385 }).message, most)
    assert.strictEqual(refusal({ disk_size: 16_385 }, ["aws"]).message, most)
    assert.strictEqual(complete({ cloud: "aws", disk_size: 16_384 }).disk_size, 16_384)
    assert.strictEqual(complete({ disk_size: 16_385 }).disk_size, 16_385)
    assert.strictEqual(refusal({ cloud: "aws", disk_size: 7 }).message, "AWS's usual image needs 8 GiB, disk_size is 7.")
    assert.strictEqual(complete({ cloud: "aws", disk_size: 8 }).disk_size, 8)
    assert.strictEqual(refusal({ cloud: "gcp", disk_size: 1 }).message, "GCP's disks have at least 10 GiB, disk_size is 1.")
    assert.strictEqual(complete({ cloud: "gcp", disk_size: 10 }).disk_size, 10)
    assert.strictEqual(refusal({ cloud: "gcp", disk_size: "65TB" }).message, "GCP's disks have at most 65536 GiB, disk_size is 66560.")
    const image_id = "projects/a/global/images/x"
    assert.include(refusal({ cloud: "gcp", disk_size: 1, image_id }).message, "at least 10 GiB")
    assert.strictEqual(complete({ cloud: "gcp", disk_size: 10, image_id }).disk_size, 10)
  })
  it("a machine image has its own disks: what is asked of them besides is refused", () => {
    const image_id = "projects/p/global/machineImages/kept"
    const words = `GCP's machine image ${image_id} has the disks that it was kept with: leave out`
    assert.strictEqual(refusal({ cloud: "gcp", image_id, disk_size: 500 }).message, `${words} disk_size, or name an image.`)
    assert.strictEqual(
      refusal({ cloud: "gcp", image_id, disk_size: 500, disk_tier: "high" }).message,
      `${words} disk_size and disk_tier, or name an image.`
    )
    assert.deepStrictEqual(complete({ cloud: "gcp", image_id }).image_id, { "*": image_id })
    assert.strictEqual(complete({ cloud: "gcp", image_id: "projects/p/global/images/kept", disk_size: 500 }).disk_size, 500)
  })
  it("labels are what their cloud takes, or another cloud is asked", () => {
    assert.strictEqual(
      refusal({ cloud: "aws", labels: { "skyd-group": "sg-1" } }).message,
      "AWS gets no tag 'skyd-group' of yours: what begins with skyd- is skyd's own."
    )
    assert.match(
      refusal({ cloud: "gcp", labels: { Team: "Blue" } }).message,
      /^GCP takes no label 'Team: Blue': small letters, digits, - and _ /
    )
    assert.match(refusal({ cloud: "aws", labels: { "aws:team": "blue" } }).message, /^AWS takes no tag 'aws:team': .*aws: is its own/)
    assert.deepStrictEqual(complete({ cloud: "aws", labels: { Team: "Blue" } }).labels, { Team: "Blue" })
    assert.deepStrictEqual(complete({ labels: { Team: "Blue" } }).labels, { Team: "Blue" })
    assert.include(refusal({ labels: { Team: "Blue" } }, ["gcp"]).message, "GCP takes no label")
  })
  it("an image for a region that its cloud does not have is refused on each cloud, also beside one that it has", () => {
    const image = "projects/a/global/images/x"
    const there = { "us-central1": image }
    for (const image_id of [{ "us-centrall1": image }, { ...there, "us-centrall1": image }])
      assert.deepInclude(refusal({ cloud: "gcp", image_id }), {
        message: "image_id names the region 'us-centrall1', which GCP does not have.",
        near: ["us-central1"]
      })
    assert.deepStrictEqual(complete({ cloud: "gcp", image_id: there }).image_id, there)
  })
  it("resources-24: an image must be there for the region, and fit on the disk", () => {
    const image_id = { "us-east-1": "ami-1", "us-west-2": "ami-2" }
    assert.deepStrictEqual(complete({ cloud: "aws", region: "us-east-1", image_id }).image_id, { "us-east-1": "ami-1" })
    assert.include(refusal({ cloud: "aws", region: "eu-west-1", image_id }).message, "no image for the region eu-west-1")
    assert.strictEqual(complete({ cloud: "aws", region: "us-east-1", image_id, disk_size: 8 }).disk_size, 8)
    const tag = { cloud: "aws", image_id: "skypilot:gpu-ubuntu-2004" } as const
    assert.include(refusal({ ...tag, disk_size: 44 }).message, "needs 45 GiB, disk_size is 44")
    assert.deepInclude(refusal({ cloud: "aws", image_id: { "us-est-1": "ami-1" } }), {
      message: "image_id names the region 'us-est-1', which AWS does not have.",
      near: ["us-east-1", "us-west-1"]
    })
    assert.include(refusal({ cloud: "aws", image_id: { ...image_id, "us-est-2": "ami-1" } }).message, "'us-est-2', which AWS does not have")
    assert.include(refusal({ cloud: "aws", image_id: "skypilot:nope" }).message, "AWS has no image 'skypilot:nope'")
  })
  it("checking twice changes nothing more", () => {
    for (const resources of [
      { zone: "us-east-1a", image_id: "ami-1" },
      { instance_type: "p3.2xlarge" },
      { accelerators: "l40s", region: "us-east-1" }
    ] as const) {
      const once = complete(resources)
      assert.deepStrictEqual(complete(once), once)
    }
  })
})

describe("the packed catalog", () => {
  it("has a price for every type in every place, on demand", () => {
    for (const [cloud, type] of [
      ["aws", "p3.2xlarge"],
      ["aws", "m6i.2xlarge"],
      ["gcp", "n2-standard-8"]
    ] as const) {
      for (const { region, zones } of offers(cloud)!.places({ instanceType: type, useSpot: false })) {
        assert.isNotEmpty(zones)
        assert.isAbove(getCost({ cloud, region, instance_type: type }, 3600, offers)!, 0)
      }
    }
  })
  it("prices a machine of GCP with its accelerators, and a TPU alone", () => {
    assert.closeTo(getCost({ cloud: "gcp", instance_type: "n1-standard-8", accelerators: { V100: 1 } }, 3600, offers)!, 2.86, 1e-6)
    assert.closeTo(
      getCost({ cloud: "gcp", instance_type: "TPU-VM", accelerators: { "tpu-v2-8": 1 }, region: "us-central1" }, 3600, offers)!,
      4.5,
      1e-6
    )
    assert.isUndefined(getCost({ cloud: "gcp", instance_type: "n1-standard-8", accelerators: { V100: 3 } }, 3600, offers))
  })
  it("has nothing to say of clouds that it does not hold", () => assert.isUndefined(offers("local")))
})

describe("names much like another", () => {
  it("are found, best first by letters in common, and far ones are not", () => {
    assert.deepStrictEqual(closeMatches("us-east1", ["us-east-1", "us-west-2", "eu-west-1"]), ["us-east-1"])
    assert.deepStrictEqual(closeMatches("nowhere", ["us-east-1"]), [])
    assert.deepStrictEqual(closeMatches("", ["us-east-1"]), [])
    assert.deepStrictEqual(closeMatches("x".repeat(100_000), ["us-east-1"]), [])
  })
})
