/** Lines of lists of which commas part the cells. Pure. */

export const cellsOf = (line: string): ReadonlyArray<string> => {
  if (!line.includes('"')) return line.split(",")
  const found: Array<string> = []
  for (const [, quoted, plain] of line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g))
    found.push(quoted?.replaceAll('""', '"') ?? plain ?? "")
  return found
}

/** Of a list of images. */
export const imageTagsIn = (text: string): ReadonlyArray<string> => {
  const [head = "", ...lines] = text.trimEnd().split(/\r?\n/)
  const at = cellsOf(head).indexOf("Tag")
  return at < 0 ? [] : [...new Set(lines.flatMap((line) => cellsOf(line)[at] || []))].sort()
}
