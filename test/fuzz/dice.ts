/** Chance by a seed: the same seed rolls the same. */

export interface Dice {
  /** From 0 to 1, without 1. */
  readonly roll: () => number
  /** From 0 to `most` - 1. */
  readonly below: (most: number) => number
  readonly chance: (share: number) => boolean
  readonly pick: <A>(from: ReadonlyArray<A>) => A
}

/** mulberry32. */
export const dice = (seed: number): Dice => {
  let state = seed >>> 0
  const roll = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (most: number) => Math.floor(roll() * most)
  return { roll, below, chance: (share) => roll() < share, pick: (from) => from[below(from.length)]! }
}
