/**
 * How a script gets to a machine: over stdin, before its own input. The login shell there, whichever it is, sees one fixed line with a
 * number and a mark in it; `sh` reads so many bytes one by one and runs them where they begin and end with the mark, and what follows is
 * the script's. Where a login file has read of them before, nothing is run: the rest would be somebody's data. The mark comes first on
 * stdout: what was printed before it is dropped, and where it never comes, our script never ran.
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
/** After the mark, before our script is read, and where it is not whole. */
const begun = "-begun"
const torn = "-torn"
/** What a user sets for Node programs of his own would change ours, or keep them from starting. */
const ofNode = ["NODE_OPTIONS", "NODE_PATH", "NODE_V8_COVERAGE"]
const readsOurs = "a login file there reads from the standard input, which is ours: let it do so in a terminal alone ([ -t 0 ])"
/** Silence after the end of what we asked for, where something that a login file started keeps the channel. */
const leftOpenMs = 1000

export interface Prologue {
  /** For the login shell. */
  readonly command: string
  /** First on stdin. */
  readonly script: Buffer
  /** A line of stdout, after which all is the script's. */
  readonly mark: string
}

/** `sh` alone reads it, never a login shell. */
const wordOf = (text: string): string => {
  if (text.includes("\0")) throw new RangeError("an argument cannot hold a zero byte")
  return quote(text)
}

export const prologue = (script: string, args: ReadonlyArray<string>): Prologue => {
  const mark = `skyd-${randomBytes(8).toString("hex")}`
  const beginning = `umask u=rwx\nunset ${ofNode.join(" ")}\nprintf '%s\\n' ${mark}\nset -- ${args.map(wordOf).join(" ")}`
  const bytes = Buffer.from(`#${mark}\n${beginning}\n${script}\n#${mark}`)
  if (bytes.length > scriptMaxBytes) throw new RangeError(`a script of ${bytes.length} bytes is too long: ${scriptMaxBytes} at most`)
  const load = [
    "command -v dd >/dev/null || { PATH=${PATH:+$PATH:}/usr/bin:/bin; export PATH; }",
    `echo ${mark}${begun}`,
    `s=$(dd ibs=1 obs=4096 count=${bytes.length} 2>/dev/null) || exit`,
    `case $s in "#${mark}"*"#${mark}") eval "$s"; exit; esac`,
    `echo ${mark}${torn}`
  ]
  return { command: `exec /bin/sh -c '${load.join("; ")}'`, script: bytes, mark }
}

/** A program and its arguments, in place of the shell. */
export const program = (command: ReadonlyArray<string>): string => `exec ${command.map(wordOf).join(" ")}`

/**
 * When all of its output has come: its close waits for the end of stdout alone. It never closes while something holds its output that a
 * login file has left in the background: then it is over when it has ended and nothing more is said.
 */
export const whenOver = (channel: ClientChannel, over: () => void): void => {
  let silence: NodeJS.Timeout | undefined
  let isOver = false
  const end = () => {
    clearTimeout(silence)
    if (!isOver) over()
    isOver = true
  }
  const wait = () => {
    clearTimeout(silence)
    silence = setTimeout(() => {
      // What is not read yet is waited for.
      if (channel.isPaused()) return wait()
      end()
      channel.close()
    }, leftOpenMs)
  }
  channel.once("exit", () => {
    wait()
    for (const output of [channel, channel.stderr]) output.on("data", () => isOver || wait())
  })
  channel.once("close", () => {
    clearTimeout(silence)
    if (channel.stderr.readableEnded) end()
    else channel.stderr.once("end", end)
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
    const late = `its shell does not come to what we ask of it within ${markMaxMs / 1000} s`
    this.timer = setTimeout(() => this.giveUp(this.held.includes(`${mark}${begun}`) ? readsOurs : late), markMaxMs)
  }

  get noise(): string {
    const [said = ""] = this.held.toString().split(this.mark)
    return this.found
      ? ""
      : said
          .replaceAll(/[\p{Cc}\s]+/gu, " ")
          .trim()
          .slice(0, noiseMaxChars)
  }

  take(chunk: Buffer): Buffer {
    if (this.found) return chunk
    if (this.never === undefined) return Buffer.alloc(0)
    this.held = Buffer.concat([this.held, chunk])
    const at = this.held.indexOf(`${this.mark}\n`)
    if (at === -1) {
      if (this.held.includes(`${this.mark}${torn}`)) this.giveUp(readsOurs)
      else if (this.held.length > noiseMaxBytes) this.giveUp("its shell says more than we hear out before it comes to what we ask of it")
      return Buffer.alloc(0)
    }
    this.found = true
    const rest = this.held.subarray(at + this.mark.length + 1)
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
