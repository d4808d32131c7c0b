/**
 * What happened on this cluster, for the daemon's log. Followers see an entry only when it is on disk; numbers are never used
 * twice, also after a compaction. Damage before the last line means a new journal: its numbers would lie.
 */
import type { JournalEntry, JournalFact } from "../sdk/agent/protocol.ts"
import { AppendFile, type GiveRoom, readLines } from "./durable.ts"
import { ulid } from "./ulid.ts"

const compactAtBytes = 256 * 1024

interface Header {
  readonly journal: string
  readonly acknowledged: number
}

type Follower = (entries: ReadonlyArray<JournalEntry>) => void

const read = (path: string): { header: Header; entries: Array<JournalEntry> } | null => {
  try {
    const [header, ...entries] = readLines(path).map((line) => JSON.parse(line))
    const dense = entries.every(({ n }, index) => n === entries[0].n + index)
    // One that holds nothing keeps its number: the daemon finds what it told missing.
    const told = entries.map((entry) => ({ ...entry, fact: entry.fact ?? {} }))
    return typeof header?.journal === "string" && dense ? { header, entries: told } : null
  } catch {
    return null
  }
}

export class Journal {
  readonly id: string
  readonly isNew: boolean
  lastEntry: number
  /** The last one on disk: what followers have seen. */
  #committed: number
  #acknowledged: number
  #entries: Array<JournalEntry>
  readonly #file: AppendFile
  readonly #followers = new Set<Follower>()

  constructor(path: string, fresh: boolean, giveRoom?: GiveRoom) {
    const found = fresh ? null : read(path)
    this.isNew = found === null
    this.id = found?.header.journal ?? ulid(Date.now())
    this.#acknowledged = found?.header.acknowledged ?? 0
    this.#entries = found?.entries ?? []
    this.lastEntry = this.#entries.at(-1)?.n ?? this.#acknowledged
    this.#committed = this.lastEntry
    this.#file = new AppendFile(path, giveRoom)
    if (found !== null) return
    // A new one needs no waiting for the disk: nobody has heard of it.
    if (this.#file.size === 0) this.#file.append(JSON.stringify(this.#header))
    else this.#rewrite()
  }

  get #header(): Header {
    return { journal: this.id, acknowledged: this.#acknowledged }
  }

  get entries(): ReadonlyArray<JournalEntry> {
    return this.#entries
  }

  get allAcknowledged() {
    return this.#acknowledged >= this.lastEntry
  }

  async append(fact: JournalFact): Promise<void> {
    const entry: JournalEntry = { n: ++this.lastEntry, atMs: Date.now(), fact }
    this.#entries.push(entry)
    await this.#file.append(JSON.stringify(entry))
    // Entries of one group resolve in order; the first to come tells all of them.
    if (entry.n <= this.#committed) return
    const fresh = this.#entries.filter(({ n }) => n > this.#committed && n <= entry.n)
    this.#committed = entry.n
    for (const follower of this.#followers) follower(fresh)
  }

  /** Those after `after` now, later ones as they are on disk. */
  follow(after: number, follower: Follower): () => void {
    const known = this.#entries.filter(({ n }) => n > after && n <= this.#committed)
    if (known.length > 0) follower(known)
    const later: Follower = (entries) => follower(entries.filter(({ n }) => n > after))
    this.#followers.add(later)
    return () => this.#followers.delete(later)
  }

  /** `before` runs when the file is about to forget: what was learned from it must be on disk elsewhere. */
  acknowledge(upTo: number, before: () => void) {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(upTo, this.#committed))
    if (this.#file.size <= compactAtBytes) return
    if ((this.#entries[0]?.n ?? Number.POSITIVE_INFINITY) > this.#acknowledged) return
    before()
    this.#entries = this.#entries.filter(({ n }) => n > this.#acknowledged)
    this.#rewrite()
  }

  #rewrite() {
    this.#file.replace([this.#header, ...this.#entries].map((line) => `${JSON.stringify(line)}\n`).join(""))
  }
}
