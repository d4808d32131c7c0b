/** What a system says when it does not do what it was asked. */

export const codeOf = (error: unknown): string => {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === "string" ? code : ""
}

/** Nothing is there, and so nobody. */
export const ignoreMissing = (error: unknown): void => {
  if (codeOf(error) !== "ENOENT") throw error
}

/** At a socket. */
export const isNobody = (error: unknown): boolean => ["ENOENT", "ECONNREFUSED"].includes(codeOf(error))
