/**
 * The bytes of one rank's log on this node as `log` frames: `text` where they are UTF-8, cut between characters, else `base64`.
 * An empty one comes first: from where it begins, a reader can go on later. Nothing is read while the reader's socket is full.
 */
import { isUtf8 } from "node:buffer"
import { join } from "node:path"
import type { Folder } from "./Folder.ts"
import type { Ranks } from "./Ranks.ts"
import { readLog, tailOffset } from "./read-log.ts"
import type { Stream } from "./Server.ts"

export interface RankLogs {
  readonly key: string
  readonly rank: number
  readonly log: string
  readonly follow: boolean
  readonly tail: number | null
  /** Stronger than `tail`. */
  readonly from: number | null
}

/** How many bytes at the end begin a character that is not complete. Pure. */
export const incompleteTail = (bytes: Uint8Array): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return length > back ? back : 0
  }
  return 0
}

const frameOf = (bytes: Buffer) => (isUtf8(bytes) ? { text: bytes.toString("utf8") } : { base64: bytes.toString("base64") })

export const streamRank = async (folder: Folder, ranks: Ranks, wish: RankLogs, stream: Stream): Promise<void> => {
  const path = join(folder.home, wish.log)
  const isOver = () => !wish.follow || (ranks.view(wish.key, wish.rank)?.quiet ?? true)
  const from = wish.from ?? (wish.tail === null ? 0 : tailOffset(path, wish.tail))
  let rest: Buffer = Buffer.alloc(0)
  let end = from
  const send = (bytes: Buffer, to: number) => stream.send("log", { rank: wish.rank, source: wish.log, to, ...frameOf(bytes) })
  send(rest, from)
  for await (const { bytes, to } of readLog(path, { from, isOver, onTurn: (wake) => ranks.watch(wake), signal: stream.signal })) {
    const whole = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    const cut = whole.length - incompleteTail(whole)
    rest = whole.subarray(cut)
    end = to
    if (cut > 0) send(whole.subarray(0, cut), to - rest.length)
    if (stream.full) await stream.drained()
  }
  if (rest.length > 0) send(rest, end)
}
