/**
 * Colour only beside a word and only on a terminal; ASCII where the locale is not UTF-8.
 * What the daemon sends is cleaned before it is printed: a name must not move the cursor.
 */
import type { Out } from "../out.ts"

const { env } = process

const utf8 = /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || "")

const glyphs = {
  done: ["✓", "+"],
  failed: ["✗", "x"],
  running: ["▸", ">"],
  why: ["└", "\\_"],
  dot: ["·", "|"],
  more: ["…", "..."],
  chosen: ["←", "<-"]
} as const

export type Glyph = keyof typeof glyphs
export const glyph = (name: Glyph): string => glyphs[name][utf8 ? 0 : 1]

/** Text of ours, where the locale is not UTF-8. */
export const ascii = (text: string): string =>
  utf8 ? text : text.replace(/[✓✗▸└·…←]/g, (char) => Object.values(glyphs).find(([mark]) => mark === char)![1])

const codes = { green: 32, yellow: 33, blue: 34, red: 31, dim: 2, bold: 1 } as const
export type Colour = keyof typeof codes

/** Whether what was written there can be written over. */
export const isLive = (stream: Out): boolean => stream.isTTY() && env.TERM !== "dumb"
export const isColoured = (stream: Out): boolean => isLive(stream) && !env.NO_COLOR

export const paint = (colour: Colour | undefined, text: string, on: boolean): string =>
  on && colour && text ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text

const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Several lines stay several lines. */
export const cleanText = (text: string): string => text.replace(escapes, "").replace(/\r\n/g, "\n").replace(controls, "")
/** One column a character, nothing to remove. Most texts are plain, and the other patterns cost more than the texts. */
const plain = /^[ -~\u2010-\u2027\u2190-\u27bf]*$/
export const clean = (text: string): string => (plain.test(text) ? text : cleanText(text).replace(/\s*\n\s*|\t/g, " "))

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60]|\p{Emoji_Presentation}/u
const invisible = /[\p{M}\p{Cf}]/u

/** Columns that a text takes on a terminal. */
export const widthOf = (text: string): number => {
  if (plain.test(text)) return text.length
  let width = 0
  for (const char of text) width += invisible.test(char) ? 0 : wide.test(char) ? 2 : 1
  return width
}

export const cut = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text
  const mark = glyph("more")
  let kept = ""
  let left = width - widthOf(mark)
  for (const char of text) {
    left -= widthOf(char)
    if (left < 0) break
    kept += char
  }
  return kept + mark
}
