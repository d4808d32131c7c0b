/** Words of others within a sentence of ours, and as one: with one full stop at its end, and of a length that a fact can hold. */

const lineMaxChars = 1024

/** In the middle of a sentence, or in brackets. */
export const inner = (text: string): string => text.replace(/\.$/, "")

export const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`)

/** Cut with a mark where it was longer. */
export const cut = (text: string, most = lineMaxChars): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`)

/** `a`, `a and b`, `a, b and c`. */
export const joined = (parts: ReadonlyArray<string>): string =>
  parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`
