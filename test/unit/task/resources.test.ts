/** What may stand in `resources`, in all its forms, and what is refused. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { alternativesOf, together } from "../../../task/alternatives.ts"
import { imageIssue } from "../../../task/Need.ts"
import { Resources } from "../../../task/Resources.ts"

const decode = Schema.decodeUnknownResult(Resources, { onExcessProperty: "error" })
const read = (value: unknown): unknown => {
  const read = decode(value)
  return Result.isSuccess(read) ? together(alternativesOf(read.success)) : assert.fail(read.failure.message)
}
const problem = (value: unknown) => {
  const read = decode(value)
  return Result.isFailure(read) ? read.failure.message : assert.fail(`not refused: ${JSON.stringify(value)}`)
}

describe("resources", () => {
  it("resources-01: have no field that must be there, and null is none", () => {
    assert.deepStrictEqual(read({}), {})
    assert.deepStrictEqual(read(Object.fromEntries(Object.keys(Resources.fields).map((key) => [key, null]))), {})
  })

  it.each([
    [2, "2"],
    [2.5, "2.5"],
    ["2", "2"],
    ["2+", "2+"],
    ["2.0", "2"]
  ])("resources-14: take cpus as %j", (cpus, one) => assert.deepStrictEqual(read({ cpus }), { cpus: one }))
  it.each(["x", "", "+", "4x", "0", 0, -1, "-2+", "4++", "0x10", "4,5", true, "1e999"])("resources-14: refuse %j for cpus", (cpus) =>
    expect(problem({ cpus })).toContain("cpus")
  )

  it.each([
    [16, "16"],
    [16.5, "16.5"],
    ["16", "16"],
    ["16+", "16+"],
    ["4x", "4x"]
  ])("resources-15: take memory as %j", (memory, one) => assert.deepStrictEqual(read({ memory }), { memory: one }))
  it.each(["16GB", "x", 0, "4X", "", "16++"])("resources-15: refuse %j for memory", (memory) =>
    expect(problem({ memory })).toContain("memory")
  )

  it.each(["V100", "V100:1", "v100", { V100: 1 }, { V100: null }, { V100: "1" }, ["V100"]])(
    "resources-11: take %j for one V100, however it is written",
    (accelerators) => assert.deepStrictEqual(read({ accelerators }), { accelerators: { V100: 1 } })
  )
  it("resources-16: take a count after the name", () => {
    assert.deepStrictEqual(read({ accelerators: "V100:2" }), { accelerators: { V100: 2 } })
    assert.deepStrictEqual(read({ accelerators: "gaudi hl-205:0.5" }), { accelerators: { "Gaudi HL-205": 0.5 } })
  })
  it.each(["V100:x", "V100:1:2", "V100:", ":1", "", "V100:0", "V100:-1", "V*", "(V100", true, 4, {}, [], { V100: 0 }])(
    "resources-16: refuse %j for accelerators",
    (accelerators) => expect(problem({ accelerators })).toContain("accelerator")
  )
  it("resources-17: take a mapping as the text", () => {
    assert.deepStrictEqual(read({ accelerators: { V100: 2 } }), read({ accelerators: "V100:2" }))
    assert.deepStrictEqual(read({ accelerators: { "TPU-v2-8": 1 } }), read({ accelerators: "tpu-v2-8" }))
  })
  it("resources-18: hold what an accelerator is given beside its count", () => {
    const accelerator_args = { tpu_vm: true, runtime_version: "tpu-vm-base" }
    assert.deepStrictEqual(read({ accelerators: "tpu-v2-8", accelerator_args }), {
      cloud: "gcp",
      accelerators: { "tpu-v2-8": 1 },
      accelerator_args
    })
    assert.deepStrictEqual(read({ accelerators: "tpu-v2-8", accelerator_args: { tpu_vm: "false" } }), {
      cloud: "gcp",
      accelerators: { "tpu-v2-8": 1 },
      accelerator_args: { tpu_vm: "false", runtime_version: "2.12.0" }
    })
  })
  it("put a TPU on GCP, and nowhere else", () => {
    expect(problem({ accelerators: "tpu-v2-8", cloud: "aws" })).toContain("tpu-v2-8 is on GCP only, not on AWS")
    expect(problem({ accelerators: "tpu-v2-8", instance_type: "n1-highmem-8" })).toContain("tpu_vm: false")
    expect(problem({ accelerators: "tpu-v2-8", image_id: "docker:x" })).toContain("docker")
  })

  it("resources-20: carry a strategy of recovery, which needs use_spot", () => {
    assert.deepStrictEqual(read({ use_spot: true, spot_recovery: "failover" }), { use_spot: true, spot_recovery: "FAILOVER" })
    assert.deepStrictEqual(read({ spot_recovery: "none" }), {})
    assert.deepStrictEqual(read({ job_recovery: { strategy: "eager_next_region", max_restarts_on_errors: 3 } }), {
      job_recovery: { strategy: "EAGER_NEXT_REGION", max_restarts_on_errors: 3 }
    })
    expect(problem({ spot_recovery: "failover" })).toContain("needs use_spot")
    expect(problem({ use_spot: true, spot_recovery: "x" })).toContain("FAILOVER")
    expect(problem({ use_spot: true, spot_recovery: "failover", job_recovery: "failover" })).toContain("two names")
  })

  it("resources-24: take an image for everywhere, or one for each region", () => {
    const each = { "us-east-1": "ami-1", "us-west-2": "ami-2" }
    assert.deepStrictEqual(read({ cloud: "aws", image_id: each }), { cloud: "aws", image_id: each })
    assert.deepStrictEqual(read({ image_id: " docker:a/b:c " }), { image_id: { "*": "docker:a/b:c" } })
    assert.deepStrictEqual(read({ cloud: "aws", region: "us-east-1", image_id: "ami-1" }), {
      cloud: "aws",
      region: "us-east-1",
      image_id: { "us-east-1": "ami-1" }
    })
    // For a new cluster its place is to be said with it, which is looked at where it is known whether there is one.
    assert.deepStrictEqual(read({ image_id: "ami-1" }), { image_id: { "*": "ami-1" } })
    expect(imageIssue({ cloud: "aws", image_id: "ami-1" })?.issue).toContain("give the region")
    expect(imageIssue({ image_id: "ami-1" })?.issue).toContain("needs the cloud")
    expect(imageIssue({ cloud: "aws", region: "us-east-1", image_id: "ami-1" })).toBeUndefined()
    expect(problem({ cloud: "aws", image_id: {} })).toContain("image")
  })

  it.each([
    [256, undefined],
    [512, 512],
    ["512", 512],
    ["512GB", 512],
    ["1 TB", 1024],
    [1, 1]
  ])("take a disk of %j GiB", (disk_size, gib) => assert.deepStrictEqual(read({ disk_size }), gib === undefined ? {} : { disk_size: gib }))
  it.each([0, -1, 100.5, "abc", "", "5PB", "100.5"])("refuse a disk of %j GiB", (disk_size) =>
    expect(problem({ disk_size })).toContain("whole number of GiB from 1 up")
  )

  it.each(["low", "medium", "high", "best", "HIGH"])("resources-26: take the disk tier %s", (disk_tier) =>
    assert.deepStrictEqual(read({ disk_tier }), { disk_tier: disk_tier.toLowerCase() })
  )
  it("resources-26: take none for no tier, and refuse what is none", () => {
    assert.deepStrictEqual(read({ disk_tier: "none" }), {})
    expect(problem({ disk_tier: "x" })).toContain("low, medium, high, best")
  })

  it.each([
    [8080, ["8080"]],
    ["8080", ["8080"]],
    ["10022-10040", ["10022-10040"]],
    [
      ["1-2", "3", "5-6", 7],
      ["1-3", "5-7"]
    ],
    [["080", 80], ["80"]],
    [["22-25"], ["22-25"]]
  ])("resources-27: take ports as %j", (ports, one) => assert.deepStrictEqual(read({ ports }), { ports: one }))
  it("resources-27: take no ports for none", () => assert.deepStrictEqual(read({ ports: [] }), {}))
  it.each([0, 65536, "80-", "-80", "90-80", "1-2-3", " 80", "80,90", 80.5, ["80", "a"], true])(
    "resources-27: refuse %j for ports",
    (ports) => expect(problem({ ports })).toContain("ports")
  )

  it("know every cloud by its name, and a mistyped one by the nearest", () => {
    assert.deepStrictEqual(read({ cloud: "AWS" }), { cloud: "aws" })
    assert.deepStrictEqual(read({ cloud: "k8s" }), { cloud: "kubernetes" })
    expect(problem({ cloud: "awss" })).toContain("unknown cloud 'awss'. Did you mean 'aws'?")
    expect(problem({ cloud: "mars" })).toContain("unknown cloud 'mars': expected one of local, ssh, aws, gcp")
  })

  it.each([
    ["aws", { cloud: "aws" }],
    ["aws/us-east-1", { cloud: "aws", region: "us-east-1" }],
    ["GCP/us-central1/us-central1-a", { cloud: "gcp", region: "us-central1", zone: "us-central1-a" }],
    ["*/us-east-1", { region: "us-east-1" }],
    ["aws/*/us-east-1a", { cloud: "aws", zone: "us-east-1a" }],
    ["*", {}],
    ["k8s/arn:aws:eks:us-east-1:1:cluster/dev", { cloud: "kubernetes", region: "arn:aws:eks:us-east-1:1:cluster/dev" }]
  ])("take infra %s as its parts", (infra, parts) => assert.deepStrictEqual(read({ infra }), parts))
  it.each(["mars", "", "aws/", "aws/a/b/c", "/us-east-1"])("refuse infra %j", (infra) =>
    expect(problem({ infra })).toContain("is no place")
  )
  it("refuse an infra whose cloud is mistyped, with the nearest", () =>
    expect(problem({ infra: "awz/us-east-1" })).toMatch(/'awz\/us-east-1' is no place: .*Did you mean 'aws'/))
  it("refuse infra beside its parts", () =>
    expect(problem({ infra: "aws", region: "us-east-1" })).toContain("infra and region exclude each other"))

  it.each([
    [true, { idle_minutes: 5, down: false }],
    [10, { idle_minutes: 10, down: false }],
    ["90", { idle_minutes: 90, down: false }],
    ["10m", { idle_minutes: 10, down: false }],
    ["2h", { idle_minutes: 120, down: false }],
    [
      { idle_minutes: 3, down: true },
      { idle_minutes: 3, down: true }
    ],
    [{ down: true }, { idle_minutes: 5, down: true }]
  ])("take autostop as %j", (autostop, one) => assert.deepStrictEqual(read({ autostop }), { autostop: one }))
  it("take autostop: false for none, and refuse what is no time", () => {
    assert.deepStrictEqual(read({ autostop: false }), {})
    for (const autostop of ["10x", -1, 1.5, "", { idle_minutes: "x" }]) expect(problem({ autostop })).toContain("autostop")
  })

  it("hold labels, and refuse what no cloud takes", () => {
    assert.deepStrictEqual(read({ labels: { team: "a b" } }), { labels: { team: "a b" } })
    expect(problem({ labels: { "": "x" } })).toContain("label")
    expect(problem({ labels: { a: 1 } })).toContain("labels")
  })

  it("refuse long texts as fast as short ones", () => {
    const long = `${"1".repeat(150_000)}z`
    for (const value of [
      { cpus: long },
      { accelerators: `V100:${long}` },
      { accelerators: long },
      { disk_size: long },
      { ports: long },
      { infra: long },
      { cloud: long }
    ])
      assert.isTrue(Result.isFailure(decode(value)))
  })

  it("refuse a field that is not theirs", () => expect(problem({ acelerators: "V100" })).toContain("acelerators"))
})
