/**
 * `node scripts/catalog.ts FOLDER CLOUD=YYYY-MM-DD…`: packs the offers in FOLDER/CLOUD/vms.csv and images.csv, whose prices are of that day,
 * into daemon/catalog/CLOUD.catalog. Which source each fact is from stands in daemon/catalog/README.md.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { encodeCatalog } from "../daemon/catalog/CatalogFile.ts"
import { imageTagsIn } from "../daemon/catalog/cells.ts"
import { Packer } from "../daemon/catalog/Packer.ts"

const [folder, ...wanted] = process.argv.slice(2)
if (folder === undefined || wanted.length === 0 || !wanted.every((one) => /^[a-z]+=\d{4}-\d\d-\d\d$/.test(one)))
  throw new Error("node scripts/catalog.ts FOLDER CLOUD=YYYY-MM-DD…")
for (const [cloud = "", date = ""] of wanted.map((one) => one.split("="))) {
  const packer = new Packer(cloud)
  for (const line of readFileSync(join(folder, cloud, "vms.csv"), "utf8").split(/\r?\n/)) packer.take(line)
  const imageTags = imageTagsIn(readFileSync(join(folder, cloud, "images.csv"), "utf8"))
  const data = packer.finish({ date, imageTags, source: null })
  const bytes = await encodeCatalog(data, 11)
  writeFileSync(join(import.meta.dirname, `../daemon/catalog/${cloud}.catalog`), bytes)
  console.log(
    `${cloud}: ${data.machines.type.length} rows of ${data.types.name.length} types, ${data.refused} refused, ${bytes.length} bytes`
  )
}
