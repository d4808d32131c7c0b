/** Files on their way to a node over a line, received by the real program: what is there in the end. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { PutProgress } from "../../daemon/sync/SyncTold.ts"
import { read, write } from "../unit/sync/tree.ts"
import { everything, ground, sync, useGround } from "./receiving.ts"

useGround("user")
const into = () => join(ground.home, "w")

describe("what is sent to a node", () => {
  it("arrives with bytes, modes, times, links, empty folders and names of any kind, and nothing but it", async () => {
    const { from } = ground
    const odd = "a\nb \"'\\ \u{1f680} é e\u0301 -n *"
    write(from, {
      "a/b/c": "1",
      "empty/": "",
      none: "",
      [`${odd}/${odd}`]: "odd",
      link: "-> a/b/c",
      out: "-> /etc/hostname",
      dangling: "-> gone"
    })
    writeFileSync(join(from, "large"), Buffer.alloc(3_000_001, "skyd"))
    writeFileSync(join(from, "run.sh"), "#!/bin/sh")
    chmodSync(join(from, "run.sh"), 0o4751)
    chmodSync(join(from, "a/b/c"), 0o400)
    utimesSync(join(from, "none"), 1, 1.25)
    utimesSync(join(from, "a/b/c"), 1, 1_700_000_000.123456)
    chmodSync(join(from, "a/b"), 0o1710)
    expect(await sync()).toEqual({ files: 5, bytes: 3_000_001 + 9 + 3 + 1 })
    expect(everything(into())).toEqual(everything(from))
    expect(existsSync(ground.incoming) && readdirSync(ground.incoming)).toEqual([])
    expect(statSync(into()).mode & 0o777).toBe(0o755)
  })

  it("may be called by bytes that are no UTF-8, as links may lead to such", async () => {
    const odd = Buffer.from("caf\xe9 \xff\xfe\xc3", "latin1")
    const at = (root: string, ...names: ReadonlyArray<Buffer>) =>
      Buffer.concat([Buffer.from(root), ...names.flatMap((name) => [Buffer.from("/"), name])])
    mkdirSync(at(ground.from, odd))
    writeFileSync(at(ground.from, odd, odd), "odd")
    symlinkSync(odd, at(ground.from, Buffer.from("link")))
    write(ground.from, { "\u00e9": "well", "\ufffd": "a character like any" })
    expect(await sync()).toEqual({ files: 3, bytes: 27 })
    expect(readdirSync(into(), { encoding: "latin1" }).sort()).toEqual(readdirSync(ground.from, { encoding: "latin1" }).sort())
    expect(readFileSync(at(into(), odd, odd), "utf8")).toBe("odd")
    expect(readlinkSync(at(into(), Buffer.from("link")), "buffer")).toEqual(odd)
    expect(await sync()).toEqual({ files: 0, bytes: 0 })
  })

  it("is not sent again when it is there: a changed size or time is seen, one byte under the same is not", async () => {
    const { from } = ground
    write(from, { same: "1", touched: "1", longer: "1", sly: "1", mode: "1" })
    expect(await sync()).toEqual({ files: 5, bytes: 5 })
    const inode = statSync(join(into(), "same")).ino
    expect(await sync()).toEqual({ files: 0, bytes: 0 })
    const { atime, mtime } = statSync(join(from, "sly"))
    writeFileSync(join(from, "sly"), "2")
    utimesSync(join(from, "sly"), atime, mtime)
    utimesSync(join(into(), "sly"), atime, mtime)
    utimesSync(join(from, "touched"), 5, 5)
    writeFileSync(join(from, "longer"), "22")
    chmodSync(join(from, "mode"), 0o600)
    expect(await sync()).toEqual({ files: 2, bytes: 3 })
    expect(read(into())).toEqual({ same: "1", touched: "1", longer: "22", sly: "1", mode: "1" })
    expect(statSync(join(into(), "mode")).mode & 0o777).toBe(0o600)
    expect(statSync(join(into(), "same")).ino).toBe(inode)
  })

  it("replaces what stood there, and leaves alone what it does not name", async () => {
    write(ground.from, { a: "new", b: "file", l: "-> new", "d/x": "1", e: "file" })
    write(into(), { a: "old", b: "-> elsewhere", l: "-> old", d: "a file", "e/": "", result: "of a job", "more/": "" })
    await sync()
    expect(read(into())).toEqual({ a: "new", b: "file", l: "-> new", "d/": "", "d/x": "1", e: "file", "more/": "", result: "of a job" })
    unlinkSync(join(ground.from, "a"))
    await sync()
    expect(read(into())).toHaveProperty("a", "new")
  })

  it("never goes through a link below the target", async () => {
    const mine = join(ground.scratch, "mine")
    write(mine, { "d/x": "precious", f: "precious" })
    write(ground.from, { "d/x": "1", f: "2" })
    write(into(), { d: `-> ${join(mine, "d")}`, f: `-> ${join(mine, "f")}` })
    await sync()
    expect(read(mine)).toEqual({ "d/": "", "d/x": "precious", f: "precious" })
    expect(read(into())).toEqual({ "d/": "", "d/x": "1", f: "2" })
  })

  it("lies where the user's own link to a folder leads, when the target is one", async () => {
    const disk = join(ground.scratch, "disk")
    mkdirSync(disk)
    symlinkSync(disk, into())
    write(ground.from, { a: "1" })
    await sync({ target: "w/deep" })
    expect(read(disk)).toEqual({ "deep/": "", "deep/a": "1" })
  })

  it("may be one file, which is called as its target is", async () => {
    write(ground.from, { "run.sh": "#!/bin/sh" })
    await sync({ from: join(ground.from, "run.sh"), target: ".config/tool" })
    await sync({ from: join(ground.from, "run.sh"), target: "top" })
    expect(read(ground.home)).toEqual({ ".config/": "", ".config/tool": "#!/bin/sh", top: "#!/bin/sh" })
  })

  it("comes again into a folder that is read-only", async () => {
    write(ground.from, { "d/a": "1" })
    chmodSync(join(ground.from, "d"), 0o555)
    await sync()
    chmodSync(join(ground.from, "d"), 0o755)
    write(ground.from, { "d/b": "2" })
    chmodSync(join(ground.from, "d"), 0o555)
    await sync()
    expect(everything(into())).toEqual(everything(ground.from))
  })

  it("tells of its bytes while it goes", async () => {
    write(ground.from, { a: "1", b: "22" })
    writeFileSync(join(ground.from, "large"), Buffer.alloc(1_000_000))
    const told: Array<PutProgress> = []
    await sync({ onProgress: (progress) => told.push(progress) })
    expect(told.at(-1)).toEqual({ bytes: 1_000_003, ofBytes: 1_000_003 })
    expect(told.length).toBeGreaterThan(3)
    expect(told.every(({ bytes }, i) => bytes >= (told[i - 1]?.bytes ?? 0))).toBe(true)
  })

  it("is the same tree, whatever the tree", { timeout: 120_000 }, async () => {
    const name = fc.constantFrom("a", "b", "c", "d e", "ü", "x\ny", "-f", "..x", "\u{1f680}")
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"))
    const entry = fc.record({
      path,
      size: fc.constantFrom(0, 1, 7, 65_536, 300_000),
      mode: fc.constantFrom(0o600, 0o644, 0o755, 0o444, 0o2755),
      mtime: fc.double({ min: 0, max: 4e9, noNaN: true }),
      link: fc.boolean()
    })
    const grow = (files: ReadonlyArray<typeof entry extends fc.Arbitrary<infer A> ? A : never>) => {
      for (const { link, mode, mtime, path, size } of files) {
        const absolute = join(ground.from, path)
        try {
          mkdirSync(join(absolute, ".."), { recursive: true })
          if (link) symlinkSync(`to-${size}`, absolute)
          else {
            rmSync(absolute, { force: true })
            writeFileSync(absolute, Buffer.alloc(size, path))
            chmodSync(absolute, mode)
            utimesSync(absolute, mtime, mtime)
          }
        } catch {
          // Below a file, or in the place of something.
        }
      }
    }
    const clear = (root: string) => {
      for (const each of existsSync(root) ? readdirSync(root) : []) rmSync(join(root, each), { recursive: true })
    }
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 12 }), fc.array(entry, { maxLength: 6 }), async (first, second) => {
        clear(ground.from)
        clear(into())
        for (const files of [first, second]) {
          grow(files)
          await sync()
          expect(everything(into())).toEqual(everything(ground.from))
          expect(await sync()).toEqual({ files: 0, bytes: 0 })
        }
      }),
      { numRuns: 12 }
    )
  })
})
