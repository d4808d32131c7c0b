/**
 * The catalogs of all clouds that there are lists of: one fetched since goes before the one that came with the program, unless that is
 * newer by now; one that is damaged counts for nothing. Each is read when it is first asked for.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import * as Context from "effect/Context"
import { type Catalog, catalogOf } from "./Catalog.ts"
import type { CatalogData } from "./CatalogData.ts"
import { decodeCatalog } from "./CatalogFile.ts"
import { isPublished } from "./published.ts"

/** Clouds with a list, in the order in which they are looked at. */
export const listedClouds = ["aws", "gcp"] as const
export type ListedCloud = (typeof listedClouds)[number]
export const isListed = (cloud: string): cloud is ListedCloud => (listedClouds as ReadonlyArray<string>).includes(cloud)

/** What is told of a catalog. */
interface About extends Pick<CatalogData, "date" | "refused" | "source"> {
  readonly cloud: string
  readonly types: number
  readonly regions: number
  readonly accelerators: number
  /** Why the one that was fetched is not used, in words. */
  readonly problem: string | null
}

interface Read {
  readonly catalog: Catalog
  readonly about: About
}

const aboutOf = ({ accelerators, cloud, date, refused, regions, source, types }: CatalogData, problem: string | null): About => ({
  cloud,
  date,
  refused,
  source,
  types: types.name.length,
  regions: regions.length,
  accelerators: accelerators.length,
  problem
})

const readIfThere = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

const sync = (folder: string): void => {
  const fd = openSync(folder, "r")
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** All or nothing, whenever the machine goes down. */
const replace = (folder: string, name: string, bytes: Uint8Array): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const temp = join(folder, `${name}.part`)
  try {
    const fd = openSync(temp, "w", 0o600)
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temp, join(folder, name))
  } catch (error) {
    rmSync(temp, { force: true })
    throw error
  }
  sync(folder)
}

export interface CatalogsShape {
  readonly of: (cloud: string) => Catalog | undefined
  /** In the order in which they are looked at. */
  readonly all: () => ReadonlyArray<Catalog>
  readonly about: (cloud: ListedCloud) => About | undefined
  /** Whether it is the very one that was fetched last. */
  readonly isKept: (cloud: ListedCloud, bytes: Uint8Array) => boolean
  /** Throws where it cannot be written, and all stays as it was. */
  readonly take: (data: CatalogData, bytes: Uint8Array) => void
  /** Back to the one that came with the program; whether there was another. Throws where that cannot be removed. */
  readonly reset: (cloud: ListedCloud) => boolean
}

/** `packed`: the folder of those that came with the program; `fetched`: of those that were fetched since. */
export const openCatalogs = (packed: string, fetched: string): CatalogsShape => {
  const known = new Map<string, Read | undefined>()
  const decoded = (path: string): { readonly data: CatalogData; readonly catalog: Catalog } | undefined => {
    const bytes = readIfThere(path)
    const data = bytes && decodeCatalog(bytes)
    return data && { data, catalog: catalogOf(data) }
  }
  const read = (cloud: ListedCloud): Read | undefined => {
    let problem: string | null = null
    const [own, came] = [fetched, packed].map((folder) => {
      const path = join(folder, `${cloud}.catalog`)
      try {
        return decoded(path)
      } catch (error) {
        problem = `${path} is not used: ${(error as Error).message}`
        return undefined
      }
    })
    // A list of the user's own stands whatever its day.
    const source = own?.data.source
    const isOlder = source && came && isPublished(source.url, cloud) && own.data.date < came.data.date
    const found = isOlder ? came : (own ?? came)
    return found && { catalog: found.catalog, about: aboutOf(found.data, problem) }
  }
  const find = (cloud: string) => {
    if (!isListed(cloud)) return undefined
    if (!known.has(cloud)) known.set(cloud, read(cloud))
    return known.get(cloud)
  }
  return {
    of: (cloud) => find(cloud)?.catalog,
    all: () => listedClouds.flatMap((cloud) => find(cloud)?.catalog ?? []),
    about: (cloud) => find(cloud)?.about,
    isKept: (cloud, bytes) => readIfThere(join(fetched, `${cloud}.catalog`))?.equals(bytes) === true,
    take: (data, bytes) => {
      const catalog = catalogOf(data)
      replace(fetched, `${data.cloud}.catalog`, bytes)
      known.set(data.cloud, { catalog, about: aboutOf(data, null) })
    },
    reset: (cloud) => {
      const path = join(fetched, `${cloud}.catalog`)
      if (!existsSync(path)) return false
      rmSync(path)
      sync(fetched)
      known.delete(cloud)
      return true
    }
  }
}

/** No cloud has a list where nobody says where they are. */
export const Catalogs = Context.Reference<CatalogsShape>("skyd/daemon/catalog/Catalogs", {
  defaultValue: () => ({
    of: () => undefined,
    all: () => [],
    about: () => undefined,
    isKept: () => false,
    take: () => {
      throw new Error("there is no folder for catalogs")
    },
    reset: () => false
  })
})
