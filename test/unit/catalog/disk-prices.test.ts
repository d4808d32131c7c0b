/** What the disk of a machine that is off costs, by the kind that its tier stands for. */
import { describe, expect, it } from "vitest"
import { diskUsdPerHour } from "../../../daemon/catalog/disk-prices.ts"
import { rootDiskUsdPerHour } from "../../../daemon/clouds/aws/disk.ts"
import { bootDiskUsdPerHour } from "../../../daemon/clouds/gcp/disk.ts"

const month = (usdPerHour: number | null) => Math.round((usdPerHour ?? Number.NaN) * 730 * 100) / 100

describe("the disk of a machine that is off", () => {
  it.each([
    ["n2-standard-8", {}, 25.6],
    ["n2-standard-8", { diskGib: 100, diskTier: "low" }, 4],
    ["n2-standard-8", { diskGib: 100, diskTier: "high" }, 17],
    ["c4-standard-2", { diskGib: 100, diskTier: "high" }, 8]
  ] as const)("costs on GCP what its kind of disk does: %s %o", (instanceType, machine, usd) => {
    expect(month(bootDiskUsdPerHour({ instanceType, region: "us-central1" }, machine))).toBe(usd)
  })
  it("costs on GCP what nobody knows where it is kept with a machine image", () => {
    const images = { "*": "projects/p/global/machineImages/kept" }
    expect(bootDiskUsdPerHour({ instanceType: "n2-standard-8", region: "us-central1" }, { images })).toBeNull()
  })
  it("costs on AWS what its size and its speed do", () => {
    expect(month(rootDiskUsdPerHour({ diskGib: 100, diskTier: "low" }))).toBe(5)
    expect(month(rootDiskUsdPerHour({}))).toBe(256 * 0.08 + 500 * 0.005 + (218 - 125) * 0.04)
  })
  it("of a kind that no list has is not known", () => {
    expect(diskUsdPerHour({ kind: "floppy", gib: 1 })).toBeNull()
  })
})
