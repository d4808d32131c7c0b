/** A fresh journal id: 48 bits of time and 80 of chance in Crockford's base 32, 26 characters. Not monotonic within a millisecond. */
import { randomBytes } from "node:crypto"

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

export const ulid = (nowMs: number): string => {
  let time = ""
  for (let rest = nowMs, place = 0; place < 10; place++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time
  let chance = ""
  for (const byte of randomBytes(16)) chance += alphabet[byte % 32]
  return time + chance
}
