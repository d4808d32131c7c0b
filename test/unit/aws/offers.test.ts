/** AWS's list as the account has it: its own names of zones, its regions, and a place for each zone. */
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { openCatalogs } from "../../../daemon/catalog/Catalogs.ts"
import { ofAccount } from "../../../daemon/clouds/aws/account-catalog.ts"
import { undrivenHere } from "../../../daemon/clouds/aws/images.ts"
import { awsSettings } from "../../../daemon/clouds/aws/settings.ts"
import { offersOf } from "../../../daemon/rented/offers.ts"
import { proxyCommandIn } from "../../../daemon/rented/settings.ts"
import { checkPlace } from "../../../task/check-place.ts"
import { root } from "../../arch/sources.ts"

const catalog = openCatalogs(join(root, "daemon/catalog"), join(root, "none")).of("aws")!
/** Its az1 is what it calls f, and of the others it has one. */
const zones = new Map([
  [
    "us-east-1",
    [
      { id: "use1-az1", name: "us-east-1f" },
      { id: "use1-az2", name: "us-east-1a" }
    ]
  ]
])
const own = ofAccount(catalog, zones, ["us-east-1", "eu-west-1"])

describe("the account's list", () => {
  it("has its own names of zones, and not those that it has not", () => {
    expect(own.zonesOf("us-east-1")).toEqual(["us-east-1a", "us-east-1f"])
    const goods = { instanceType: "m6i.2xlarge", useSpot: true, region: "us-east-1" }
    expect(own.usdPerHour({ ...goods, zone: "us-east-1f" })).toBe(catalog.usdPerHour({ ...goods, zone: "us-east-1a" }))
    expect(own.regionOf("us-east-1f")).toBe("us-east-1")
    expect(own.zonesOf("eu-west-1")).toEqual(catalog.zonesOf("eu-west-1"))
  })
  it("has its regions only", () => {
    expect(own.regions).toEqual(["eu-west-1", "us-east-1"])
    expect(own.places({ instanceType: "m6i.2xlarge", useSpot: false }).map(({ region }) => region)).toEqual(["us-east-1", "eu-west-1"])
  })
})

type Offers = Parameters<typeof offersOf>[0]
const offersFor = (catalog: Offers["catalog"], resources: NonNullable<Offers["task"]["resources"]>, list?: Offers["list"]) =>
  offersOf({ cloud: "aws", task: { resources }, catalog, list, mayUse: () => true, ...undrivenHere })

describe("offers", () => {
  it("are none of what no public image drives, unless the task names one that does", () => {
    const { offers, reason } = offersFor(own, { accelerators: "K80" })
    expect([offers, reason]).toEqual([[], expect.stringContaining("no public image has a driver for K80: name one that has as image_id")])
    expect(offersFor(catalog, { accelerators: "K80", infra: "aws/us-east-1", image_id: "ami-0123456789abcdef0" }).offers).not.toEqual([])
    expect(offersFor(own, { any_of: [{ accelerators: "Gaudi HL-205" }, { cpus: 2 }] }).offers).not.toEqual([])
  })
  it("that no public image drives come with the way on and are no want of room, by the type's own accelerators as well", () => {
    const wrong = { offers: [], isMistaken: true, hint: expect.stringContaining("--infra aws/REGION --image-id ami-") }
    expect(offersFor(catalog, { accelerators: "K80" })).toMatchObject(wrong)
    const typed = offersFor(catalog, { cloud: "aws", instance_type: "dl1.24xlarge" })
    expect(typed).toMatchObject({ ...wrong, reason: expect.stringContaining("a driver for Gaudi HL-205") })
    expect(offersFor(catalog, { cloud: "aws", instance_type: "dl1.24xlarge", image_id: "ami-0123456789abcdef0" }).offers).not.toEqual([])
    // Each alternative has its reason.
    const both = offersFor(catalog, { any_of: [{ accelerators: "K80" }, { accelerators: "T44" }] })
    expect(both).toMatchObject(wrong)
    expect(both.reason).toMatch(/a driver for K80: .*; AWS has no T44:1/)
  })
  it("that no machine is, anywhere, are no want of room; those of another place or price may be had there", () => {
    for (const resources of [{ accelerators: "A100:3" }, { accelerators: "T4", cpus: 128 }, { cpus: "9999+" }, { accelerators: "T44" }])
      expect(offersFor(catalog, resources)).toMatchObject({ offers: [], isMistaken: true })
    const here = { accelerators: "V100:4", infra: "aws/us-west-1" }
    for (const resources of [here, { any_of: [{ accelerators: "A100:3" }, here] }])
      expect(offersFor(catalog, resources)).not.toHaveProperty("isMistaken")
  })
  it("are a place for each zone, the cheapest region first", () => {
    const { offers, reason } = offersFor(own, {})
    expect(reason).toBeNull()
    expect(offers.slice(0, 3).map(({ zone }) => zone)).toEqual(["us-east-1a", "us-east-1f", expect.stringMatching(/^eu-west-1/)])
    expect(offers.every(({ zone }) => zone !== null)).toBe(true)
  })
  it("are none for what there is not, in the task's words, nor for docker images", () => {
    expect(offersFor(own, { cpus: "9999+" })).toMatchObject({
      offers: [],
      reason: expect.stringContaining("9999+ CPUs")
    })
    expect(offersFor(own, { cloud: "aws", image_id: "docker:ubuntu" })).toMatchObject({
      offers: [],
      lacks: true
    })
    expect(offersFor(own, { cloud: "gcp" })).toEqual({ offers: [], reason: "the task asks for nothing of AWS", lacks: false })
    expect(offersFor(undefined, {}).reason).toContain("cannot be read")
  })
})

