/** One word for a POSIX shell, whatever is in it. The only place that writes a value into shell text. */
export const quote = (word: string): string => (/^[\w@+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
