/** `getCost`: by the lists of offers, without a daemon. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { decodeCatalog, encodeCatalog } from "../../../daemon/catalog/CatalogFile.ts"
import { packedFolder } from "../catalog/packed.ts"
import { refused, sky } from "./sdk.ts"

const { Resources } = sky
const aws = (more: object = {}) => new Resources({ cloud: sky.AWS(), instanceType: "p3.2xlarge", ...more })
const gcp = (more: object = {}) => new Resources({ cloud: sky.GCP(), instanceType: "n1-standard-8", accelerators: "V100", ...more })

const before = process.env["SKYD_HOME"]
let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "skyd-"))
  process.env["SKYD_HOME"] = home
})
afterEach(() => {
  if (before === undefined) delete process.env["SKYD_HOME"]
  else process.env["SKYD_HOME"] = before
})

describe("getCost", () => {
  it("resources-06: is the price of a node for the time, on demand or as spot, where it is cheapest of what is named", () => {
    expect(aws().getCost(3600)).toBeCloseTo(3.06, 6)
    expect(aws().getCost(90)).toBeCloseTo(3.06 / 40, 6)
    expect(aws({ useSpot: true }).getCost(3600)).toBeLessThan(3.06 / 2)
    expect(aws({ region: "ap-northeast-1" }).getCost(3600)).toBeGreaterThan(3.06)
    expect(aws().getCost(0)).toBe(0)
  })

  it("resources-06: is that of the machine and of what is put into it, on GCP", () => {
    const machine = new Resources({ cloud: sky.GCP(), instanceType: "n1-standard-8" }).getCost(3600)
    expect(gcp().getCost(3600)).toBeCloseTo(machine + 2.48, 6)
    expect(new Resources({ cloud: "gcp", instanceType: "TPU-VM", accelerators: "tpu-v2-8", region: "us-central1" }).getCost(3600)).toBe(4.5)
  })

  it("is nothing on this machine and on machines of one's own", () => {
    for (const cloud of [sky.Local(), sky.SSH()]) {
      expect(new Resources({ cloud, instanceType: "2CPU--8GB" }).getCost(3600)).toBe(0)
      expect(new Resources({ cloud, cpus: 2 }).getCost(3600)).toBe(0)
    }
  })

  it("takes a list that was fetched, and goes on by the other where that is damaged", async () => {
    const folder = join(home, "catalog")
    mkdirSync(folder)
    const data = decodeCatalog(readFileSync(join(packedFolder, "aws.catalog")))
    const dearer = { ...data, date: "2026-11-26", machines: { ...data.machines, usd: data.machines.usd.map((usd) => usd && usd * 2) } }
    writeFileSync(join(folder, "aws.catalog"), await encodeCatalog(dearer))
    writeFileSync(join(folder, "gcp.catalog"), "half of it")
    expect(aws().getCost(3600)).toBeCloseTo(6.12, 6)
    expect(gcp().getCost(3600)).toBeCloseTo(2.86, 6)
  })

  it.each([
    [aws({ instanceType: "p3.3xlarge" }), "ValueError", "AWS has no instance type 'p3.3xlarge'."],
    [aws({ region: "eu-south-2" }), "ValueError", "p3.2xlarge cannot be had in eu-south-2."],
    [aws({ instanceType: "c9g.xlarge", useSpot: true }), "ValueError", "No spot price of c9g.xlarge is known."],
    [gcp({ accelerators: "V100:3" }), "ValueError", "n1-standard-8 with V100:3 cannot be had."],
    [gcp({ zone: "europe-west9-a" }), "ValueError", "n1-standard-8 with V100:1 cannot be had in europe-west9-a."],
    [aws({ cloud: "azure" }), "NotSupportedError", "There is no list of the prices of Azure."],
    [new Resources({ cloud: sky.AWS() }), "ValueError", "AWS() has no price: cloud and instanceType say what it is."]
  ])("says why there is no price of %s", async (resources, name, message) => {
    expect(await refused(() => resources.getCost(1))).toMatchObject({ name, message })
  })

  it("takes seconds", async () => {
    for (const seconds of [Number.POSITIVE_INFINITY, Number.NaN, -1, "1"])
      expect(await refused(() => aws().getCost(seconds as number))).toMatchObject({
        name: "ValueError",
        message: `getCost takes seconds from 0 up, got ${seconds}.`
      })
  })
})