describe("what AWS has where the account may not be", () => {
  it("is not said to be what AWS has not: the regions are named, and the way on", () => {
    const own = ofAccount(catalog, new Map([["us-east-1", []]]), ["us-east-1", "eu-west-3"])
    const { hint, offers, reason } = offersFor(own, { accelerators: "H200:8" }, catalog)
    expect(offers).toEqual([])
    expect(reason).toMatch(/^AWS has H200:8 in us-\w+-\d.*, but in no zone that the account may use$/)
    expect(reason).not.toContain("AWS has no")
    expect(hint).toContain("Enable a region")
    const none = offersFor(own, { accelerators: "H200:3" }, catalog)
    expect(none.reason).toMatch(/^AWS has no H200:3/)
    const named = checkPlace({ cloud: "aws", region: "ap-east-1" }, () => own, ["aws"])
    expect(named).toMatchObject({ failure: { message: "The account has not enabled the region 'ap-east-1' of AWS." } })
  })
})

describe("config.yaml", () => {
  const read = (aws: unknown) => awsSettings({ file: "/c.yaml", fields: { aws } })
  it("says where clusters are put", () => {
    expect(read({ vpc_name: "lab", use_internal_ips: true, instance_tags: { a: "b" }, security_group_name: "sg" })).toMatchObject({
      vpcName: "lab",
      useInternalIps: true,
      securityGroupName: "sg",
      labels: { a: "b" },
      sshProxyCommand: null
    })
    expect(read(undefined)).toMatchObject({ vpcName: null, useInternalIps: false })
  })
  it("may say how ssh gets there, for each region or for all", () => {
    const each = read({ ssh_proxy_command: { "us-east-1": "ssh -W %h:%p east" } })
    expect([proxyCommandIn(each.sshProxyCommand, "us-east-1"), proxyCommandIn(each.sshProxyCommand, "us-west-2")]).toEqual([
      "ssh -W %h:%p east",
      undefined
    ])
    expect(proxyCommandIn(read({ ssh_proxy_command: "nc %h %p" }).sshProxyCommand, "us-west-2")).toBe("nc %h %p")
    expect(proxyCommandIn(read({}).sshProxyCommand, "us-west-2")).toBeNull()
  })
  it.each([
    [{ vpc: "x" }, "aws has no key 'vpc'"],
    [{ use_internal_ips: "yes" }, "aws.use_internal_ips: expected true or false"],
    [{ instance_tags: ["a"] }, "aws.instance_tags: expected a mapping of texts"],
    ["x", "aws: expected a mapping"]
  ])("that says %j is told what is wrong", (aws, words) => {
    expect(() => read(aws)).toThrow(words)
  })
})
