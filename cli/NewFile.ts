/**
 * A file that is there in whole or not at all: written under another name, on disk before it gets its own. Only its owner reads it.
 * A pipe or a device is written to as it is.
 */
import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { ClientError } from "../sdk/client/ClientError.ts"
import { exitCodes } from "../sdk/protocol/exit-codes.ts"

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you may not write there",
  ENOENT: "its folder is not there",
  ENOTDIR: "a part of its path is a file",
  EPIPE: "its reader has gone",
  EISDIR: "it is a folder",
  ENOSPC: "no space is left",
  EROFS: "nothing can be written there"
}

export class NewFile {
  private readonly isStream: boolean
  private readonly name: string
  /** Where a link leads. */
  private readonly path: string
  private readonly fresh: string
  private readonly fd: number

  constructor(name: string) {
    this.name = name
    const stat = this.trying(() => statSync(name, { throwIfNoEntry: false }))
    this.path = stat?.isFile() ? this.trying(() => realpathSync(name)) : name
    this.isStream = stat?.isFile() === false
    this.fresh = `${this.path}.${process.pid}.part`
    this.fd = this.trying(() => (this.isStream ? openSync(this.path, "w") : openSync(this.fresh, "wx", 0o600)))
    // However we end.
    if (!this.isStream) process.once("exit", this.discard)
  }

  /** Whether another file has its name already. */
  get isTaken(): boolean {
    return !this.isStream && existsSync(this.path)
  }

  write(bytes: string | Buffer): void {
    let rest = Buffer.from(bytes as string)
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
  }

  private readonly discard = () => rmSync(this.fresh, { force: true })

  private trying<A>(run: () => A): A {
    try {
      return run()
    } catch (cause) {
      const { code = "", message } = cause as NodeJS.ErrnoException
      throw new ClientError("OutputError", exitCodes.failed, `${this.name} cannot be written: ${reasons[code] ?? message}.`)
    }
  }
}
