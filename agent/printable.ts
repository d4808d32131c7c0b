/**
 * What may stand in a fact of what a script printed: secrets hidden, control characters replaced, a line cut to 1 KiB. Hidden
 * first and cut last: half a secret is still one. Pure.
 */
const lineMaxBytes = 1024
const hiddenMinLength = 4
const cutMark = "…"

/** Colours and cursor moves say nothing here. */
const escapeSequence = /\u001b\[[0-?]*[ -/]*[@-~]/g
/** Also what turns the direction of text or breaks a line. */
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** As it is, as `set -x` quotes it in either style, and as JSON. */
const spellings = (text: string): ReadonlyArray<string> => {
  const json = JSON.stringify(text).slice(1, -1)
  return [text, text.replaceAll("'", `'\\''`), json, json.replaceAll('\\"', '"').replaceAll("'", `\\'`)]
}

const escapeForRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")

/** Of a value of many lines each line is hidden, since a part of it may be all that is shown. */
const hiding = (values: ReadonlyArray<string>): RegExp | null => {
  const parts = values.filter((value) => value.length >= hiddenMinLength).flatMap((value) => [value, ...value.split(/\r?\n/)])
  const spelled = new Set(parts.flatMap((part) => [part, part.trim()]).flatMap(spellings))
  const all = [...spelled].filter((text) => text.length >= hiddenMinLength).sort((a, b) => b.length - a.length)
  return all.length === 0 ? null : new RegExp(all.map(escapeForRegExp).join("|"), "g")
}

const cut = (text: string): string => {
  if (Buffer.byteLength(text) <= lineMaxBytes) return text
  const bytes = Buffer.from(text)
  let end = lineMaxBytes - Buffer.byteLength(cutMark)
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString("utf8", 0, end) + cutMark
}

/** `values` that are too short to be secret are left. */
export const hide = (text: string, values: ReadonlyArray<string>): string => {
  const pattern = hiding(values)
  return pattern === null ? text : text.replace(pattern, "***")
}

/** One line as it may be shown. Hidden again when it is clean: colours may stand within a secret. */
export const printable = (line: string, values: ReadonlyArray<string>): string => {
  const clean = hide(line, values).replace(/\r$/, "").replace(escapeSequence, "").replaceAll("\t", " ").replace(unprintable, "\ufffd")
  return cut(hide(clean, values))
}
