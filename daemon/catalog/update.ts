/** Newer catalogs in place of those that are there. Whatever goes wrong, what was there stays. */

import { cloudDisplay } from "../../task/clouds.ts"
import { withoutKeys } from "../../task/without-keys.ts"
import { encodeCatalog } from "./CatalogFile.ts"
import type { CatalogsShape, ListedCloud } from "./Catalogs.ts"
import { fetchList, limits } from "./fetch-list.ts"
import { NotFetched } from "./NotFetched.ts"
import { published } from "./published.ts"

/** Of the types that are there, what a published list has at least: less of it is not the whole. */
const leastShare = 0.5

interface Update {
  readonly cloud: ListedCloud
  /** Null: where they are published. */
  readonly from: string | null
  readonly sha256: string | null
}

interface Updated {
  readonly cloud: string
  readonly status: "updated" | "unchanged" | "failed"
  /** Why it failed, or what is odd about it, as the end of a sentence. */
  readonly reason: string | null
}

const took = async (
  catalogs: CatalogsShape,
  { cloud, from, sha256 }: Update,
  place: string,
  nowMs: number,
  signal: AbortSignal,
  waits = limits
) => {
  const old = catalogs.about(cloud)
  const etag = old?.source?.url === withoutKeys(place) && sha256 === null ? old.source.etag : null
  const imageTags = catalogs.of(cloud)?.imageTags ?? []
  const data = await fetchList({ cloud, from: place, etag, sha256, imageTags, nowMs }, signal, waits)
  if (data === undefined) return { status: "unchanged", reason: null } as const
  const regions = catalogs.of(cloud)?.regions ?? []
  if (regions.length > 0 && !data.regions.some((region) => regions.includes(region)))
    throw new NotFetched(`it has no region of ${cloudDisplay(cloud)}: it is the list of another cloud`)
  const types = data.types.name.length
  const isLess = old !== undefined && types < old.types * leastShare
  const less = `it has ${types} type${types === 1 ? "" : "s"}, where ${old?.types} are known`
  if (isLess && from === null) throw new NotFetched(`${less}: it is not the whole list`)
  const bytes = await encodeCatalog(data)
  try {
    // Not every server says that it has no other.
    if (catalogs.isKept(cloud, bytes)) return { status: "unchanged", reason: null } as const
    catalogs.take(data, bytes)
  } catch (error) {
    throw new NotFetched(`it cannot be kept: ${(error as Error).message}`)
  }
  return { status: "updated", reason: isLess ? `${less.replace("are known", "were known")}: sky catalog reset ${cloud}` : null } as const
}

export const updateCatalog = async (
  catalogs: CatalogsShape,
  update: Update,
  nowMs: number,
  signal: AbortSignal,
  { places = published, waits = limits } = {}
): Promise<Updated> => {
  const { cloud, from } = update
  const reasons: Array<string> = []
  for (const place of from === null ? places.map((at) => at(cloud)) : [from])
    try {
      return { cloud, ...(await took(catalogs, update, place, nowMs, signal, waits)) }
    } catch (error) {
      if (!(error instanceof NotFetched)) throw error
      reasons.push(`${withoutKeys(place)}: ${error.message}`)
      if (!error.again) break
    }
  return { cloud, status: "failed", reason: reasons.join("; ") }
}
