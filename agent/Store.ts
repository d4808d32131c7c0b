/** The agent's memory on disk: records appended, folded to State. Rewritten as one record when most of it is past. */
import { AppendFile, readLines } from "./durable.ts"
import { apply, emptyState, type Record, type State } from "./state.ts"

const compactAtBytes = 1024 * 1024

/** Null when there is none. The first record is the whole state at that time. */
const readState = (path: string): State | null => {
  let state: State | null = null
  for (const line of readLines(path)) state = apply(state!, JSON.parse(line))
  return state
}

export class Store {
  state: State
  readonly #file: AppendFile
  #compactedBytes = 0

  /** There was none, or it was another cluster's or node's. */
  readonly isNew: boolean

  constructor(path: string, cluster: string, node: string) {
    const found = readState(path)
    this.isNew = found?.cluster !== cluster || found.node !== node
    this.state = this.isNew ? emptyState(cluster, node) : found!
    this.#file = new AppendFile(path)
    if (this.isNew || this.#file.size > compactAtBytes) this.#compact()
  }

  /** In the state at once; on disk when it resolves. */
  append(record: Record): Promise<void> {
    this.state = apply(this.state, record)
    const written = this.#file.append(JSON.stringify(record))
    if (this.#file.size > compactAtBytes + 2 * this.#compactedBytes) this.#compact()
    return written
  }

  syncNow() {
    this.#file.syncNow()
  }

  #compact() {
    this.#file.replace(`${JSON.stringify({ type: "state", state: this.state } satisfies Record)}\n`)
    this.#compactedBytes = this.#file.size
  }
}
