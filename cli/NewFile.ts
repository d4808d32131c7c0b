/**
 * A file that is there in whole or not at all: written under another name, on disk before it gets its own. Only its owner reads it.
 * It takes the place of none that holds more than its beginning. A pipe or a device is written to as it is.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync
} from "node:fs"
import { dirname } from "node:path"
import { ClientError } from "../sdk/client/ClientError.ts"
import { unwritableCode } from "../sdk/protocol/exit-codes.ts"

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you may not write there",
  ENOENT: "its folder is not there",
  ENOTDIR: "a part of its path is a file",
  EPIPE: "its reader has gone",
  EISDIR: "it is a folder",
  ENOSPC: "no space is left",
  EROFS: "nothing can be written there"
}

/** Whether a file has these bytes at that place, as far as it goes. */
const isWithin = (bytes: Buffer, file: number, at: number): boolean => {
  const there = Buffer.alloc(bytes.length)
  const read = readSync(file, there, 0, there.length, at)
  return there.subarray(0, read).equals(bytes.subarray(0, read))
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

export class NewFile {
  private readonly isStream: boolean
  private readonly name: string
  /** Where a link leads. */
  private readonly path: string
  private readonly fresh: string
  private readonly fd: number = -1
  /** What has its name already. */
  private readonly old: number | undefined
  private length = 0
  private isSame = true

  constructor(name: string) {
    this.name = name
    const stat = this.trying(() => statSync(name, { throwIfNoEntry: false }))
    this.path = stat?.isFile() ? this.trying(() => realpathSync(name)) : name
    this.isStream = stat?.isFile() === false
    this.fresh = `${this.path}.${process.pid}.part`
    this.old = stat?.isFile() ? this.trying(() => openSync(this.path, "r")) : undefined
    // Before the file is there: a signal may come at any moment after.
    if (!this.isStream) this.listen()
    this.fd = this.trying(() => (this.isStream ? openSync(this.path, "w") : openSync(this.fresh, "wx", 0o600)))
  }

  /** Whether a file has its name already that would be lost. */
  get isTaken(): boolean {
    if (this.isStream) return false
    return this.old === undefined ? existsSync(this.path) : !this.isSame || fstatSync(this.old).size > this.length
  }

  write(bytes: string | Buffer): void {
    let rest = Buffer.from(bytes as string)
    if (this.old !== undefined) this.isSame &&= this.trying(() => isWithin(rest, this.old!, this.length))
    this.length += rest.length
    while (rest.length > 0) rest = rest.subarray(this.trying(() => writeSync(this.fd, rest)))
  }

  finish(): void {
    this.trying(() => {
      if (this.isStream) return closeSync(this.fd)
      fsyncSync(this.fd)
      closeSync(this.fd)
      renameSync(this.fresh, this.path)
      const folder = openSync(dirname(this.path), "r")
      fsyncSync(folder)
      closeSync(folder)
    })
    process.off("exit", this.discard)
    for (const signal of signals) process.off(signal, this.end)
  }

  private listen(): void {
    process.once("exit", this.discard)
    for (const signal of signals) process.on(signal, this.end)
  }

  private readonly discard = () => {
    if (this.fd >= 0) rmSync(this.fresh, { force: true })
  }

  /** Who else listens for the signal ends us, with what is to be ended before. */
  private readonly end = (signal: NodeJS.Signals) => {
    this.discard()
    process.off(signal, this.end)
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }

  private trying<A>(run: () => A): A {
    try {
      return run()
    } catch (cause) {
      const { code = "", message } = cause as NodeJS.ErrnoException
      throw new ClientError("OutputError", unwritableCode(code), `${this.name} cannot be written: ${reasons[code] ?? message}.`)
    }
  }
}
