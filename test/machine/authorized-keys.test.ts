/** The one line of ours in a file that is the user's. */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { buildSync } from "esbuild"
import fc from "fast-check"
import { beforeEach, describe, expect, it } from "vitest"
import { addLine, keyLine, takeOut, takeOutMade, withLine, withoutNode } from "../../machine/authorized-keys.ts"
import { at } from "./scratch-home.ts"

const key = `ssh-ed25519 ${Buffer.alloc(51, 7).toString("base64")}`
const line = (node: string) => keyLine(["/usr/bin/node", "/a/agent.cjs", "connect", "/a/run/x.sock"], key, node)

let scratch: string
let file: string
beforeEach(() => {
  ;({ file, scratch } = at)
})
const mode = (path: string) => statSync(path).mode & 0o7777
const put = (bytes: Uint8Array | string) => {
  mkdirSync(join(scratch, ".ssh"), { recursive: true, mode: 0o755 })
  writeFileSync(file, bytes)
}

/** As sshd takes it: up to the first quote that has no backslash before it. */
const commandOf = (text: string) => /^restrict,command="((?:\\"|[^"])*)" /.exec(text)![1]!.replaceAll('\\"', '"')
const word = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[\n\r\0]/.test(text) && text.isWellFormed())

describe("the line", () => {
  it("says to sshd's shell exactly the words that were meant", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const command = Buffer.from(commandOf(keyLine(words, key, "n-1")), "latin1")
        const said = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${command}`]).toString()
        expect(said.split("\0").slice(0, -1)).toEqual(words)
      }),
      { numRuns: 100 }
    )
  })

  it("is one line, of a key and nothing else", () => {
    expect(line("n-1")).toBe(`restrict,command="/usr/bin/node /a/agent.cjs connect /a/run/x.sock" ${key} skyd:n-1`)
    expect(() => keyLine(["a\nb"], key, "n-1")).toThrow("No line of authorized_keys")
    for (const bad of ["", "ssh-ed25519", `${key}\nssh-ed25519 AAAA`, `${key} me`, `no-pty ${key}`])
      expect(() => keyLine(["a"], bad, "n-1")).toThrow("is no public key")
  })
})

describe("what else is in the file", () => {
  const other = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(fc.constantFrom("", "# mine", `${key} me@laptop`, line("other"), "\r", "restrict", "é", " "), { maxLength: 8 })
      .chain((lines) => fc.constantFrom(Buffer.from(lines.join("\n")), Buffer.from(`${lines.join("\n")}\n`)))
  )

  it("survives byte for byte, whatever it is", () => {
    fc.assert(
      fc.property(other, (bytes) => {
        const text = Buffer.from(bytes).toString("latin1")
        const added = withLine(text, line("n-1"), "n-1")
        expect(added).toBe(`${line("n-1")}\n${text}`)
        expect(withLine(added, line("n-1"), "n-1")).toBe(added)
        expect(withoutNode(added, "n-1")).toBe(text)
      })
    )
  })

  it("survives on disk as well, with the file's mode", async () => {
    await fc.assert(
      fc.asyncProperty(other, fc.constantFrom(0o600, 0o644, 0o640, 0o400), async (bytes, bits) => {
        rmSync(file, { force: true })
        put(bytes)
        chmodSync(file, bits)
        await addLine(line("n-1"), "n-1")
        expect(readFileSync(file)).toEqual(Buffer.concat([Buffer.from(`${line("n-1")}\n`), bytes]))
        await takeOut("n-1")
        expect(readFileSync(file)).toEqual(Buffer.from(bytes))
        expect(mode(file)).toBe(bits)
        expect(readdirSync(join(scratch, ".ssh"))).toEqual(["authorized_keys"])
      }),
      { numRuns: 30 }
    )
    expect(mode(join(scratch, ".ssh"))).toBe(0o755)
  })

  it.runIf(process.getuid?.() === 0)("survives with its owner", async () => {
    put("# mine\n")
    execFileSync("chown", ["65534:65533", file])
    await addLine(line("n-1"), "n-1")
    expect(statSync(file)).toMatchObject({ uid: 65534, gid: 65533 })
  })
})

describe("the file", () => {
  it("is made, for its owner alone, where there is none", async () => {
    await addLine(line("n-1"), "n-1")
    expect(readFileSync(file, "utf8")).toBe(`${line("n-1")}\n`)
    expect([mode(file), mode(join(scratch, ".ssh"))]).toEqual([0o600, 0o700])
  })

  it("stays where the user keeps it; a link to nowhere is left as it is", async () => {
    put("")
    rmSync(file)
    symlinkSync(join(scratch, "keys"), file)
    await expect(addLine(line("n-1"), "n-1")).rejects.toMatchObject({ kind: "Refused", message: expect.stringContaining("to nowhere") })
    writeFileSync(join(scratch, "keys"), "# mine\n")
    await addLine(line("n-1"), "n-1")
    expect(readFileSync(join(scratch, "keys"), "utf8")).toBe(`${line("n-1")}\n# mine\n`)
  })

  it("is gone again where there was none, unless the user has put something into it", async () => {
    expect(await addLine(line("n-1"), "n-1")).toBe(true)
    await takeOutMade("n-1")
    expect(existsSync(file)).toBe(false)
    expect(await addLine(line("n-1"), "n-1")).toBe(true)
    writeFileSync(file, `${readFileSync(file, "utf8")}# mine\n`)
    await takeOutMade("n-1")
    expect(readFileSync(file, "utf8")).toBe("# mine\n")
  })

  it.runIf(process.getuid?.() === 0)("that has the line may be one that cannot be written any more", async () => {
    put("")
    execFileSync("mount", ["-t", "tmpfs", "none", join(scratch, ".ssh")])
    try {
      writeFileSync(file, `${line("n-1")}\n# mine\n`)
      execFileSync("mount", ["-o", "remount,ro", join(scratch, ".ssh")])
      expect(await addLine(line("n-1"), "n-1")).toBe(false)
      await expect(addLine(line("n-2"), "n-2")).rejects.toMatchObject({ kind: "Refused", message: expect.stringContaining("EROFS") })
    } finally {
      execFileSync("umount", [join(scratch, ".ssh")])
    }
  })

  it("holds one key of a node: the last one", async () => {
    const later = line("n-1").replace("x.sock", "y.sock")
    await addLine(line("n-1"), "n-1")
    await addLine(line("n-2"), "n-2")
    await addLine(later, "n-1")
    expect(readFileSync(file, "utf8")).toBe(`${later}\n${line("n-2")}\n`)
  })

  it("is not touched when there is nothing to take out", async () => {
    await takeOut("n-1")
    expect(existsSync(join(scratch, ".ssh"))).toBe(false)
    put("# mine\n")
    const { ino } = statSync(file)
    await takeOut("n-1")
    expect(statSync(file).ino).toBe(ino)
  })

  it("says in words why it cannot be changed", async () => {
    writeFileSync(join(scratch, ".ssh"), "")
    await expect(addLine(line("n-1"), "n-1")).rejects.toMatchObject({
      kind: "Refused",
      message: expect.stringMatching(/^~\/\.ssh\/authorized_keys cannot be changed: /)
    })
  })

  it("loses nothing when many change it at once, and a lock of one who died is taken over", async () => {
    put("# mine\n")
    mkdirSync(`${file}.lock`)
    writeFileSync(join(`${file}.lock`, "left"), "half")
    utimesSync(`${file}.lock`, 1, 1)
    const nodes = Array.from({ length: 12 }, (_, index) => `n-${index}`)
    await Promise.all(nodes.map((node) => addLine(line(node), node)))
    expect(readFileSync(file, "utf8").trim().split("\n").sort()).toEqual(["# mine", ...nodes.map(line)].sort())
    await Promise.all(nodes.map(takeOut))
    expect(readFileSync(file, "utf8")).toBe("# mine\n")
    expect(readdirSync(join(scratch, ".ssh"))).toEqual(["authorized_keys"])
  })

  it("is whole whenever a writer is killed", async () => {
    const bundle = join(scratch, "keys.cjs")
    const contents = `const { addLine, takeOut } = require("./machine/authorized-keys.ts");
      (async () => { for (;;) { await addLine(process.argv[2], "n-1"); console.log(1); await takeOut("n-1") } })()`
    buildSync({ stdin: { contents, resolveDir: "." }, outfile: bundle, bundle: true, platform: "node", format: "cjs" })
    put("# mine\n")
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, [bundle, line("n-1")], { stdio: ["ignore", "pipe", "inherit"] })
      await once(child.stdout, "data")
      child.kill("SIGKILL")
      await once(child, "close")
      expect(["# mine\n", `${line("n-1")}\n# mine\n`]).toContain(readFileSync(file, "utf8"))
      if (existsSync(`${file}.lock`)) utimesSync(`${file}.lock`, 1, 1)
    }
    await takeOut("n-1")
    expect(readFileSync(file, "utf8")).toBe("# mine\n")
  })
})
