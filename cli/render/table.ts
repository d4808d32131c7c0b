/** Tables without borders: two spaces between columns, numbers right, cut at the terminal's width and never in a pipe. Pure. */
import { type Colour, cut, paint, widthOf } from "./style.ts"

export interface Column {
  readonly title: string
  readonly right?: boolean
}

export type Cell = string | { readonly text: string; readonly colour: Colour }

export interface Row {
  readonly cells: ReadonlyArray<Cell>
  /** A line of its own below the row. */
  readonly below?: string | undefined
}

export interface Screen {
  /** Undefined: not a terminal, nothing is cut. */
  readonly width: number | undefined
  readonly colour: boolean
}

const textOf = (cell: Cell) => (typeof cell === "string" ? cell : cell.text)

export const table = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<Row>, screen: Screen): string => {
  const widths = columns.map(({ title }, i) => Math.max(widthOf(title), ...rows.map(({ cells }) => widthOf(textOf(cells[i] ?? "")))))
  const line = (cells: ReadonlyArray<Cell>, titles: boolean): string => {
    let left = screen.width ?? Number.POSITIVE_INFINITY
    let out = ""
    for (const [i, column] of columns.entries()) {
      if (left <= 0) break
      const cell = cells[i] ?? ""
      const text = textOf(cell)
      const space = " ".repeat(widths[i]! - widthOf(text))
      const gap = i === columns.length - 1 ? "" : "  "
      const shown = cut(column.right ? space + text : text, left)
      const after = column.right ? "" : space
      const colour = titles ? "bold" : typeof cell === "string" ? undefined : cell.colour
      out += paint(colour, shown, screen.colour) + (after + gap).slice(0, Math.max(0, left - widthOf(shown)))
      left -= widths[i]! + gap.length
    }
    return out.trimEnd()
  }
  const lines = [
    line(
      columns.map(({ title }) => title),
      true
    )
  ]
  for (const { cells, below } of rows) {
    lines.push(line(cells, false))
    if (below !== undefined) lines.push(paint("dim", screen.width === undefined ? below : cut(below, screen.width), screen.colour))
  }
  return `${lines.join("\n")}\n`
}
