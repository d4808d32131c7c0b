/** What is wrong with a line of an export, in a sentence that names it. */

import type { Lines, RawLine } from "./Lines.ts"
import type { Line } from "./line.ts"
import { parseLine } from "./line.ts"

const isJson = (bytes: Buffer): boolean => {
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}

/** The number that a record says it has; `undefined` when it says none. */
export const seqOf = (json: Buffer): number | undefined => {
  try {
    const { seq } = JSON.parse(json.toString()) as { readonly seq: unknown }
    return typeof seq === "number" ? seq : undefined
  } catch {
    return undefined
  }
}

/** By its shape alone: the line, or the sentence. */
export const readLine = ({ broken, bytes, number }: RawLine): Line | string => {
  if (broken === "cut") return `Line ${number} is cut off: the file ends within it.`
  if (broken === "long") return `Line ${number} is longer than a line of an export can be.`
  if (bytes.length === 0) return `Line ${number} is empty.`
  const line = parseLine(bytes)
  if (line !== undefined && isJson(line.json)) return line
  return isJson(bytes) ? `Line ${number} is JSON, but not as an export has it.` : `Line ${number} is not JSON.`
}

/** A line that holds another event than its turn is. What follows in the file tells whether the right one was left out or moved. */
export const wrongSeq = async (number: number, found: number | undefined, expected: number, lines: Lines): Promise<string> => {
  if (found === undefined) return `Line ${number} holds no event: its record has no number.`
  if (found < expected) return `Line ${number} holds event ${found}, which stood before it already.`
  for (let next = await lines.next(); next !== undefined; next = await lines.next()) {
    const line = parseLine(next.bytes)
    if (line !== undefined && seqOf(line.json) === expected) {
      return `Line ${number} holds event ${found}, and event ${expected} follows in line ${next.number}: they are not in their order.`
    }
  }
  return `Line ${number} holds event ${found}: event ${expected} is missing before it.`
}
