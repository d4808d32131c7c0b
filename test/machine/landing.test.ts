/** Targets on a user's machine that do not lie below its home, and those on a node whose home is its own. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { read, write } from "../unit/sync/tree.ts"
import { ground, isRoot, openToOthers, other, startReceive, sync, useGround } from "./receiving.ts"

describe("an absolute target on a user's machine", () => {
  useGround("user")
  let outside: string
  /** Where the data of a target lies. */
  const data = (target: string) => join(ground.home, ".sky/file_mounts", target)

  beforeEach(() => {
    outside = join("/var/tmp", `skyd-o-${process.pid}`)
    rmSync(outside, { recursive: true, force: true })
    write(ground.from, { a: "1" })
  })
  afterEach(() => rmSync(outside, { recursive: true, force: true }))

  it("becomes a link to what lies below ~/.sky/file_mounts; a link that is there is replaced", async () => {
    const target = join(outside, "deep/er")
    await sync({ target })
    expect(readlinkSync(target)).toBe(data(target))
    expect(read(data(target))).toEqual({ a: "1" })
    expect(await sync({ target })).toEqual({ files: 0, bytes: 0 })
    rmSync(target)
    symlinkSync("elsewhere", target)
    await sync({ target })
    expect(readlinkSync(target)).toBe(data(target))
    expect(read(join(outside, "deep"))).toEqual({ er: `-> ${data(target)}` })
  })

  it("may be one file, beside others", async () => {
    write(outside, { other: "stays" })
    const target = join(outside, "tool")
    await sync({ from: join(ground.from, "a"), target })
    expect(readlinkSync(target)).toBe(data(target))
    expect(read(outside)).toEqual({ other: "stays", tool: `-> ${data(target)}` })
  })

  it("below another's is there with it", async () => {
    await sync({ target: outside })
    await sync({ target: join(outside, "sub") })
    expect(read(data(outside))).toEqual({ a: "1", "sub/": "", "sub/a": "1" })
    expect(lstatSync(join(outside, "sub")).isDirectory()).toBe(true)
  })

  it("that is a real file or folder is an error that says so, before anything is sent", async () => {
    write(outside, { "folder/x": "1", file: "1" })
    for (const [name, what] of [
      ["folder", "a folder"],
      ["file", "a file"]
    ]) {
      const target = join(outside, name!)
      await expect(sync({ target })).rejects.toThrow(`${target} is already there as ${what}: remove it, or choose another target.`)
      expect(read(data(target))).toEqual({})
    }
    expect(read(outside)).toEqual({ "folder/": "", "folder/x": "1", file: "1" })
  })

  it("below /tmp is taken as it is", async () => {
    const target = `/tmp/skyd-t-${process.pid}/x`
    try {
      await sync({ target })
      expect(read(target)).toEqual({ a: "1" })
      expect(existsSync(join(ground.home, ".sky"))).toBe(false)
    } finally {
      rmSync(join(target, ".."), { recursive: true, force: true })
    }
  })

  describe.skipIf(!isRoot)("where only root may write", () => {
    /** A `sudo` in front of the real one, if there is one. */
    const withSudo = (script: string) => {
      write(ground.scratch, { "bin/sudo": `#!/bin/sh\n${script}\n` })
      chmodSync(join(ground.scratch, "bin/sudo"), 0o755)
      return startReceive({ ...process.env, PATH: `${join(ground.scratch, "bin")}:${process.env.PATH}` }, other)
    }
    /** Its own, but for that one. */
    const othersAlone = () => {
      mkdirSync(outside)
      openToOthers()
      chownSync(ground.home, other, other)
    }

    it("is made by sudo, and the folders on the way are the user's", async () => {
      othersAlone()
      copyFileSync("/usr/bin/env", join(ground.scratch, "as-root"))
      chmodSync(join(ground.scratch, "as-root"), 0o4755)
      const child = withSudo(`[ "$1" = -n ] || exit 1\nshift\nexec ${join(ground.scratch, "as-root")} "$@"`)
      const target = join(outside, "new/er/it")
      await sync({ child, target })
      expect(readlinkSync(target)).toBe(data(target))
      expect(["new", "new/er", "."].map((name) => statSync(join(outside, name)).uid)).toEqual([other, other, 0])
    })

    it("is an error that says what sudo said, or that there is none", async () => {
      othersAlone()
      const target = join(outside, "it")
      const refused = sync({ child: withSudo("echo a password is required >&2; exit 1"), target })
      await expect(refused).rejects.toThrow(`${target} can be made by root alone, and sudo says: a password is required.`)
      const child = startReceive({ ...process.env, PATH: join(ground.scratch, "none") }, other)
      await expect(sync({ child, target })).rejects.toThrow("there is no sudo.")
      expect(read(outside)).toEqual({})
    })
  })
})

describe("on a node whose home is its own", () => {
  useGround("node")

  it("only what is below that home is a target, and a link on the way there is no way out of it", async () => {
    write(ground.from, { a: "1" })
    const mine = join(ground.scratch, "mine")
    mkdirSync(mine)
    symlinkSync(mine, join(ground.home, "w"))
    await sync({ target: "w/deep" })
    expect(read(mine)).toEqual({})
    expect(read(join(ground.home, "w"))).toEqual({ "deep/": "", "deep/a": "1" })
    for (const target of ["/tmp/x", join(ground.scratch, "x")])
      await expect(sync({ target })).rejects.toMatchObject({ kind: "Refused", code: "OutsideHome" })
    writeFileSync(join(ground.from, "b"), "2")
    await sync({ target: "" })
    expect(read(ground.home)).toMatchObject({ a: "1", b: "2", "sky_workdir/": "" })
  })
})
