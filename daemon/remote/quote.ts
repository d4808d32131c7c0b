/** One word for a POSIX shell, whatever is in it. The only place that writes a value into shell text; `sh` alone reads it, never a login shell. */
export const quote = (word: string): string => {
  if (word.includes("\0")) throw new RangeError("an argument cannot hold a zero byte")
  return /^[\w@%+=:,./-]+$/.test(word) && !word.includes("=") ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
