/**
 * Tables without borders: two spaces between columns, numbers right, cut at the terminal's width and never in a pipe. Pure.
 * Where it is narrow, what can be missed shrinks first, so that STATUS stays; why something is as it is is never cut.
 */
import { more } from "../load.ts"
import { type Colour, cut, paint, widthOf } from "./style.ts"

export type Cell = string | { readonly text: string; readonly colour: Colour }

export interface Row {
  readonly cells: ReadonlyArray<Cell>
  /** Lines of their own below the row, which go on in the next where they are too wide. */
  readonly below?: ReadonlyArray<string>
}

export interface Screen {
  /** Undefined: not a terminal, nothing is cut. */
  readonly width: number | undefined
  readonly colour: boolean
}

/** In the order in which they shrink. The untitled one tells why. */
const shrinking = ["", "LOG", "COMMAND", "DETAIL", "RESOURCES", "NAME", "STARTED", "SUBMITTED", "DURATION", "LAUNCHED", "AUTOSTOP"]
/** To the first of these, and when that is not enough to the second. */
const floors = [6, 3]

const textOf = (cell: Cell) => (typeof cell === "string" ? cell : cell.text)

/** `right`: the titles of columns of numbers; `first`: those that shrink, in this order. */
export const table = (
  titles: ReadonlyArray<string>,
  rows: ReadonlyArray<Row>,
  screen: Screen,
  right: ReadonlyArray<string> = [],
  first: ReadonlyArray<string> = shrinking
): string => {
  const widths = titles.map((title, i) => Math.max(widthOf(title), ...rows.map(({ cells }) => widthOf(textOf(cells[i] ?? "")))))
  const whole = screen.width ?? Infinity
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - whole
  for (const floor of floors) {
    for (const name of first) {
      const i = titles.indexOf(name)
      const less = Math.min(excess, (widths[i] ?? 0) - floor)
      if (less > 0) {
        widths[i]! -= less
        excess -= less
      }
    }
  }
  const line = (cells: ReadonlyArray<Cell>): string => {
    const parts = titles.map((title, i) => {
      const text = cut(textOf(cells[i] ?? ""), widths[i]!)
      const space = " ".repeat(widths[i]! - widthOf(text))
      return right.includes(title) ? space + text : text + space
    })
    const wide = widthOf(parts.join("  ").trimEnd()) > whole
    let left = whole
    let out = ""
    for (const [i, part] of parts.entries()) {
      if (left <= 0) break
      const cell = cells[i] ?? ""
      const bare = part.trimEnd()
      // What reaches the edge is cut there, and says so.
      const shown = wide && widthOf(part) + 2 >= left ? cut(part + " ".repeat(left), left) : bare
      const colour = cells === titles ? "bold" : (cell as { readonly colour?: Colour }).colour
      out += paint(colour, shown, screen.colour) + " ".repeat(Math.max(0, Math.min(left, widths[i]! + 2) - widthOf(shown)))
      left -= widths[i]! + 2
    }
    return out.trimEnd()
  }
  const lines = [line(titles)]
  for (const { cells, below } of rows) {
    lines.push(line(cells))
    for (const line of below ?? []) lines.push(paint("dim", widthOf(line) > whole ? more().hung(line, whole) : line, screen.colour))
  }
  return `${lines.join("\n")}\n`
}
