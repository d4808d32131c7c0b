/**
 * How a script gets to a machine: over stdin, before its own input. The login shell there, whichever it is, sees one fixed line with a number in it; `sh`
 * reads so many bytes one by one and runs them, and what follows is the script's. A line of its own comes first on stdout: what a login file printed
 * before it is dropped, and where it never comes, our script never ran.
 */
import { randomBytes } from "node:crypto"
import type { ClientChannel } from "ssh2"
import { quote } from "../../sdk/quote.ts"

/** Read byte by byte there: a script is short, what is long is its input. */
const scriptMaxBytes = 128 * 1024
/** What login files print before us. */
const noiseMaxBytes = 1024 * 1024
/** And how long they may take; a link that is dead is found first. */
const markMaxMs = 13_000
/** Of what they printed, in messages. */
const noiseMaxChars = 300

export interface Prologue {
  /** For the login shell. */
  readonly command: string
  /** First on stdin. */
  readonly script: Buffer
  /** First on stdout. */
  readonly mark: string
}

/** `sh` alone reads it, never a login shell. */
const wordOf = (text: string): string => {
  if (text.includes("\0")) throw new RangeError("an argument cannot hold a zero byte")
  return quote(text)
}

export const prologue = (script: string, args: ReadonlyArray<string>): Prologue => {
  const mark = `skyd-${randomBytes(8).toString("hex")}`
  const bytes = Buffer.from(`umask u=rwx\nprintf '%s\\n' ${mark}\nset -- ${args.map(wordOf).join(" ")}\n${script}\n`)
  if (bytes.length > scriptMaxBytes) throw new RangeError(`a script of ${bytes.length} bytes is too long: ${scriptMaxBytes} at most`)
  return { command: `exec /bin/sh -c 'eval "$(dd ibs=1 obs=4096 count=${bytes.length} 2>/dev/null)"'`, script: bytes, mark: `${mark}\n` }
}

/** A program and its arguments, in place of the shell. */
export const program = (command: ReadonlyArray<string>): string => `exec ${command.map(wordOf).join(" ")}`

/** When all of its output has come: its close waits for the end of stdout alone. */
export const whenOver = (channel: ClientChannel, over: () => void): void => {
  channel.once("close", () => {
    if (channel.stderr.readableEnded) over()
    else channel.stderr.once("end", over)
  })
}

/** What comes after the mark; what came before it is kept for messages. Where it does not come, that is told once. */
export class AfterMark {
  found = false
  private held = Buffer.alloc(0)
  private readonly mark: string
  private readonly timer: NodeJS.Timeout
  private never: ((why: string) => void) | undefined

  constructor(mark: string, never: (why: string) => void) {
    this.mark = mark
    this.never = never
    this.timer = setTimeout(() => this.giveUp(`its shell does not come to what we ask of it within ${markMaxMs / 1000} s`), markMaxMs)
  }

  get noise(): string {
    const said = this.held.toString().replaceAll(/[\p{Cc}\s]+/gu, " ")
    return this.found ? "" : said.trim().slice(0, noiseMaxChars)
  }

  take(chunk: Buffer): Buffer {
    if (this.found) return chunk
    if (this.never === undefined) return Buffer.alloc(0)
    this.held = Buffer.concat([this.held, chunk])
    const at = this.held.indexOf(this.mark)
    if (at === -1) {
      if (this.held.length > noiseMaxBytes) this.giveUp("its shell says more than we hear out before it comes to what we ask of it")
      return Buffer.alloc(0)
    }
    this.found = true
    const rest = this.held.subarray(at + this.mark.length)
    this.held = Buffer.alloc(0)
    this.end()
    return rest
  }

  /** It is not waited for any more. */
  end(): void {
    clearTimeout(this.timer)
    this.never = undefined
  }

  private giveUp(why: string): void {
    const { never, noise } = this
    this.end()
    never?.(noise === "" ? why : `${why}: ${noise}`)
  }
}

/** Keeps so much of an output and reads the rest away. */
export class Kept {
  truncated = false
  private readonly chunks: Array<Buffer> = []
  private bytes = 0
  private readonly maxBytes: number

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  take(chunk: Buffer): void {
    const room = this.maxBytes - this.bytes
    if (chunk.length > room) this.truncated = true
    const part = chunk.subarray(0, room)
    this.bytes += part.length
    if (part.length > 0) this.chunks.push(part)
  }

  get all(): Buffer {
    return Buffer.concat(this.chunks)
  }
}
