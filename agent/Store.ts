/** The agent's memory on disk: records appended, folded to State. Rewritten as one record when most of it is past. */
import { AppendFile, type GiveRoom, readLines } from "./durable.ts"
import type { Record, State } from "./records.ts"
import { apply, emptyState } from "./state.ts"

const compactAtBytes = 1024 * 1024

/**
 * Null when there is none. The first record is the whole state at that time. What a power cut garbled was never answered:
 * everything before it counts.
 */
const readState = (path: string): { readonly state: State | null; readonly whole: boolean } => {
  let state: State | null = null
  for (const line of readLines(path)) {
    try {
      state = apply(state!, JSON.parse(line))
    } catch {
      console.error(`${path} is damaged: its records up to there are taken`)
      return { state, whole: false }
    }
  }
  return { state, whole: true }
}

export class Store {
  state: State
  /** Everything so far is on disk. */
  settled: Promise<void> = Promise.resolve()
  readonly #file: AppendFile
  #compactedBytes = 0

  /** There was none, it was another cluster's or node's, or it was dropped. */
  isNew: boolean

  constructor(path: string, cluster: string, node: string, giveRoom?: GiveRoom) {
    const { state: found, whole } = readState(path)
    this.isNew = found?.cluster !== cluster || found.node !== node
    this.state = this.isNew ? emptyState(cluster, node) : found!
    this.#file = new AppendFile(path, giveRoom)
    if (this.#file.size === 0) this.#file.append(JSON.stringify(this.#whole))
    else if (this.isNew || !whole || this.#file.size > compactAtBytes) this.#compact()
  }

  drop() {
    const { cluster, node } = this.state
    this.isNew = true
    this.state = emptyState(cluster, node)
    this.#compact()
  }

  /** In the state at once; on disk when it resolves. */
  append(record: Record): Promise<void> {
    this.state = apply(this.state, record)
    const written = this.#file.append(JSON.stringify(record))
    this.settled = written
    this.#compactIfLarge()
    return written
  }

  /** In the state at once, and safe from a kill; a power cut may take it back. For what can be found out or done again. */
  note(record: Record): void {
    this.state = apply(this.state, record)
    this.#file.note(JSON.stringify(record))
    this.#compactIfLarge()
  }

  syncNow() {
    this.#file.syncNow()
  }

  get #whole(): Record {
    return { type: "state", state: this.state }
  }

  #compactIfLarge() {
    if (this.#file.size > compactAtBytes + 2 * this.#compactedBytes) this.#compact()
  }

  #compact() {
    this.#file.replace(`${JSON.stringify(this.#whole)}\n`)
    this.#compactedBytes = this.#file.size
  }
}
