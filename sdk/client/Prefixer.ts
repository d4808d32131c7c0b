/**
 * Prefixes the lines of a job's log. Everything else passes unharmed: carriage returns, bytes that are not UTF-8, a last line without
 * newline. One rank is written through at once; of several, unfinished lines are held back, so that lines do not mix.
 */
type Bytes = string | Buffer

/** An unfinished line longer than this is no line. */
const heldMaxBytes = 1024 * 1024

interface Source {
  readonly prefix: string
  atLineStart: boolean
  held: Array<Bytes>
  heldBytes: number
}

interface Prefixer {
  readonly source: (rank: number, prefix: string) => void
  readonly push: (rank: number, bytes: Bytes) => void
  /** Flushes what is held. True when the last line has no newline. */
  readonly end: () => boolean
}

/** Bytes that are not UTF-8 go through latin1, which maps each of them to one character and back. */
const addPrefix = (source: Source, bytes: Bytes): Bytes => {
  const raw = typeof bytes !== "string"
  const text = raw ? bytes.toString("latin1") : bytes
  const prefix = raw ? Buffer.from(source.prefix).toString("latin1") : source.prefix
  const endsLine = text.endsWith("\n")
  const body = endsLine ? text.slice(0, -1) : text
  const out = (source.atLineStart ? prefix : "") + (prefix ? body.replaceAll("\n", `\n${prefix}`) : body) + (endsLine ? "\n" : "")
  source.atLineStart = endsLine
  return raw ? Buffer.from(out, "latin1") : out
}

export const makePrefixer = (write: (bytes: Bytes) => void, dress = (prefix: string) => prefix): Prefixer => {
  const sources = new Map<number, Source>()

  const release = (source: Source): void => {
    for (const bytes of source.held) write(bytes)
    source.held = []
    source.heldBytes = 0
  }

  const source = (rank: number, prefix: string): Source => {
    for (const first of sources.values()) {
      if (sources.size > 1 || first.atLineStart) break
      write("\n")
      first.atLineStart = true
    }
    // A setup's last line may have no end; the run of the same rank begins below it.
    const before = sources.get(rank)
    if (before !== undefined && before.held.length > 0) {
      release(before)
      write("\n")
    }
    const added = { prefix: dress(prefix), atLineStart: true, held: [], heldBytes: 0 }
    sources.set(rank, added)
    return added
  }

  const push = (rank: number, bytes: Bytes): void => {
    if (bytes.length === 0) return
    const from = sources.get(rank) ?? source(rank, "")
    const dressed = addPrefix(from, bytes)
    const end = sources.size === 1 ? dressed.length : dressed.lastIndexOf("\n") + 1
    if (end > 0) {
      release(from)
      write(dressed.slice(0, end))
    }
    if (end === dressed.length) return
    from.held.push(dressed.slice(end))
    from.heldBytes += dressed.length - end
    if (from.heldBytes > heldMaxBytes) release(from)
  }

  const end = (): boolean => {
    const open = [...sources.values()].filter(({ held }) => held.length > 0)
    for (const [i, from] of open.entries()) {
      release(from)
      if (i < open.length - 1) write("\n")
    }
    return [...sources.values()].some(({ atLineStart }) => !atLineStart)
  }

  return { source, push, end }
}
