/** A position in a key or a name: they sort as the numbers do. */
export const digits = (seq: number) => String(seq).padStart(16, "0")
