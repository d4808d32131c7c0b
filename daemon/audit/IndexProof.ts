/**
 * Whether the index is what the events make of it: an entry for each event under its stream, for each request, for each name that is
 * taken, and none besides. Keeps four bytes per event, and the keys of requests and names.
 */
import { freedKeysOf, keysOf } from "../../events/keys.ts"
import type { Recorded } from "../../events/Recorded.ts"
import type { Damage } from "../../sdk/protocol/audit.ts"
import type { Indexed } from "../log/LogStore.ts"

/** FNV-1a, never 0. */
const fingerprint = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0 || 1
}

const isMoved = (key: string) => key.startsWith("request/") || key.startsWith("name/")
const said = (seq: number, message: string): Damage => ({ kind: "index", seq, message })

/** What a run of events leaves in the index. */
export interface Trace {
  readonly first: number
  /** The fingerprints of their streams. */
  readonly streams: Uint32Array
  /** Requests and names, with the event that took them; 0: it was given back. */
  readonly moved: ReadonlyArray<readonly [key: string, seq: number]>
}

/** Event by event: a run that were kept until its end would cost more to keep than to prove. */
export class Tracer {
  private readonly first: number
  private readonly streams: Uint32Array
  private readonly moved: Array<readonly [string, number]> = []

  constructor(first: number, length: number) {
    this.first = first
    this.streams = new Uint32Array(length)
  }

  add(recorded: Recorded): void {
    for (const key of keysOf(recorded)) {
      if (isMoved(key)) this.moved.push([key, recorded.seq])
      else this.streams[recorded.seq - this.first] = fingerprint(key)
    }
    for (const key of freedKeysOf(recorded)) this.moved.push([key, 0])
  }

  /** Of as many as were added. */
  trace(length: number): Trace {
    return { first: this.first, streams: this.streams.subarray(0, length), moved: this.moved }
  }
}

export class IndexProof {
  /** By event: the fingerprint of its stream; 0 once its entry was seen. */
  private streams = new Uint32Array(4096)
  private readonly moved = new Map<string, number>()
  private last = 0

  add({ first, moved, streams }: Trace): void {
    this.last = first + streams.length - 1
    if (this.last >= this.streams.length) {
      const larger = new Uint32Array(this.last * 2)
      larger.set(this.streams)
      this.streams = larger
    }
    this.streams.set(streams, first)
    for (const [key, seq] of moved) {
      if (seq === 0) this.moved.delete(key)
      else this.moved.set(key, seq)
    }
  }

  /** After all events. */
  check({ key, seq }: Indexed): Damage | null {
    if (isMoved(key)) {
      const right = this.moved.get(key)
      this.moved.delete(key)
      if (right === seq) return null
      return said(
        seq,
        `The index has ${key} at event ${seq}, ${right === undefined ? "which did not take it" : `and it is at event ${right}`}.`
      )
    }
    if (seq <= this.last && this.streams[seq] === fingerprint(key)) {
      this.streams[seq] = 0
      return null
    }
    return said(seq, `The index has event ${seq} under '${key}', where it is not.`)
  }

  /** What has no entry. */
  end(): Damage | null {
    const seq = this.streams.findIndex((print) => print !== 0)
    if (seq > 0) return said(seq, `The index does not have event ${seq} under its stream.`)
    for (const [key, at] of this.moved) return said(at, `The index does not have ${key}, which is at event ${at}.`)
    return null
  }
}
