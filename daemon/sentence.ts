/** Words of others within a sentence of ours, and as one: with one full stop at its end. Pure. */

/** In the middle of a sentence, or in brackets. */
export const inner = (text: string): string => text.replace(/\.$/, "")

export const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`)
