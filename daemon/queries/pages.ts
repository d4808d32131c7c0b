/** A long answer in pages. Pure. */
import { pageMaxBytes } from "../../sdk/protocol/Wire.ts"

/** Rows of a list, in pages that fit a frame; what else there is comes once, with the last. */
export const pagesOf = (value: object): ReadonlyArray<object> => {
  const list = Object.entries(value).find(([, field]) => Array.isArray(field) && field.length > 0 && typeof field[0] === "object")
  if (list === undefined) return [value]
  const [key, rows] = list as [string, ReadonlyArray<object>]
  const pages: Array<Array<object>> = [[]]
  let bytes = 0
  for (const row of rows) {
    const size = Buffer.byteLength(JSON.stringify(row))
    if (bytes + size > pageMaxBytes && bytes > 0) {
      pages.push([])
      bytes = 0
    }
    pages.at(-1)!.push(row)
    bytes += size
  }
  return pages.map((page, index) => (index < pages.length - 1 ? { [key]: page } : { ...value, [key]: page }))
}
