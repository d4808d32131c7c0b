/** Wide tables on a narrow terminal: what can be missed goes, and what can be said in less is, before anything is cut. Pure. */
import { widthOf } from "./style.ts"
import { type Row, type Screen, table } from "./table.ts"

/** A column that goes, or one whose cells become shorter. */
type Step = string | readonly [title: string, shorter: (text: string) => string]

export interface Narrow {
  /** Titles that may be shorter. */
  readonly short?: Readonly<Record<string, string>>
  /** After the titles, one by one, until it fits. */
  readonly steps: ReadonlyArray<Step>
  /** What is cut where that is not enough, by the shorter titles. */
  readonly shrinks: ReadonlyArray<string>
}

type Cell = Row["cells"][number]
const textOf = (cell: Cell = "") => (typeof cell === "string" ? cell : cell.text)
const withText = (cell: Cell = "", text: string): Cell => (typeof cell === "string" ? text : { ...cell, text })

interface Column {
  readonly title: string
  readonly cells: ReadonlyArray<Cell>
}

const widthOfAll = (columns: ReadonlyArray<Column>) =>
  columns
    .map(({ cells, title }) => cells.reduce<number>((most, cell) => Math.max(most, widthOf(textOf(cell))), widthOf(title)))
    .reduce((sum, width) => sum + (width === 0 ? 0 : width + 2), -2)

const taken = (columns: ReadonlyArray<Column>, step: Step, named: (title: string) => string): ReadonlyArray<Column> => {
  if (typeof step === "string") return columns.filter(({ title }) => title !== named(step))
  const [title, shorter] = step
  return columns.map((column) =>
    column.title === named(title) ? { ...column, cells: column.cells.map((cell) => withText(cell, shorter(textOf(cell)))) } : column
  )
}

export const fitted = (
  titles: ReadonlyArray<string>,
  rows: ReadonlyArray<Row>,
  screen: Screen,
  right: ReadonlyArray<string>,
  { short = {}, shrinks, steps }: Narrow
): string => {
  const { width = Infinity } = screen
  const all = titles.map((title, i): Column => ({ title, cells: rows.map(({ cells }) => cells[i] ?? "") }))
  if (widthOfAll(all) <= width) return table(titles, rows, screen, right)
  const named = (title: string) => short[title] ?? title
  const columns = steps.reduce<ReadonlyArray<Column>>(
    (left, step) => (widthOfAll(left) <= width ? left : taken(left, step, named)),
    all.map((column) => ({ ...column, title: named(column.title) }))
  )
  return table(
    columns.map(({ title }) => title),
    rows.map((row, at) => ({ ...row, cells: columns.map(({ cells }) => cells[at]!) })),
    screen,
    right.map(named),
    shrinks
  )
}
