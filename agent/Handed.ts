/**
 * Which orders to start may be at a worker. Who cancels what never left the head waits for nobody. Of what was placed before the agent
 * was started nobody knows how far it came: it counts as handed on.
 */
import { liveKeys } from "./queue.ts"
import type { State } from "./records.ts"
import { rankKey } from "./state.ts"

export class Handed {
  readonly #before: ReadonlySet<string>
  readonly #said = new Set<string>()

  constructor({ jobs, setups }: State) {
    const placed = Object.entries(jobs).filter(([, { placement }]) => placement !== null)
    this.#before = liveKeys({ jobs: Object.fromEntries(placed), setups })
  }

  add(key: string, rank: number) {
    this.#said.add(rankKey(key, rank))
  }

  has(key: string, rank: number) {
    return this.#before.has(key) || this.#said.has(rankKey(key, rank))
  }

  delete(key: string, rank: number) {
    this.#said.delete(rankKey(key, rank))
  }
}
