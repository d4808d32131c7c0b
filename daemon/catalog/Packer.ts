/**
 * Lists of offers, line by line, into columns. The lists are SkyPilot's (its formats v7 and v8; columns are found by their names): a row a
 * type and zone; a row without a type is an accelerator that is put into machines. On AWS zones come as ids (`use1-az1`), which each
 * account names in its own way: by number they become letters (`us-east-1a`). Pure.
 */
import { tpuVm } from "../../task/accelerators.ts"
import { type CatalogData, type Priced, zonesMax } from "./CatalogData.ts"
import { cellsOf } from "./cells.ts"
import { habitsOf } from "./habits.ts"
import { Names, sortedWith } from "./Names.ts"
import { type Cell, nameMaxChars, numberOf, readRow } from "./read-row.ts"
import { zoneByNumber } from "./zone-letters.ts"

const rowsMax = 1_000_000
/** Ten times of what the largest cloud has: all of them are in memory. */
const typesMax = 20_000

const needed = [
  "InstanceType",
  "AcceleratorName",
  "AcceleratorCount",
  "vCPUs",
  "MemoryGiB",
  "Price",
  "SpotPrice",
  "Region",
  "AvailabilityZone"
]

/** A list that is none, in words. */
export class NoCatalog extends Error {}

interface Line {
  readonly key: number
  readonly count: number
  readonly region: number
  readonly usd: number | null
  readonly spot: number | null
  /** Bits in the order in which zones were met. */
  zones: number
}

export class Packer {
  readonly #cloud: string
  readonly #pricedApart: boolean
  #columns = 0
  #isCut = false
  #at: Readonly<Record<string, number>> | undefined
  readonly #regions = new Names()
  readonly #zones: Array<Names> = []
  readonly #types = new Names()
  readonly #accelerators = new Names()
  readonly #deviceMib: Array<number | null> = []
  readonly #made: Array<{ vcpus: number | null; memoryGib: number | null; accelerator: number | null; count: number }> = []
  readonly #machines = new Map<string, Line>()
  readonly #attached = new Map<string, Line>()
  #rows = 0
  #refused = 0

  constructor(cloud: string) {
    this.#cloud = cloud
    this.#pricedApart = habitsOf(cloud).pricedApart
  }

