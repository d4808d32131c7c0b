/** What `agent.cjs receive` does not do: because the machine does not let it, or because nobody of ours would ask. */
import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { send } from "../../daemon/sync/send.ts"
import { bytesHeadBytes, doneFrame, endFrame, fileFrame, writeBytesHead } from "../../machine/file-frames.ts"
import { read, write } from "../unit/sync/tree.ts"
import { everything, ground, isRoot, lineOf, openToOthers, other, startReceive, sync, useGround } from "./receiving.ts"

useGround("user")
const into = () => join(ground.home, "w")

describe("an error is a sentence that names the path", () => {
  it("of a folder in the way, which is kept, before any bytes are sent", async () => {
    write(ground.from, { a: "1", b: "2" })
    write(into(), { "b/results": "of a job" })
    await expect(sync()).rejects.toMatchObject({
      kind: "Refused",
      code: "NotCopied",
      message: expect.stringContaining(`${join(into(), "b")} is a folder with files in it`)
    })
    expect(read(into())).toEqual({ "b/": "", "b/results": "of a job" })
  })

  it("of a link or a file in the way of the target", async () => {
    symlinkSync("nowhere", into())
    await expect(sync()).rejects.toThrow(`${into()} is in the way: it is a link that leads to no folder.`)
    rmSync(into())
    writeFileSync(into(), "")
    await expect(sync({ target: "w/x" })).rejects.toThrow(`${into()} is in the way: it is no folder.`)
  })

  it("of a node that is not there, or is another's", async () => {
    const { ref } = ground
    Object.assign(ground, { ref: { ...ref, tags: { ...ref.tags, cluster: "other" } } })
    await expect(sync()).rejects.toMatchObject({ kind: "Refused", code: "NotOurs" })
    Object.assign(ground, { ref: { ...ref, node: "gone-0" } })
    await expect(sync()).rejects.toMatchObject({ kind: "Refused", code: "Missing" })
  })

  it("of a file here that cannot be read", async () => {
    const from = "x".repeat(300)
    const list = {
      root: ground.from,
      entries: [{ path: "a", from, kind: "file", mode: 0o644, size: 1, mtimeMs: 1 }],
      files: 1,
      bytes: 1
    } as const
    const sending = send(lineOf(startReceive()), ground.ref, { files: list, folder: "w" }, { signal: new AbortController().signal })
    await expect(sending).rejects.toMatchObject({
      kind: "Refused",
      code: "NotCopied",
      message: expect.stringContaining(join(ground.from, from))
    })
  })

  it.skipIf(!isRoot)("of what its user may not write on the machine", async () => {
    write(ground.from, { "d/a": "1" })
    write(into(), { "d/": "" })
    openToOthers()
    await expect(sync({ child: startReceive(process.env, other) })).rejects.toThrow(
      /w\/d(\/a)? cannot be read or written \(E(ACCES|PERM)\)/
    )
  })

  it("and leaves folders with the modes that they were to have", async () => {
    write(ground.from, { "d/e/a": "1", "d/z": "1" })
    write(into(), { "d/z/there": "of the user" })
    for (const [name, mode] of [
      ["d", 0o755],
      ["d/e", 0o555]
    ] as const)
      chmodSync(join(ground.from, name), mode)
    await expect(sync()).rejects.toThrow(/d\/z is a folder with files in it/)
    expect(everything(into())).toMatchObject({ "d/": "755", "d/e/": "555" })
  })

  it.skipIf(!isRoot)("of a full disk, the target's or that of what is on its way there, and half of a file stays nowhere", async () => {
    write(ground.from, { a: "1" })
    writeFileSync(join(ground.from, "large"), Buffer.alloc(3_000_000))
    const node = dirname(ground.incoming)
    const identity = readFileSync(join(node, "node.json"))
    for (const place of [into(), node]) {
      mkdirSync(place, { recursive: true })
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", place])
      try {
        writeFileSync(join(node, "node.json"), identity)
        await expect(sync()).rejects.toThrow(/There is no space left for .*\/large \(ENOSPC\)/)
        expect(read(into())).toEqual({ a: "1" })
      } finally {
        execFileSync("umount", [place])
      }
    }
  })
})

