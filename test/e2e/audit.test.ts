/** `sky audit`, through a daemon that runs and over the folder of one that does not: the same words, no daemon started, nothing appended. */
import { execFileSync, spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { change, filesOf, flip } from "../damage/logs.ts"
import { Home, type Ran, root } from "./home.ts"

const soundLine = /^(\d+) events: sound\. Head (\d+) [0-9a-f]{64}\n$/
const bin = join(root, "bin/sky.cjs")
const runs = (home: Home) => existsSync(join(home.state, "run", "pid"))
const launched = async () => {
  const home = new Home()
  expect((await home.sky("launch", "-y", "-c", "train", "echo hi")).code).toBe(0)
  await home.sky("down", "-y", "train")
  return home
}
const stop = (home: Home) => home.sky("daemon", "stop")
const second = (home: Home) => {
  const other = new Home()
  return { other, take: (file: string) => other.sky("audit", "import", file), of: home }
}

describe("sky audit", () => {
  it("answers the same through the daemon and without it, and starts none", async () => {
    const home = await launched()
    const file = join(home.path, "log.jsonl")
    for (const isRunning of [true, false]) {
      if (!isRunning) await stop(home)
      const verify = await home.sky("audit", "verify")
      expect(verify).toMatchObject({ code: 0, err: "" })
      const count = Number(soundLine.exec(verify.out)![1])
      expect(await home.json("audit", "verify")).toMatchObject({ events: count, head: { seq: count }, damage: null })
      const head = (await home.sky("audit", "head")).out
      expect(head).toMatch(/^\d+ [0-9a-f]{64} [0-9A-Z]{26} \d{4}-\d\d-\d\dT[\d:.]+Z\n$/)
      const noted = head.trim().split(" ")
      expect(await home.json("audit", "head")).toEqual({
        head: { seq: Number(noted[0]), hash: noted[1], log: noted[2], at: noted[3] },
        refuted: null,
        damage: null
      })
      expect((await home.sky("audit", "head", "--is", ...noted)).code).toBe(0)
      expect((await home.sky("audit", "head", "--is", ...noted.slice(0, 2))).code).toBe(0)
      const forged = await home.sky("audit", "head", "--is", noted[0]!, "0".repeat(64))
      expect(forged).toMatchObject({ code: 1, err: expect.stringContaining(`Event ${noted[0]} is not the one that was noted`) })
      expect(await home.sky("audit", "export", file)).toMatchObject({ code: 0, err: expect.stringMatching(/^\d+ events exported to /) })
      expect((await home.sky("audit", "export")).out).toBe(readFileSync(file, "utf8"))
      expect(await home.sky("audit", "diff", file)).toMatchObject({ code: 0, out: `The same ${count} events.\n` })
      const lines = readFileSync(file, "utf8").split("\n")
      const swapped = home.file("swapped.jsonl", [lines[1], lines[0], ...lines.slice(2)].join("\n"))
      expect(await home.sky("audit", "diff", swapped)).toMatchObject({
        code: 1,
        err: expect.stringContaining("Line 1 holds event 2, and event 1")
      })
      expect(await home.json("audit", "diff", file)).toMatchObject({ events: count, difference: null, logMore: 0, fileMore: 0 })
      expect(await home.sky("audit", "diff", "/nowhere/f")).toMatchObject({
        code: 2,
        err: expect.stringContaining("cannot be read: there is none")
      })
      expect(runs(home)).toBe(isRunning)
    }
    // What was read in part is left until all of it was seen.
    await home.sky("audit", "head")
    expect(readdirSync(home.state).filter((name) => name.startsWith("log."))).toEqual([])
  })

  it("takes no file that is none for a usage error, waits for no pipe, and keeps nobody else waiting", async () => {
    const home = new Home()
    await home.sky("status")
    const pipe = join(home.path, "pipe")
    execFileSync("mkfifo", [pipe])
    for (const isRunning of [true, false]) {
      if (!isRunning) await stop(home)
      for (const what of ["diff", "import"]) {
        for (const [path, reason] of [
          [pipe, "it is a pipe or a device"],
          [home.path, "it is a folder"],
          [join(home.path, "none"), "there is none"],
          [join(bin, "none"), "a part of its path is a file"]
        ] as const) {
          const { code, err } = await home.sky("audit", what, path)
          expect([code, err]).toEqual([2, expect.stringContaining(`The file ${path} cannot be read: ${reason}.`)])
        }
      }
      if (isRunning) expect((await home.sky("events", "--tail", "1")).code).toBe(0)
    }
  })

  it("moves a log to another folder, where a daemon goes on with it", async () => {
    const home = await launched()
    await stop(home)
    const file = home.file("log.jsonl", (await home.sky("audit", "export")).out)
    const { other, take } = second(home)
    expect(await take(file)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/ events imported into .* Head \d+ [0-9a-f]{64}\n$/),
      err: expect.stringMatching(/two daemons would manage(?!.* open)/s)
    })
    expect((await other.sky("audit", "export")).out).toBe(readFileSync(file, "utf8"))
    expect(await other.json("events", "--tail", "1000")).toHaveLength((await home.json("audit", "verify")).events + 1)
    expect((await other.sky("audit", "diff", file)).out).toMatch(/^The log goes on after event \d+ with 1 more\.\n$/)
    expect(await take(file)).toMatchObject({ code: 6, err: expect.stringContaining("is not empty") })
  })

  it("takes an import from stdin, and leaves nothing of one that fails", async () => {
    const home = await launched()
    const text = (await home.sky("audit", "export")).out
    const other = new Home()
    const feed = (input: string) =>
      new Promise<number | null>((done) => {
        const child = spawn(process.execPath, [bin, "audit", "import", "-"], {
          env: other.env,
          stdio: ["pipe", "ignore", "ignore"]
        })
        child.once("close", done)
        child.stdin.end(input)
      })
    expect(await feed(text.slice(0, -20))).toBe(1)
    expect(existsSync(other.state)).toBe(false)
    expect(await feed(text)).toBe(0)
    expect((await other.sky("audit", "export")).out).toBe(text)
  })

  it("says damage last, in one sentence, with the daemon stopped or in its read-only mode", async () => {
    const home = await launched()
    await stop(home)
    const last = ({ err }: Ran) => err.trimEnd().split("\n").at(-1)
    const largest = [...filesOf(home.state, ".log"), ...filesOf(home.state, ".ldb")]
      .map((path) => ({ path, size: readFileSync(path).length }))
      .sort((a, b) => b.size - a.size)[0]!.path
    change(largest, (bytes) => {
      bytes[Math.floor(bytes.length / 2)]! ^= 0xff
      return bytes
    })
    const offline = await home.sky("audit", "verify")
    expect(offline.code).toBe(1)
    expect(last(offline)).toMatch(/^\S+ (Event \d+ |The log ends |LevelDB cannot )/)
    const exported = await home.sky("audit", "export")
    expect(exported.code).toBe(1)
    expect(last(exported)).toBe(last(offline))
    await home.sky("status")
    expect(runs(home)).toBe(true)
    const online = await home.sky("audit", "verify")
    expect(online.code).toBe(1)
    expect(last(online)).toBe(last(offline))
    expect((await home.sky("audit", "export")).out).toBe(exported.out)
    const { out, code } = await home.sky("audit", "verify", "-o", "json")
    expect(code).toBe(1)
    expect(JSON.parse(out).damage.message).toBe(last(offline)!.slice(2))
  })

  it("finds damage of the files under a daemon that reads from memory, and saves what that has", async () => {
    const home = await launched()
    const sound = (await home.sky("audit", "export")).out
    change(filesOf(home.state, ".log").at(-1)!, flip(1000))
    const { code, err } = await home.sky("audit", "verify")
    expect(code).toBe(1)
    expect(err).toMatch(/the daemon still has all \d+ events: sky audit export FILE saves them\./)
    expect(err.trimEnd().split("\n").at(-1)).toMatch(/Event \d+ is |The log ends with/)
    expect((await home.sky("audit", "export")).out).toBe(sound)
    expect(readdirSync(join(home.state, "run")).filter((name) => name.startsWith("audit-"))).toEqual([])
  })

  it("says of a store that does not open what is wrong with it, over the socket too", async () => {
    const home = await launched()
    await stop(home)
    writeFileSync(join(home.state, "log", "CURRENT"), "nonsense\n")
    const asked = ["verify", "head", "export"]
    const said = async () => {
      const answers = await Promise.all(asked.map((what) => home.sky("audit", what)))
      return answers.map(({ code, err }) => [code, err.trimEnd().split("\n").at(-1)])
    }
    const offline = await said()
    expect(offline).toEqual(asked.map(() => [1, expect.stringContaining("does not open: ")]))
    await home.sky("status")
    expect(await said()).toEqual(offline)
    const wire = home.socket()
    for (const what of asked) {
      const { data } = await wire.request(what, `audit.${what}`).answer(what)
      expect(data.value.damage).toMatchObject({ kind: "store-unreadable", seq: 0, message: expect.stringContaining("does not open: ") })
    }
    wire.socket.destroy()
  })

  it("of no log says so, and makes none", async () => {
    const home = new Home()
    for (const what of ["verify", "head", "export"])
      expect(await home.sky("audit", what)).toMatchObject({ code: 1, err: expect.stringContaining(`There is no log in ${home.state}.`) })
    expect(existsSync(home.state)).toBe(false)
  })

  it.each([
    [[], "Audit what?"],
    [["prove"], "Unknown: audit prove"],
    [["import"], "Which file?"],
    [["export", ""], "The name of the file is empty."],
    [["import", ""], "The name of the file is empty."],
    [["diff", ""], "The name of the file is empty."],
    [["verify", "x"], "Unexpected argument 'x'."],
    [["verify", "--is"], "--is goes with head."],
    [["head", "--is", "1"], "--is takes what was noted: SEQ HASH."],
    [["head", "--is", "1", "abc"], "'abc' is not a hash"]
  ])("%j is a matter of usage", async (words, sentence) => {
    expect(await new Home().sky("audit", ...words)).toMatchObject({ code: 2, err: expect.stringContaining(sentence) })
  })
})
