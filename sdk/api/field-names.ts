/** Names of fields as callers write them, and as a task file, the wire and the log do. What is the user's own keeps its spelling. */

/** `instanceType` to `instance_type`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Keys of the file, without those that are undefined. */
export const toFile = (given: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(given)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [snake(name), value])
  )

/** Without what says nothing. */
export const present = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