describe("a folder below the target that lies on another disk", () => {
  it.skipIf(!isRoot)("gets files that their own user may not read", async () => {
    write(ground.from, { "d/a": "1" })
    chmodSync(join(ground.from, "d/a"), 0)
    const disk = join(into(), "d")
    mkdirSync(disk, { recursive: true })
    openToOthers()
    execFileSync("chown", ["-R", String(other), dirname(ground.incoming), ground.home])
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=1m,uid=${other}`, "none", disk])
    try {
      expect(await sync({ child: startReceive(process.env, other) })).toEqual({ files: 1, bytes: 1 })
      expect(everything(into())).toEqual(everything(ground.from))
    } finally {
      execFileSync("umount", [disk])
    }
  })

  it.skipIf(!isRoot)("gets files and links whole all the same", async () => {
    write(ground.from, { "d/a": "1", "d/l": "-> a", "d/none": "", b: "2" })
    const disk = join(into(), "d")
    mkdirSync(disk, { recursive: true })
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", disk])
    try {
      expect(await sync()).toEqual({ files: 3, bytes: 2 })
      expect(everything(into())).toEqual(everything(ground.from))
      expect(await sync()).toEqual({ files: 0, bytes: 0 })
    } finally {
      execFileSync("umount", [disk])
    }
  })
})

describe("a list that nobody of ours sends", () => {
  const header = (entries: number, more: object = {}) => ({ version: 2, node: ground.ref, target: "w", lone: false, entries, ...more })
  const say = async (...lines: ReadonlyArray<unknown>) => {
    const child = startReceive()
    child.stdin.end(Buffer.concat(lines.map((line) => (Buffer.isBuffer(line) ? line : Buffer.from(`${JSON.stringify(line)}\n`)))))
    let said = ""
    for await (const text of child.stdout) said += text
    return said === "" ? null : JSON.parse(said.trim().split("\n").at(-1)!)
  }
  const file = (path: unknown, ...rest: ReadonlyArray<unknown>) => ["f", path, ...(rest.length > 0 ? rest : [0o644, 1, 1])]
  const bad = { error: { kind: "Refused", code: "BadManifest" } }

  it("is refused before anything is touched: no path leaves the target, comes twice or goes through a file or a link", async () => {
    write(ground.scratch, { "mine/f": "precious" })
    const mine = join(ground.scratch, "mine")
    for (const path of ["..", "../x", "a/../../x", "/etc/x", "a//b", "a/", "./a", ".", "", "a\0b", null, 7, ["a"], {}])
      expect(await say(header(2), [["d", "a", 0o755], file(path)]), String(path)).toMatchObject(bad)
    for (const lines of [
      [file("a"), file("a")],
      [file("a"), ["d", "a", 0o755]],
      [file("a"), file("a/b")],
      [["l", "a", 0o777, mine], file("a/f")],
      // The same name twice, once in bytes of which each is said to be no UTF-8.
      [
        ["l", "\u00e9", 0o777, mine],
        ["d", "\udcc3\udca9", 0o755]
      ],
      [file("a/b"), ["d", "a", 0o755]]
    ])
      expect(await say(header(2), lines), JSON.stringify(lines)).toMatchObject(bad)
    for (const line of [
      ["l", "a", 0o777, ""],
      ["l", "a", 0o777, "x\0y"],
      ["x", "a", 0o644],
      file("a", -1, 1, 1),
      file("a", 0o644, -1, 1),
      file("a", 0o644, 1.5, 1),
      file("a", 0o644, 1, null),
      "text",
      null,
      7
    ])
      expect(await say(header(1), [line]), JSON.stringify(line)).toMatchObject(bad)
    for (const line of [Buffer.from("{\n"), {}, null, [], [file("a"), file("b")]])
      expect(await say(header(1), line), JSON.stringify(line)).toMatchObject(bad)
    expect(read(ground.home)).toEqual({})
    expect(read(mine)).toEqual({ f: "precious" })
  })

  it("is refused for where it is to go", async () => {
    for (const target of ["..", "w/../../x", "/tmp/../etc/x", "/etc/../x", "a\0b"])
      expect(await say(header(0, { target })), target).toMatchObject({ error: { kind: "Refused", code: "OutsideHome" } })
    expect(await say(header(0, { version: 3 }))).toMatchObject({ error: { kind: "Refused", code: "OtherVersion" } })
    for (const more of [{ entries: -1 }, { entries: 1e9 }, { target: null }, { node: null }, { lone: 1 }])
      expect(await say(header(0, more)), JSON.stringify(more)).toMatchObject(bad)
    expect(await say(header(2, { lone: true }), [file("a"), file("b")])).toMatchObject(bad)
    expect(await say(Buffer.from(`${"x".repeat(200_000)}\n`))).toMatchObject({ error: { kind: "Refused", code: "LongLine" } })
    expect(await say(Buffer.from("GET / HTTP/1.1\n"))).toMatchObject(bad)
    expect(read(ground.home)).toEqual({})
  })

  it("brings no file that was not asked for, and none that ends before its bytes", async () => {
    const head = { mode: 0o644, mtimeMs: 1 }
    const bytesHead = Buffer.alloc(bytesHeadBytes)
    writeBytesHead(bytesHead, 0, 1)
    const one = [fileFrame({ index: 0, ...head }), Buffer.concat([bytesHead, Buffer.from("1")]), endFrame]
    const badStream = { error: { kind: "Refused", code: "BadStream" } }
    const send = (...frames: ReadonlyArray<Buffer>) => {
      rmSync(into(), { recursive: true, force: true })
      return say(header(1), [file("a")], ...frames)
    }
    expect(await send(fileFrame({ index: 1, ...head }))).toMatchObject(badStream)
    expect(await send(...one, ...one)).toMatchObject(badStream)
    expect(await send(doneFrame)).toMatchObject(badStream)
    expect(await send(Buffer.from("GET / HTTP/1.1\n"))).toMatchObject(badStream)
    expect(await send(...one.slice(0, 2))).toEqual({ wants: [0] })
    expect(read(into())).toEqual({})
    expect(await send(...one)).toEqual({ wants: [0] })
    expect(read(into())).toEqual({ a: "1" })
  })
})
