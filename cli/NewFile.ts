/** A file that is there in whole or not at all: written under another name, on disk before it gets its own. Only its owner reads it. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { ClientError } from "../sdk/client/ClientError.ts"
import { exitCodes } from "../sdk/protocol/exit-codes.ts"

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you may not write there",
  ENOENT: "its folder is not there",
  ENOTDIR: "a part of its path is a file",
  EISDIR: "it is a folder",
  ENOSPC: "no space is left",
  EROFS: "nothing can be written there"
}

export class NewFile {
  private readonly path: string
  private readonly fresh: string
  private readonly fd: number

  constructor(path: string) {
    this.path = path
    this.fresh = `${path}.${process.pid}.part`
    this.fd = this.trying(() => openSync(this.fresh, "wx", 0o600))
    // However we end.
    process.once("exit", this.discard)
  }

  write(bytes: string | Buffer): void {
    let rest = Buffer.from(bytes as string)
    while (rest.length > 0) rest = rest.subarray(this.trying(() => writeSync(this.fd, rest)))
  }

  finish(): void {
    this.trying(() => {
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
      throw new ClientError("OutputError", exitCodes.failed, `${this.path} cannot be written: ${reasons[code] ?? message}.`)
    }
  }
}
