/** Names by numbers, for columns. Pure. */

/** Numbered as they come. */
export class Names {
  readonly list: Array<string> = []
  readonly #index = new Map<string, number>()
  of(name: string): number {
    const known = this.#index.get(name)
    if (known !== undefined) return known
    this.#index.set(name, this.list.length)
    return this.list.push(name) - 1
  }
}

/** The names in their order, and for each of the old numbers its place there. */
export const sortedWith = (names: ReadonlyArray<string>) => {
  const order = names.map((_, i) => i).sort((a, b) => (names[a]! < names[b]! ? -1 : 1))
  const place: Array<number> = []
  for (const [at, i] of order.entries()) place[i] = at
  return { names: order.map((i) => names[i]!), place }
}
