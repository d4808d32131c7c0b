/** Request ids: 48 bits of time and 80 of chance in Crockford's base 32. Ids, not secrets: loading crypto would cost 7 ms. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

export const ulid = (nowMs: number = Date.now()): string => {
  let time = ""
  for (let left = nowMs; time.length < 10; left = Math.floor(left / 32)) time = alphabet[left % 32] + time
  return time + Array.from({ length: 16 }, () => alphabet[Math.floor(Math.random() * 32)]).join("")
}
