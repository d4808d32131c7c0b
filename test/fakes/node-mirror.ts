/** A mirror of Node's builds with one build of its own: a script that says the version, for this machine. */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Ground } from "../../daemon/remote/ground.ts"
import { type Build, buildFor, type Release } from "../../daemon/remote/node-builds.ts"

export const here = { os: process.platform, arch: process.arch, libc: null } as unknown as Ground

export class NodeMirror {
  readonly release: Release
  readonly asked: Array<string> = []
  /** What it answers with; null: there is no such thing. */
  archive: Buffer | null
  private readonly server: Server

  private constructor(version: string, program: string) {
    const folder = mkdtempSync(join(tmpdir(), "mirror-"))
    const name = `node-${version}-${process.platform}-${process.arch}`
    mkdirSync(join(folder, name, "bin"), { recursive: true })
    writeFileSync(join(folder, name, "README.md"), "x".repeat(5000))
    writeFileSync(join(folder, name, "bin/node"), program, { mode: 0o755 })
    execFileSync("tar", ["-czf", "a.tgz", name], { cwd: folder })
    this.archive = readFileSync(join(folder, "a.tgz"))
    const sha256 = createHash("sha256").update(this.archive).digest("hex")
    this.release = { version, glibcMin: "2.1", digests: { [`${process.platform}-${process.arch}`]: sha256 } }
    this.server = createServer(({ url = "" }, response) => {
      this.asked.push(url)
      if (this.archive === null) response.writeHead(404).end()
      else response.end(this.archive)
    })
  }

  static async start(program = "#!/bin/sh\necho v99.1.0\n", address = "127.0.0.1", version = "v99.1.0"): Promise<NodeMirror> {
    const mirror = new NodeMirror(version, program)
    await new Promise<void>((done) => mirror.server.listen(0, address, done))
    return mirror
  }

  get url(): string {
    const { address, port } = this.server.address() as AddressInfo
    return `http://${address}:${port}/dist`
  }
  get build(): Build {
    return buildFor(here, this.url, this.release) as Build
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((done) => this.server.close(done))
  }
}
