/** How long a script may be. Pure. */

/** Larger texts belong into the workdir: a fact holds at most 256 KiB. */
export const scriptMaxBytes = 96 * 1024
const encoder = new TextEncoder()
export const bytesOf = (text: string) => encoder.encode(text).length
