/** Which catalog counts: the one that was fetched, the one that came along, and what a damaged file is worth. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { decodeCatalog, encodeCatalog } from "../../../daemon/catalog/CatalogFile.ts"
import { openCatalogs } from "../../../daemon/catalog/Catalogs.ts"
import { packed, packedFolder } from "./packed.ts"

const folder = () => mkdtempSync(join(tmpdir(), "skyd-"))
const aws = () => decodeCatalog(readFileSync(join(packedFolder, "aws.catalog")))

describe("the catalogs", () => {
  it("say of which day their prices are, and know no other clouds", () => {
    assert.strictEqual(packed.of("aws")?.date, "2026-07-20")
    assert.strictEqual(packed.about("gcp")?.date, "2026-05-20")
    assert.deepStrictEqual(
      packed.all().map(({ cloud }) => cloud),
      ["aws", "gcp"]
    )
    assert.isUndefined(packed.of("local"))
  })

  it("take a newer one, which is there after a restart too, and leave nothing beside it", async () => {
    const own = folder()
    const catalogs = openCatalogs(packedFolder, own)
    const data = { ...aws(), date: "2026-11-26", source: { url: "file:///x.csv", etag: null } }
    catalogs.take(data, await encodeCatalog(data))
    for (const opened of [catalogs, openCatalogs(packedFolder, own)]) {
      assert.strictEqual(opened.of("aws")?.date, "2026-11-26")
      assert.deepInclude(opened.about("aws"), { types: 1360, source: data.source, problem: null })
    }
    assert.deepStrictEqual(readdirSync(own), ["aws.catalog"])
  })

  it("go back to the one that came along, which is so after a restart too", async () => {
    const own = folder()
    const catalogs = openCatalogs(packedFolder, own)
    assert.isFalse(catalogs.reset("aws"))
    const data = { ...aws(), date: "2026-11-26", source: { url: "/home/ann/vms.csv", etag: null } }
    catalogs.take(data, await encodeCatalog(data))
    assert.isTrue(catalogs.reset("aws"))
    for (const opened of [catalogs, openCatalogs(packedFolder, own)])
      assert.deepInclude(opened.about("aws"), { date: "2026-07-20", source: null })
    assert.deepStrictEqual(readdirSync(own), [])
    assert.isFalse(catalogs.reset("aws"))
  })

  it("go by the one that came along where the newer one is damaged, and say so", () => {
    const own = folder()
    copyFileSync(join(packedFolder, "aws.catalog"), join(own, "aws.catalog"))
    const bytes = readFileSync(join(own, "aws.catalog"))
    for (const changed of [bytes.with(bytes.length - 9, bytes.at(-9)! ^ 1), bytes.subarray(0, 5000), Buffer.from("")]) {
      writeFileSync(join(own, "aws.catalog"), changed)
      const catalogs = openCatalogs(packedFolder, own)
      assert.strictEqual(catalogs.of("aws")?.types.length, 1360)
      assert.include(catalogs.about("aws")?.problem, "aws.catalog is not used: it is damaged")
    }
  })

  it("go by the one that came along where the newer one is of another shape, which a newer list replaces", async () => {
    const own = folder()
    const bytes = await encodeCatalog({ cloud: "aws" } as never)
    writeFileSync(join(own, "aws.catalog"), bytes)
    const catalogs = openCatalogs(packedFolder, own)
    assert.strictEqual(catalogs.of("aws")?.types.length, 1360)
    assert.include(catalogs.about("aws")?.problem, "aws.catalog is not used: ")
    catalogs.take(aws(), await encodeCatalog(aws()))
    assert.isNull(openCatalogs(packedFolder, own).about("aws")!.problem)
  })

  it("go by the one that came along where it is newer than a published one of earlier, but not than one of the user's own", async () => {
    for (const [url, date] of [
      ["https://skypilot-catalog.s3.us-east-1.amazonaws.com/catalogs/v8/aws/vms.csv", "2026-07-20"],
      ["/home/ann/vms.csv", "2026-01-01"]
    ] as const) {
      const own = folder()
      const data = { ...aws(), date: "2026-01-01", source: { url, etag: null } }
      openCatalogs(packedFolder, own).take(data, await encodeCatalog(data))
      assert.strictEqual(openCatalogs(packedFolder, own).of("aws")?.date, date)
    }
  })

  it("stay as they are where a newer one cannot be written", async () => {
    const own = join(folder(), "file")
    writeFileSync(own, "")
    const catalogs = openCatalogs(packedFolder, join(own, "below"))
    const data = { ...aws(), date: "2026-11-26" }
    const bytes = await encodeCatalog(data)
    assert.throws(() => catalogs.take(data, bytes))
  })
})
