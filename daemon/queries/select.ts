/** Which live clusters a list of names and globs means. A cluster's name holds no glob character, so the two never mix. */
import * as HashMap from "effect/HashMap"
import picomatch from "picomatch"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { type Clusters, rowNamed } from "../../projections/clusters.ts"

const isGlob = (name: string) => /[*?[\]]/.test(name)

/** Whether a name, or a glob, means the cluster of this name. */
export const means = (asked: string, name: string): boolean =>
  isGlob(asked) ? picomatch.isMatch(name, asked, { dot: true, nobrace: true, noextglob: true }) : asked === name

/** Newest launch first. Names not given: all; an empty list: none. */
export const select = (clusters: Clusters, names: ReadonlyArray<string> | null | undefined) => {
  const all = [...HashMap.values(clusters.rows)]
  const newest = (rows: ReadonlyArray<ClusterRow>) =>
    [...rows].sort((a, b) => b.launchedAtMs - a.launchedAtMs || b.createdSeq - a.createdSeq)
  if (names === null || names === undefined) return { rows: newest(all), notFound: [] }
  const found = new Set<ClusterRow>()
  const notFound: Array<string> = []
  for (const name of new Set(names)) {
    const matches = isGlob(name)
      ? all.filter((row) => means(name, row.name))
      : [rowNamed(clusters, name)].filter((row) => row !== undefined)
    if (matches.length === 0) notFound.push(name)
    for (const row of matches) found.add(row)
  }
  return { rows: newest([...found]), notFound }
}
