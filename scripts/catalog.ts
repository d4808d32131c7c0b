/**
 * `node scripts/catalog.ts FOLDER`: packs the offers in FOLDER/CLOUD/vms.csv and images.csv into daemon/catalog/CLOUD.json.br.
 * On AWS zones come as ids (`use1-az1`), which each account names in its own way: by number they become letters (`us-east-1a`).
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, constants } from "node:zlib"
import type { CatalogData, Priced } from "../daemon/catalog/CatalogData.ts"

type Row = Readonly<Record<string, string>>

const cells = (line: string): Array<string> => {
  const found: Array<string> = []
  for (const [, quoted, plain] of line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g))
    found.push(quoted?.replaceAll('""', '"') ?? plain ?? "")
  return found
}

const readCsv = (path: string): Array<Row> => {
  const [head = "", ...lines] = readFileSync(path, "utf8").trimEnd().split(/\r?\n/)
  const names = cells(head)
  return lines.map((line) => {
    const values = cells(line)
    return Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]))
  })
}

const letters = "abcdefghijklmnopqrstuvwxyz"
const zoneOf = (row: Row): string => {
  const [, number] = /-az(\d+)$/.exec(row["AvailabilityZone"]!) ?? []
  return number === undefined ? row["AvailabilityZone"]! : `${row["Region"]}${letters[Number(number) - 1]}`
}
const millionths = (text: string | undefined) => (text === undefined || text === "" ? null : Math.round(Number(text) * 1e6))
const numberOf = (text: string | undefined) => (text === undefined || text === "" ? null : Number(text))
const unique = (names: Iterable<string>) => [...new Set(names)].sort()

interface Merged {
  readonly row: Row
  readonly region: number
  zones: number
  readonly usd: number
  readonly spot: number | null
}

/** One for all zones of a region that cost the same. */
const merge = (rows: ReadonlyArray<Row>, { regions, zones }: Pick<CatalogData, "regions" | "zones">): ReadonlyArray<Merged> => {
  const merged = new Map<string, Merged>()
  for (const row of rows) {
    const region = regions.indexOf(row["Region"]!)
    const [usd, spot] = [millionths(row["Price"]) ?? 0, millionths(row["SpotPrice"])]
    const bit = 1 << zones[region]!.indexOf(zoneOf(row))
    const id = [row["InstanceType"], row["AcceleratorName"], row["AcceleratorCount"], region, usd, spot].join("|")
    const known = merged.get(id)
    if (known === undefined) merged.set(id, { row, region, zones: bit, usd, spot })
    else known.zones |= bit
  }
  return [...merged.values()]
}

const priced = (merged: ReadonlyArray<Merged>): Priced => ({
  region: merged.map(({ region }) => region),
  zones: merged.map(({ zones }) => zones),
  usd: merged.map(({ usd }) => usd),
  spot: merged.map(({ spot }) => spot)
})

const pack = (cloud: string, folder: string): CatalogData => {
  const rows = readCsv(join(folder, cloud, "vms.csv"))
  const regions = unique(rows.map((row) => row["Region"]!))
  const zones = regions.map((region) => unique(rows.filter((row) => row["Region"] === region).map(zoneOf)))
  const accelerators = unique(rows.flatMap((row) => row["AcceleratorName"] || []))
  const deviceMib = accelerators.map((name) => {
    const info = rows.find((row) => row["AcceleratorName"] === name)!["GpuInfo"]
    return numberOf(/'SizeInMiB': ([\d.]+)/.exec(info ?? "")?.[1])
  })
  const machines = merge(
    rows.filter((row) => row["InstanceType"] !== ""),
    { regions, zones }
  )
  const attached = merge(
    rows.filter((row) => row["InstanceType"] === ""),
    { regions, zones }
  )
  const types = [...new Map(machines.map(({ row }) => [row["InstanceType"]!, row])).values()]
  // A TPU VM is its accelerator: the lists have no row for the machine.
  if (accelerators.some((name) => name.startsWith("tpu-"))) types.push({ InstanceType: "TPU-VM" })
  const names = types.map((row) => row["InstanceType"]!)
  const indexOf = new Map(names.map((name, i) => [name, i]))
  const acceleratorOf = (row: Row) => accelerators.indexOf(row["AcceleratorName"]!)
  const countOf = (row: Row) => numberOf(row["AcceleratorCount"]) ?? 0
  return {
    cloud,
    regions,
    zones,
    accelerators,
    deviceMib,
    types: {
      name: names,
      vcpus: types.map((row) => numberOf(row["vCPUs"])),
      memoryGib: types.map((row) => numberOf(row["MemoryGiB"])),
      accelerator: types.map((row) => (row["AcceleratorName"] ? acceleratorOf(row) : null)),
      count: types.map(countOf)
    },
    machines: { ...priced(machines), type: machines.map(({ row }) => indexOf.get(row["InstanceType"]!)!) },
    attached: {
      ...priced(attached),
      accelerator: attached.map(({ row }) => acceleratorOf(row)),
      count: attached.map(({ row }) => countOf(row))
    },
    imageTags: unique(readCsv(join(folder, cloud, "images.csv")).map((row) => row["Tag"]!))
  }
}

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error("node scripts/catalog.ts FOLDER")
for (const cloud of ["aws", "gcp"]) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 }
  const bytes = brotliCompressSync(JSON.stringify(pack(cloud, folder)), { params })
  writeFileSync(join(import.meta.dirname, `../daemon/catalog/${cloud}.json.br`), bytes)
  console.log(`${cloud}: ${bytes.length} bytes`)
}
