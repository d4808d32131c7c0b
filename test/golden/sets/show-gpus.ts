/** The tables of accelerators: what they are in, and what they cost where they are cheapest. */
import type { Catalog } from "../../../daemon/catalog/Catalog.ts"
import { type GpuRow, gpusOn, matcher } from "../../../daemon/optimizer/gpus.ts"
import { cloudDisplay } from "../../../task/clouds.ts"
import type { Answer, GoldenSet } from "../GoldenSet.ts"
import { viewed } from "../view.ts"
import { showGpusRules } from "./show-gpus-rules.ts"

interface Input {
  readonly op: "list" | "counts"
  readonly clouds?: ReadonlyArray<"aws" | "gcp"> | "aws" | "gcp"
  readonly name_filter?: string | null
  readonly region_filter?: string | null
  readonly quantity_filter?: number | null
  readonly all_regions?: boolean
  readonly gpus_only?: boolean
}

/** Sizes of one TPU stand together, where rows are listed. */
const familyOf = ({ accelerator }: GpuRow) => /^tpu-v\w+/.exec(accelerator)?.[0] ?? accelerator

const isGpu = ({ accelerator, deviceGib }: GpuRow) => deviceGib !== null || accelerator.startsWith("tpu-")

const grouped = <A>(rows: ReadonlyArray<GpuRow>, key: (row: GpuRow) => string, of: (rows: ReadonlyArray<GpuRow>) => A) =>
  Object.fromEntries([...Map.groupBy(rows, key)].map(([name, some]) => [name, of(some)]))

const rowOf = (row: GpuRow) => [
  cloudDisplay(row.cloud),
  row.instanceType,
  row.accelerator,
  row.count,
  row.cpus,
  row.deviceGib,
  row.memoryGib,
  row.usdPerHour,
  row.spotUsdPerHour,
  row.region
]

const answer = ({ all_regions, clouds = ["aws", "gcp"], gpus_only, name_filter, op, quantity_filter, region_filter }: Input): Answer => {
  const [isNamed, isRegion] = [matcher(name_filter ?? ""), matcher(region_filter ?? "")]
  if (isNamed === undefined || isRegion === undefined) return { error: { classes: ["ValueError"], message: "no pattern" } }
  const filter = { isNamed, isRegion, count: quantity_filter ?? null, allRegions: all_regions ?? false }
  const rows = [clouds].flat().flatMap((cloud) => gpusOn(viewed[cloud] as Catalog, filter))
  const some = (gpus_only ?? true) ? rows.filter(isGpu) : rows
  if (op === "list") return { out: grouped(some, familyOf, (all) => all.map(rowOf)) }
  return {
    out: grouped(
      some,
      ({ accelerator }) => accelerator,
      (all) => [...new Set(all.map(({ count }) => count))].sort((a, b) => a - b)
    )
  }
}

const rounded = (cell: unknown) => (typeof cell === "number" ? Number(cell.toPrecision(7)) : cell)

/** Rows of one accelerator are a set; `without`: a column that does not count. */
const meaningWithout = (without: number | undefined) => (out: unknown) =>
  Object.fromEntries(
    Object.entries(out as Readonly<Record<string, ReadonlyArray<unknown>>>).map(([name, rows]) => [
      name,
      rows.map((row) => JSON.stringify(Array.isArray(row) ? row.map(rounded).filter((_, i) => i !== without) : row)).sort()
    ])
  )
const deviceColumn = 5

export const showGpus: GoldenSet = {
  name: "show-gpus",
  answer,
  meaning: meaningWithout(undefined),
  rules: showGpusRules(meaningWithout(deviceColumn))
}
