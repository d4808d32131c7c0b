/** The offers as the original saw them when its answers were recorded: see the README of the golden data. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Catalog, catalogOf } from "../../daemon/catalog/Catalog.ts"
import type { CatalogData, Priced } from "../../daemon/catalog/CatalogData.ts"
import { decodeCatalog } from "../../daemon/catalog/CatalogFile.ts"
import type { Offers } from "../../task/Offers.ts"

const read = (cloud: string) => decodeCatalog(readFileSync(join(import.meta.dirname, `../../daemon/catalog/${cloud}.catalog`)))

const kept = <P extends Priced>(priced: P, keep: (row: number) => boolean): P =>
  Object.fromEntries(
    Object.entries(priced).map(([name, column]) => [name, (column as Array<unknown>).filter((_, row) => keep(row))])
  ) as unknown as P

/** Accelerators, but not counted as GPUs. */
const notGpu = /^(Inferentia|Trainium|Qualcomm)/

/** Types stay numbered as they are: one that is left out has no rows, and an empty name. */
const without = (data: CatalogData, types: RegExp, accelerators: (name: string) => boolean): CatalogData => ({
  ...data,
  deviceMib: data.deviceMib.map((mib, i) => (notGpu.test(data.accelerators[i]!) ? null : mib)),
  types: { ...data.types, name: data.types.name.map((name) => (types.test(name) ? "" : name)) },
  machines: kept(data.machines, (row) => !types.test(data.types.name[data.machines.type[row]!]!)),
  attached: kept(data.attached, (row) => accelerators(data.accelerators[data.attached.accelerator[row]!]!))
})

const tags = {
  aws: ["gpu-ubuntu-1804", "gpu-ubuntu-2004", "k80-ubuntu-1804", "k80-ubuntu-2004"],
  gcp: ["cpu-debian-10", "cpu-debian-11", "gpu-debian-10", "gpu-debian-11", "k80-debian-10"]
}
const placeable = (name: string) => !/^(H100|H100-MEGA|H200|B200)$/.test(name) && (!name.startsWith("tpu-") || /^tpu-v[234]-/.test(name))

const cut = (data: CatalogData, imageTags: ReadonlyArray<string>): Catalog => {
  const offered = (name: string, i: number) =>
    data.attached.accelerator.includes(i) || data.types.name.some((type, at) => type !== "" && data.types.accelerator[at] === i)
      ? [name]
      : []
  return { ...catalogOf(data), imageTags, acceleratorNames: data.accelerators.flatMap(offered) }
}

/** In the order in which the original had them. */
export const viewed: Readonly<Record<"aws" | "gcp", Catalog>> = {
  aws: cut(
    without(read("aws"), /^gr?6f\./, () => true),
    tags.aws
  ),
  gcp: cut(without(read("gcp"), /^a[34]-/, placeable), tags.gcp)
}

export const view: Offers = (cloud) => (cloud === "aws" || cloud === "gcp" ? viewed[cloud] : undefined)
