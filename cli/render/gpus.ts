/** Accelerators in tables. Pure. */
import type { GpusListAnswer, GpuView, OwnGpuView } from "../../sdk/protocol/catalog.ts"
import { cents } from "../../task/price.ts"
import { fitted, type Narrow } from "./narrow.ts"
import { clean, glyph } from "./style.ts"
import { type Screen, table } from "./table.ts"

/** Those that most people look for. */
const common = ["A10", "A10G", "A100", "A100-80GB", "B200", "H100", "H200", "K80", "L4", "L40S", "M60", "P100", "T4", "V100", "V100-32GB"]

/** By how many each kind is had in one machine, those of one's own among them. */
export const countsOf = ({ gpus, own }: Pick<GpusListAnswer, "gpus" | "own">): ReadonlyArray<readonly [name: string, counts: string]> => {
  const counts = new Map<string, Set<number>>()
  for (const { accelerator, count } of gpus) counts.set(accelerator, (counts.get(accelerator) ?? new Set()).add(count))
  for (const { accelerator, counts: some } of own) counts.set(accelerator, new Set([...(counts.get(accelerator) ?? []), ...some]))
  return [...counts].map(([name, all]) => [name, [...all].sort((a, b) => a - b).join(", ")])
}

const kindTable = (
  title: string,
  kinds: ReadonlyArray<readonly [string, string]>,
  screen: Screen,
  what = "AVAILABLE_QUANTITIES"
): string =>
  kinds.length === 0
    ? ""
    : `${table(
        [title, what],
        kinds.map((cells) => ({ cells: cells.map(clean) })),
        screen
      )}\n`

const sizesShown = 8

/** Sizes of one generation in one row: there are dozens. */
const tpuTable = (names: ReadonlyArray<string>, screen: Screen): string => {
  const sizes = new Map<string, Array<string>>()
  for (const name of names) {
    const [, generation = name, size = "1"] = /^(.*)-(\d+)$/.exec(name) ?? []
    sizes.set(generation, [...(sizes.get(generation) ?? []), size])
  }
  const shown = (all: ReadonlyArray<string>) =>
    all.slice(0, sizesShown).join(", ") + (all.length > sizesShown ? `, ${glyph("more")} ${all.at(-1)}` : "")
  return kindTable(
    "GOOGLE_TPU",
    [...sizes].map(([generation, all]) => [`${generation}-SIZE`, shown(all)]),
    screen,
    "AVAILABLE_SIZES"
  )
}

/** What there is, and by how many. The others only where all are asked for. */
export const gpuKinds = (gpus: ReadonlyArray<GpuView>, screen: Screen, all: boolean): string => {
  const kinds = countsOf({ gpus, own: [] })
  const isTpu = ([name]: readonly [string, string]) => name.startsWith("tpu-")
  const isCommon = ([name]: readonly [string, string]) => common.includes(name)
  const others = kinds.filter((kind) => !isTpu(kind) && !isCommon(kind))
  const tpus = kinds.filter(isTpu).map(([name]) => name)
  return (
    kindTable("COMMON_GPU", kinds.filter(isCommon), screen) +
    tpuTable(tpus, screen) +
    (all ? kindTable("OTHER_GPU", others, screen) : others.length > 0 ? `${others.length} more, and all prices: sky show-gpus -a\n` : "")
  )
}

/** Of this machine, and of those of one's pools. */
export const ownTable = (own: ReadonlyArray<OwnGpuView>, screen: Screen): string =>
  own.length === 0
    ? ""
    : `${table(
        ["YOUR_GPU", "POOL", "PER_MACHINE", "TOTAL", "FREE"],
        own.map(({ accelerator, counts, free, region, total }) => ({
          cells: [clean(accelerator), region === null ? "this machine" : clean(region), counts.join(", "), String(total), String(free)]
        })),
        screen,
        ["TOTAL", "FREE"]
      )}\n`

const titles = ["GPU", "QTY", "CLOUD", "INSTANCE_TYPE", "DEVICE_MEM", "vCPUs", "HOST_MEM", "HOURLY_PRICE", "HOURLY_SPOT_PRICE", "REGION"]
const right = ["QTY", "DEVICE_MEM", "vCPUs", "HOST_MEM", "HOURLY_PRICE", "HOURLY_SPOT_PRICE"]

const gib = (value: number | null) => (value === null ? "-" : `${Number(value.toFixed(1))}GB`)
const usd = (value: number | null) => (value === null ? "-" : `$ ${value.toFixed(3)}`)

const inCents = (price: string) => (price === "-" ? price : cents(Number(price.slice(2))))

/** What it is and what it costs stays; where, too, if that is what was asked. A launch that names no region goes where it is cheapest. */
const narrowFor = (allRegions: boolean): Narrow => ({
  short: { DEVICE_MEM: "GPU_MEM", HOURLY_PRICE: "PRICE", HOURLY_SPOT_PRICE: "SPOT" },
  steps: [
    ...["DEVICE_MEM", "HOST_MEM", "vCPUs"],
    ["HOURLY_PRICE", inCents],
    ["HOURLY_SPOT_PRICE", inCents],
    allRegions ? "CLOUD" : "REGION",
    allRegions ? "GPU" : "CLOUD"
  ],
  shrinks: ["GPU", "INSTANCE_TYPE"]
})

export const gpuTable = (gpus: ReadonlyArray<GpuView>, screen: Screen, allRegions = false): string =>
  fitted(
    titles,
    gpus.map((row) => ({
      cells: [
        clean(row.accelerator),
        String(row.count),
        row.cloud.toUpperCase(),
        clean(row.instanceType ?? "TPU-VM"),
        gib(row.deviceGib),
        row.cpus === null ? "-" : String(row.cpus),
        gib(row.memoryGib),
        usd(row.usdPerHour),
        usd(row.spotUsdPerHour),
        clean(row.region)
      ]
    })),
    screen,
    right,
    narrowFor(allRegions)
  )
