/** Names of fields as callers write them, and as a task file, the wire and the log do. What is the user's own keeps its spelling. */

/** `instanceType` to `instance_type`. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** `instance_type` to `instanceType`. */
export const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Keys of the file, without those that are undefined. */
export const toFile = (given: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(given)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [snake(name), value])
  )

/** Keys of the caller, of a flat mapping. */
export const toOptions = (fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [camel(name), value]))
