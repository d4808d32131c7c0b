/** A machine that has no Node is given one, by the way that leads there; where none does, what its owner can do is said. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { type BringOptions, bringNode } from "../../../daemon/remote/bring-node.ts"
import { Connections } from "../../../daemon/remote/Connections.ts"
import type { Ground } from "../../../daemon/remote/ground.ts"
import { buildFor, pinned } from "../../../daemon/remote/node-builds.ts"
import { places } from "../../../machine/places.ts"
import { here, NodeMirror } from "../../fakes/node-mirror.ts"
import { find, programs } from "../../fakes/shells.ts"
import { keyPair } from "../../fakes/ssh-keys.ts"
import { SshServer } from "../../fakes/ssh-server.ts"

const pair = keyPair()
const key = join(mkdtempSync(join(tmpdir(), "key-")), "id")
writeFileSync(key, pair.private, { mode: 0o600 })
const few = ["sh", "dd", "mkdir", "find", "rm", "chmod", "mv", "sed", "tail", "cat", "wc"]

const machine = async (...names: ReadonlyArray<string>) => {
  const server = await SshServer.start([pair])
  server.knobs.path = programs(...few, ...names)
  onTestFinished(() => server.stop())
  return server
}
const mirrorNow = async (program?: string) => {
  const mirror = await NodeMirror.start(program)
  onTestFinished(() => mirror.stop())
  return mirror
}
const bring = (server: SshServer, options: BringOptions, changes: Partial<Ground> = {}) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const ground: Ground = { ...here, packing: "plain", ...changes }
      return yield* bringNode(
        yield* Connections,
        server.target({ identityFiles: [key] }),
        ground,
        places(`${server.home}/.skyd-node`),
        options
      )
    }).pipe(Effect.provide(Connections.layer()))
  )
const versions = (server: SshServer) => {
  const folder = join(server.home, ".skyd-node/node")
  return existsSync(folder) ? readdirSync(folder).filter((version) => existsSync(join(folder, version, "bin/node"))) : []
}
const fails = (brought: Promise<string>) => brought.then(expect.unreachable, (error: Error) => error.message)
const foreign = { os: "linux", arch: "riscv64" } as const

describe("a machine without Node", () => {
  it.each([
    ["plain", []],
    ["gzip", ["gzip"]],
    ["zstd", ["zstd"]]
  ] as const)("like ours is given ours, %s, whatever there is of a network", async (packing, tools) => {
    if (!tools.every(find)) return
    const server = await machine(...tools)
    const path = await bring(server, { mirror: null }, { packing })
    expect(path).toBe(`${server.home}/.skyd-node/node/${process.version}/bin/node`)
    expect(readFileSync(path).equals(readFileSync(process.execPath))).toBe(true)
  })

  it("fetches its own where a mirror is named", async () => {
    const server = await machine("curl", "sha256sum", "tar", "gzip")
    const mirror = await mirrorNow()
    await bring(server, { mirror: `${mirror.url}/`, release: mirror.release })
    expect([versions(server), mirror.asked.length]).toEqual([["v99.1.0"], 1])
  })

  it.each([
    ["no program that fetches", ["gzip"]],
    ["nothing that takes a SHA-256", ["curl", "gzip"]],
    ["no tar", ["curl", "sha256sum", "gzip"]]
  ])("and with %s has it fetched here, checked and pushed", async (_, tools) => {
    const server = await machine(...tools)
    const mirror = await mirrorNow()
    const path = await bring(server, { mirror: mirror.url, release: mirror.release }, { packing: "gzip" })
    expect(readFileSync(path, "utf8")).toBe("#!/bin/sh\necho v99.1.0\n")
  })

  it("of which fifty come at once is had from memory here", async () => {
    const server = await machine()
    const mirror = await mirrorNow()
    const options = { mirror: mirror.url, release: mirror.release }
    await Promise.all([bring(server, options), bring(server, options), bring(server, options)])
    await bring(server, options)
    expect(mirror.asked).toHaveLength(1)
  })

  it("is given ours where the mirror does not have what is pinned", async () => {
    const server = await machine("curl", "sha256sum", "tar", "gzip")
    const mirror = await mirrorNow()
    mirror.archive = Buffer.from("another")
    await bring(server, { mirror: mirror.url, release: mirror.release })
    expect(versions(server)).toEqual([process.version])
  })

  it("that ours is not for, nor any build, is told so, and what to do", async () => {
    const server = await machine()
    const said = await fails(bring(server, { mirror: null }, foreign))
    expect(said).toBe(
      `box has no Node 22 or newer, and none can be brought: ours is for ${process.platform} ${process.arch}, not for linux riscv64; there is no build of Node for linux-riscv64. Install Node 22 or newer there, where a login shell finds it`
    )
  })

  it("whose libc is too old or another than ours is told so before anything is sent", async () => {
    const server = await machine()
    const old = await fails(bring(server, { mirror: null }, { libc: "2.17" }))
    expect(old).toContain("ours needs glibc 2.28, and it has 2.17; builds of Node need glibc 2.28, and it has 2.17. Install Node 22")
    const release = { ...pinned, digests: {} }
    const musl = await fails(bring(server, { mirror: null, release }, { libc: "musl" }))
    expect(musl).toContain("ours is for glibc, and it has musl; there is no build of Node for ")
    expect(musl).toContain("(Alpine: apk add nodejs)")
    expect(existsSync(join(server.home, ".skyd-node"))).toBe(false)
  })

  it("on which none of them runs is told why, by its own words", async () => {
    const server = await machine("curl", "sha256sum", "tar", "gzip")
    const mirror = await mirrorNow("#!/bin/sh\necho 'libatomic.so.1: cannot open shared object file' >&2; exit 127\n")
    const said = await fails(bring(server, { mirror: mirror.url, release: mirror.release }, { libc: "2.20" }))
    expect(said).toContain("it does not run there: libatomic.so.1: cannot open shared object file; ours needs glibc 2.28, and it has 2.20.")
    expect(versions(server)).toEqual([])
  })

  it("whose folder cannot be written is told that alone", async () => {
    const server = await machine()
    symlinkSync("nowhere", join(server.home, ".skyd-node"))
    const said = await fails(bring(server, { mirror: null }))
    expect(said).toMatch(/^on box \S+\.skyd-node is a link that leads nowhere: make the folder that it leads to, or remove it$/)
  })
})

describe("a build", () => {
  it.each([
    ["linux", "x64", "2.36", "linux-x64"],
    ["linux", "arm64", null, "linux-arm64"],
    ["linux", "x64", "musl", "linux-x64-musl"],
    ["darwin", "arm64", null, "darwin-arm64"]
  ])("for %s %s with libc %s is %s of the pinned version, from Node's own site unless a mirror is named", (os, arch, libc, platform) => {
    const ground = { ...here, os, arch, libc }
    const file = `${pinned.version}/node-${pinned.version}-${platform}.tar.gz`
    expect(buildFor(ground, null, pinned)).toMatchObject({ url: `https://nodejs.org/dist/${file}`, sha256: pinned.digests[platform] })
    expect(buildFor(ground, "http://10.0.0.1/node/", pinned)).toMatchObject({ url: `http://10.0.0.1/node/${file}` })
  })
})
