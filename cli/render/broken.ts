/**
 * Text that is wider than the terminal, broken between words: what is longer than a line by itself (a path, an address) can still be
 * copied. Pure.
 */
import { widthOf } from "./style.ts"

export const broken = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (lines.length > 0 && widthOf(longer) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

const hangMin = 20

/** A line below a row: what goes on stands under its first word. */
export const hung = (line: string, width: number): string => {
  const [mark] = /^ *\S+ /.exec(line)!
  const indent = widthOf(mark)
  return mark + broken(line.slice(mark.length), Math.max(hangMin, width - indent)).join(`\n${" ".repeat(indent)}`)
}