  #header(line: string): void {
    const names = cellsOf(line.replace(/^\ufeff/, "")).map((name) => name.trim())
    const missing = needed.filter((name) => !names.includes(name))
    if (missing.length > 0) throw new NoCatalog(`it is no list of offers: it has no column ${missing.join(", ")}`)
    const twice = names.find((name, i) => name !== "" && names.indexOf(name) !== i)
    if (twice !== undefined) throw new NoCatalog(`it has the column ${twice.slice(0, nameMaxChars)} twice`)
    this.#columns = names.length
    this.#at = Object.fromEntries(names.map((name, i) => [name, i]))
  }

  take(line: string): void {
    if (line === "") return
    if (this.#at === undefined) {
      this.#header(line)
      return
    }
    const at = this.#at
    const cells = cellsOf(line)
    this.#isCut = cells.length < this.#columns
    const cell = (name: string) => cells[at[name] ?? -1] ?? ""
    if (++this.#rows > rowsMax) throw new NoCatalog(`it has more than ${rowsMax} rows`)
    const row = readRow(cell, this.#pricedApart)
    if (row === undefined) {
      this.#refused++
      return
    }
    const { name, region, spot, type, usd, zone } = row
    const accelerator = name === "" ? null : this.#acceleratorOf(name, cell("GpuInfo"))
    const count = accelerator === null ? 0 : (numberOf(cell("AcceleratorCount")) ?? 1)
    const key = type === "" ? accelerator! : this.#typeOf(type, { accelerator, count, cell })
    this.#add(
      type === "" ? this.#attached : this.#machines,
      { key, count, region: this.#regions.of(region), usd, spot },
      zoneByNumber(region, zone) ?? zone
    )
  }

  #acceleratorOf(name: string, info: string): number {
    const index = this.#accelerators.of(name)
    this.#deviceMib[index] ??= numberOf(/'SizeInMiB': ([\d.]+)/.exec(info)?.[1] ?? "")
    return index
  }

  #typeOf(name: string, { accelerator, cell, count }: { accelerator: number | null; count: number; cell: Cell }): number {
    const index = this.#types.of(name)
    if (index >= typesMax) throw new NoCatalog(`it has more than ${typesMax} types`)
    this.#made[index] ??= { vcpus: numberOf(cell("vCPUs")), memoryGib: numberOf(cell("MemoryGiB")), accelerator, count }
    return index
  }

  /** One for all zones of a region that cost the same. */
  #add(lines: Map<string, Line>, line: Omit<Line, "zones">, zone: string): void {
    this.#zones[line.region] ??= new Names()
    const zones = this.#zones[line.region]!
    const bit = zones.of(zone)
    if (bit >= zonesMax) throw new NoCatalog(`the region ${this.#regions.list[line.region]} has more than ${zonesMax} zones`)
    const id = `${line.key}|${line.count}|${line.region}|${line.usd}|${line.spot}`
    const known = lines.get(id)
    if (known === undefined) lines.set(id, { ...line, zones: 1 << bit })
    else known.zones |= 1 << bit
  }

  /** Throws where what was taken is no list of offers. */
  finish({ date, imageTags, source }: Pick<CatalogData, "date" | "imageTags" | "source">): CatalogData {
    const machines = [...this.#machines.values()]
    const refused = this.#refused
    const taken = this.#rows - refused
    if (this.#rows === 0) throw new NoCatalog("it has no rows")
    if (this.#isCut) throw new NoCatalog("its last row is cut off: it is not the whole list")
    if (taken <= 0 || refused > taken) throw new NoCatalog(`${refused} of its ${this.#rows} rows have no price that can be`)
    const regions = sortedWith(this.#regions.list)
    const zones = this.#zones.map(({ list }) => sortedWith(list))
    const accelerators = sortedWith(this.#accelerators.list)
    const moved = (line: Line) => zones[line.region]!.place.reduce((bits, to, from) => bits | (((line.zones >> from) & 1) << to), 0)
    const priced = (lines: ReadonlyArray<Line>): Priced => ({
      region: lines.map(({ region }) => regions.place[region]!),
      zones: lines.map(moved),
      usd: lines.map(({ usd }) => usd),
      spot: lines.map(({ spot }) => spot)
    })
    const inOrder = <A>(place: ReadonlyArray<number>, values: ReadonlyArray<A>) => {
      const sorted: Array<A> = []
      for (const [from, to] of place.entries()) sorted[to] = values[from]!
      return sorted
    }
    const tpu = { vcpus: null, memoryGib: null, accelerator: null, count: 0 }
    const hasTpus = accelerators.names.some((name) => name.startsWith("tpu-")) && !this.#types.list.includes(tpuVm)
    const names = hasTpus ? [...this.#types.list, tpuVm] : this.#types.list
    const made = hasTpus ? [...this.#made, tpu] : this.#made
    const attached = [...this.#attached.values()]
    return {
      cloud: this.#cloud,
      date,
      refused,
      source,
      regions: regions.names,
      zones: inOrder(regions.place, zones).map((sorted) => sorted.names),
      accelerators: accelerators.names,
      deviceMib: inOrder(accelerators.place, this.#deviceMib).map((mib) => mib ?? null),
      types: {
        name: names,
        vcpus: made.map(({ vcpus }) => vcpus),
        memoryGib: made.map(({ memoryGib }) => memoryGib),
        accelerator: made.map(({ accelerator }) => (accelerator === null ? null : accelerators.place[accelerator]!)),
        count: made.map(({ count }) => count)
      },
      machines: { ...priced(machines), type: machines.map(({ key }) => key) },
      attached: {
        ...priced(attached),
        accelerator: attached.map(({ key }) => accelerators.place[key]!),
        count: attached.map(({ count }) => count)
      },
      imageTags
    }
  }
}
