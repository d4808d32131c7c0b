/** Lists of offers as the clouds' tables come, and what of them is taken. */
import { assert, describe, it } from "@effect/vitest"
import { catalogOf } from "../../../daemon/catalog/Catalog.ts"
import type { CatalogData } from "../../../daemon/catalog/CatalogData.ts"
import { imageTagsIn } from "../../../daemon/catalog/cells.ts"
import { NoCatalog, Packer } from "../../../daemon/catalog/Packer.ts"

const v8 =
  "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone,Arch,LocalDiskType,NVMe"
const v7 = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone"
const gcp = "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,AvailabilityZone,Price,SpotPrice"

const pack = (cloud: string, ...lines: ReadonlyArray<string>): CatalogData => {
  const packer = new Packer(cloud)
  for (const line of lines) packer.take(line)
  return packer.finish({ date: "2026-11-26", imageTags: [], source: null })
}
const info = `"{'Gpus': [{'Name': 'T4', 'Count': 1.0, 'MemoryInfo': {'SizeInMiB': 16384}}], 'TotalGpuMemoryInMiB': 16384}"`
const t4 = (price: string, spot: string, zone = "use1-az1") =>
  `g4dn.xlarge,T4,1.0,4.0,16.0,${info},${price},${spot},us-east-1,${zone},x86_64,,`

describe("a list of offers", () => {
  it("is read in both of SkyPilot's formats, whatever the order of its columns and however many there are more", () => {
    const catalog = catalogOf(pack("aws", v8, t4("0.526", "0.2")))
    assert.deepStrictEqual(catalog.instanceType("g4dn.xlarge"), {
      name: "g4dn.xlarge",
      vcpus: 4,
      memoryGib: 16,
      accelerators: { name: "T4", count: 1 }
    })
    assert.strictEqual(catalog.deviceGib("T4"), 16)
    const older = catalogOf(pack("aws", `\ufeff${v7}`, "m6i.large,,,2.0,8.0,,0.096,,us-east-1,use1-az2"))
    assert.deepStrictEqual(older.places({ instanceType: "m6i.large", useSpot: false }), [{ region: "us-east-1", zones: ["us-east-1b"] }])
  })

  it("names the zones of AWS by letters, and keeps those that have names", () => {
    const zones = ["use1-az1", "use1-az4", "us-east-1-bos-1a", "use1-atl1-az1"]
    const catalog = catalogOf(pack("aws", v8, ...zones.map((zone) => t4("1", "", zone))))
    assert.deepStrictEqual(catalog.zonesOf("us-east-1"), ["us-east-1-bos-1a", "us-east-1a", "us-east-1d", "use1-atl1-az1"])
  })

  it("has the prices of a machine of GCP and of its accelerators apart, and only where both are", () => {
    const catalog = catalogOf(
      pack(
        "gcp",
        gcp,
        "n1-standard-8,8.0,30.0,,,,us-west1,us-west1-a,0.4,0.1",
        "n1-standard-8,8.0,30.0,,,,us-west1,us-west1-b,0.4,0.1",
        ",,,T4,1.0,,us-west1,us-west1-b,0.35,0.1",
        ",,,T4,1.0,,us-west1,us-west1-c,0.3,0.1"
      )
    )
    const goods = { instanceType: "n1-standard-8", accelerators: { name: "T4", count: 1 }, useSpot: false }
    assert.deepStrictEqual(catalog.prices(goods), [{ region: "us-west1", zones: ["us-west1-b"], usdPerHour: [0.75] }])
  })

  it("loses rows whose price cannot be, and counts them", () => {
    const good = [1, 2, 3, 4, 5, 6].map((n) => t4("0.526", "0.2", `use1-az${n}`))
    for (const [price, spot] of [
      ["-1", ""],
      ["nan", ""],
      ["Infinity", ""],
      ["1e9", ""],
      ["free", ""],
      ["0", ""],
      ["0.5", "0"],
      ["0x10", ""],
      ["", ""],
      ["0.5", "-0.1"],
      ["0.5", "700"]
    ] as const)
      assert.strictEqual(pack("aws", v8, ...good, t4(price, spot)).refused, 1, `${price} ${spot}`)
    assert.strictEqual(pack("aws", v8, ...good, ",,,,,,1,,us-east-1,use1-az1,,,").refused, 1)
  })

  it("has its own prices for accelerators only where a cloud has: elsewhere such a row is none, and the others stay as they are", () => {
    const data = pack("aws", v8, t4("0.526", "0.2"), ",T4,1,,,,0.01,0.01,us-east-1,use1-az1,,,")
    assert.strictEqual(data.refused, 1)
    assert.strictEqual(
      catalogOf(data).usdPerHour({ instanceType: "g4dn.xlarge", accelerators: { name: "T4", count: 1 }, useSpot: false }),
      0.526
    )
  })

  it("loses machines of unknown size, and unknown numbers of accelerators, which would be free or anything", () => {
    const good = t4("0.526", "0.2")
    for (const bad of [
      "x,,,,8.0,,1,,us-east-1,use1-az1,,,",
      "x,,,nan,8.0,,1,,us-east-1,use1-az1,,,",
      "x,,,0x8,8.0,,1,,us-east-1,use1-az1,,,",
      "x,,,2,0b1,,1,,us-east-1,use1-az1,,,",
      "x,T4,0x1,2,8.0,,1,,us-east-1,use1-az1,,,",
      "x,T4,many,2,8.0,,1,,us-east-1,use1-az1,,,"
    ])
      assert.deepInclude(pack("aws", v8, good, bad), { refused: 1, accelerators: ["T4"] }, bad)
  })

  it("keeps what can be had as spot only, or costs more so", () => {
    const data = pack("aws", v8, t4("", "0.2"), t4("1", "1.5", "use1-az2"))
    assert.strictEqual(data.refused, 0)
    const catalog = catalogOf(data)
    assert.strictEqual(catalog.usdPerHour({ instanceType: "g4dn.xlarge", useSpot: true, zone: "us-east-1a" }), 0.2)
    assert.isUndefined(catalog.usdPerHour({ instanceType: "g4dn.xlarge", useSpot: false, zone: "us-east-1a" }))
  })

  it("is none without its columns, without rows, or where most rows have no price", () => {
    assert.throws(() => pack("aws", "<!DOCTYPE html>", "<p>"), NoCatalog, "no column InstanceType")
    assert.throws(() => pack("aws", v8), NoCatalog)
    assert.throws(() => pack("aws", v8, t4("1", ""), t4("-1", ""), t4("-1", "")), NoCatalog, "2 of its 3 rows")
  })
})

describe("a list of images", () => {
  it("gives each tag once, and none where it has no tags", () => {
    assert.deepStrictEqual(imageTagsIn("Tag,Region\nb,x\na,x\nb,y\n"), ["a", "b"])
    assert.deepStrictEqual(imageTagsIn("Name\nb\n"), [])
  })
})
