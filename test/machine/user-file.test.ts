/** A file of the user's own stays what it is, and where it is, when a line of ours comes and goes. */
import { execFileSync } from "node:child_process"
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { changeOwn, readOwn } from "../../machine/user-file.ts"

let scratch: string
let home: string | undefined
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "skyd-u-"))
  home = process.env.HOME
  process.env.HOME = scratch
})
afterEach(() => {
  process.env.HOME = home
  rmSync(scratch, { recursive: true, force: true })
})
const add = () => changeOwn("config", (text) => `ours\n${text}`)
const file = () => join(scratch, ".ssh/config")
const put = (text: string) => {
  mkdirSync(join(scratch, ".ssh"))
  writeFileSync(file(), text)
}

describe("a file of the user's own", () => {
  it("is made for the user alone where there is none, in a folder that is", async () => {
    expect(await readOwn("config")).toBe("")
    await add()
    expect(readFileSync(file(), "utf8")).toBe("ours\n")
    expect([statSync(file()).mode & 0o777, statSync(join(scratch, ".ssh")).mode & 0o777]).toEqual([0o600, 0o700])
    expect(readdirSync(join(scratch, ".ssh"))).toEqual(["config"])
  })

  it("that is a link stays one: what it leads to is changed, where that is", async () => {
    mkdirSync(join(scratch, ".ssh"))
    mkdirSync(join(scratch, "dotfiles"))
    writeFileSync(join(scratch, "dotfiles/ssh"), "theirs\n", { mode: 0o640 })
    symlinkSync("../dotfiles/ssh", file())
    await add()
    expect(readlinkSync(file())).toBe("../dotfiles/ssh")
    expect(readFileSync(join(scratch, "dotfiles/ssh"), "utf8")).toBe("ours\ntheirs\n")
    expect(readdirSync(join(scratch, "dotfiles"))).toEqual(["ssh"])
  })

  it("that has another name too says the same under both", async () => {
    put("theirs, and longer\n")
    chmodSync(file(), 0o640)
    linkSync(file(), join(scratch, "other"))
    await add()
    expect(readFileSync(join(scratch, "other"), "utf8")).toBe("ours\ntheirs, and longer\n")
    await changeOwn("config", () => "short\n")
    expect(readFileSync(join(scratch, "other"), "utf8")).toBe("short\n")
    expect([statSync(file()).nlink, statSync(file()).mode & 0o777]).toEqual([2, 0o640])
  })

  const page = 4096
  const fill = (free: number) => {
    const filler = openSync(join(scratch, "filler"), "w")
    let pages = 0
    try {
      for (;;) pages += writeSync(filler, Buffer.alloc(page)) / page
    } catch {
      ftruncateSync(filler, (pages - free) * page)
    }
    closeSync(filler)
  }
  it.skipIf(process.getuid?.() !== 0).each([
    ["none", 0, 5, false],
    ["too few", 1, page + 5, false],
    ["two", 2, 5, true]
  ])("that has another name too is whole or as it was where the disk is nearly full: %s of its pages free", async (_, free, more, fits) => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "none", scratch])
    try {
      const theirs = "theirs\n".padEnd(page, "#")
      put(theirs)
      linkSync(file(), join(scratch, "other"))
      fill(free)
      const ours = "o".repeat(more)
      const changed = changeOwn("config", (text) => ours + text)
      if (fits) await changed
      else await expect(changed).rejects.toThrow("~/.ssh/config cannot be changed: ENOSPC")
      expect(readFileSync(join(scratch, "other"), "utf8")).toBe(fits ? ours + theirs : theirs)
      expect(readdirSync(join(scratch, ".ssh"))).toEqual(["config"])
    } finally {
      execFileSync("umount", [scratch])
    }
  })

  it("that cannot be changed is named, in one sentence", async () => {
    mkdirSync(join(scratch, ".ssh/config"), { recursive: true })
    await expect(readOwn("config")).rejects.toThrow("~/.ssh/config cannot be changed: EISDIR")
    process.env.HOME = join(scratch, "no-such-home")
    expect(await readOwn("config")).toBe("")
    await expect(add()).rejects.toThrow("~/.ssh/config cannot be changed: ENOENT")
  })
})

describe.runIf(process.getuid?.() === 0)("on a disk that has no room for another file", () => {
  it("nothing is left in the folder, and why is said", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=4", "none", scratch])
    try {
      put("theirs\n")
      await expect(add()).rejects.toMatchObject({ message: expect.stringContaining("ENOSPC") })
      expect(readdirSync(join(scratch, ".ssh"))).toEqual(["config"])
      expect(readFileSync(file(), "utf8")).toBe("theirs\n")
    } finally {
      execFileSync("umount", [scratch])
    }
  })
})
