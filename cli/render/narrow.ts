/** Wide tables on a narrow terminal: columns that can be missed go, before those that cannot are cut. Pure. */
import { widthOf } from "./style.ts"
import { type Row, type Screen, table } from "./table.ts"

export interface Narrow {
  /** Titles that may be shorter. */
  readonly short?: Readonly<Record<string, string>>
  /** Columns that go, in this order; after the titles, and before anything shrinks. */
  readonly goes: ReadonlyArray<string>
  /** By their shorter titles. */
  readonly shrinks: ReadonlyArray<string>
}

const textOf = (cell: Row["cells"][number] = "") => (typeof cell === "string" ? cell : cell.text)

const widthsOf = (titles: ReadonlyArray<string>, rows: ReadonlyArray<Row>): ReadonlyArray<number> =>
  titles.map((title, i) => rows.reduce((most, { cells }) => Math.max(most, widthOf(textOf(cells[i]))), widthOf(title)))

const sumOf = (widths: ReadonlyArray<number>) => widths.reduce((sum, width) => sum + (width === 0 ? 0 : width + 2), -2)

/** Whether it does not fit as it is. */
export const isWide = (titles: ReadonlyArray<string>, rows: ReadonlyArray<Row>, { width = Infinity }: Screen): boolean =>
  sumOf(widthsOf(titles, rows)) > width

export const fitted = (
  titles: ReadonlyArray<string>,
  rows: ReadonlyArray<Row>,
  screen: Screen,
  right: ReadonlyArray<string>,
  { goes, short = {}, shrinks }: Narrow
): string => {
  if (!isWide(titles, rows, screen)) return table(titles, rows, screen, right)
  const named = titles.map((title) => short[title] ?? title)
  const widths = widthsOf(named, rows)
  const gone = new Set<number>()
  for (const title of goes) {
    if (sumOf(widths.filter((_, i) => !gone.has(i))) <= screen.width!) break
    gone.add(titles.indexOf(title))
  }
  const kept = <A>(all: ReadonlyArray<A>): ReadonlyArray<A> => all.filter((_, i) => !gone.has(i))
  return table(
    kept(named),
    rows.map(({ cells, ...row }) => ({ ...row, cells: kept(cells) })),
    screen,
    right.map((title) => short[title] ?? title),
    shrinks
  )
}
