/** The audit of state folders without a daemon: what is proven of a damaged one, where its files are kept, and what an import refuses. */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Readable } from "node:stream"
import { Effect } from "effect"
import fc from "fast-check"
import { Level } from "level"
import { beforeAll, describe, expect, it } from "vitest"
import { importLog } from "../../daemon/audit/import.ts"
import { Lines } from "../../daemon/audit/Lines.ts"
import * as LevelLog from "../../daemon/log/LevelLog.ts"
import { append, breakFrom, breakLastBlock, change, filesOf, flip, inStore, logId, opened } from "../damage/logs.ts"
import { histories } from "../fakes/histories.ts"
import { differing, exported, exportOf, file, fresh, golden, headOf, imported, linesOf, verified, verifiedOnDisk } from "./tools.ts"

const count = 301
/** All of it is in LevelDB's write-ahead log. */
let young: string
beforeAll(async () => {
  young = fresh()
  await Effect.runPromise(opened(young, append(count - 1)))
})
const copy = () => {
  const home = fresh()
  cpSync(young, home, { recursive: true })
  return home
}
const wal = (home: string) => filesOf(home, ".log").at(-1)!
const keepSnapshot = (home: string, seq: number) => {
  mkdirSync(join(home, "snapshots"), { recursive: true })
  writeFileSync(join(home, "snapshots", String(seq).padStart(16, "0")), "")
}
const remove = (path: string) => rmSync(path, { recursive: true, force: true })
const kept = (home: string) => readdirSync(home).filter((name) => /^log\..*-/.test(name))
/** What the daemon would say. */
const openingSays = (home: string) =>
  Effect.runPromise(
    opened(home, () => Effect.void).pipe(
      Effect.as("nothing"),
      Effect.catch((error) => Effect.succeed(error.message))
    )
  )

describe("over a damaged log", () => {
  type Case = readonly [string, (home: string) => void, kind: string, proven: number]
  const cases: ReadonlyArray<Case> = [
    ["a write-ahead log without its end", (home) => change(wal(home), (bytes) => bytes.subarray(0, bytes.length - 50)), "shorter", -1],
    ["a write-ahead log that is gone", (home) => remove(wal(home)), "shorter", 0],
    ["a flipped byte", (home) => change(wal(home), flip(40_000)), "gap", -1],
    ["a store that is gone", (home) => remove(join(home, "log")), "store-missing", 0],
    ["a manifest that is gone", (home) => remove(filesOf(home, "-000002")[0]!), "store-unreadable", 0],
    ["a snapshot of more than there is", (home) => keepSnapshot(home, count + 1), "snapshot-ahead", count],
    ["a witness that is gone", (home) => remove(join(home, "HEAD")), "witness-missing", count],
    ["a witness of garbage", (home) => change(join(home, "HEAD"), (bytes) => bytes.fill(7)), "witness-torn", count]
  ]
  it.each(cases)("verify, head and export say what the daemon says, and export what is proven: %s", async (_, damage, kind, proven) => {
    const home = copy()
    damage(home)
    const asDamaged = fresh()
    cpSync(home, asDamaged, { recursive: true })
    const sentence = (await openingSays(asDamaged)).replaceAll(asDamaged, home)
    const found = { kind, message: sentence }
    const { damage: said, events } = await verified(home)
    expect(said).toMatchObject(found)
    if (proven >= 0) expect(events).toBe(proven)
    else expect(events).toBeGreaterThan(0)
    expect((await headOf(home)).damage).toMatchObject(found)
    const { damage: again, text, ...rest } = await exported(home)
    expect(again).toMatchObject(found)
    expect(rest.events).toBe(events)
    if (events > 0) expect((await imported(file(text))).answer?.events).toBe(events)
  })

  it("its files are kept as they were found, once; of a sound one nothing is left", async () => {
    const sound = copy()
    await verified(sound)
    expect(kept(sound)).toEqual([])
    const home = copy()
    change(wal(home), flip(-40))
    const bytes = readFileSync(wal(home))
    const name = wal(home).split("/").at(-1)!
    let told: string | null = null
    await verified(home, (folder) => {
      told = folder
    })
    await verified(home)
    expect(kept(home)).toHaveLength(1)
    expect(readFileSync(join(told!, name))).toEqual(bytes)
  })

  it.each([
    ["behind all events", "e/zzz", count],
    ["between two events", "e/0000000000000005x", 5]
  ])("a key of nobody %s is named", async (_, key, proven) => {
    const home = copy()
    await Effect.runPromise(inStore(home, (db) => db.put(key, Buffer.from("{}"))))
    const message = `The store has the key '${key}', which is none of ours.`
    expect(await openingSays(home)).toBe(message)
    expect(await verified(home)).toMatchObject({ events: proven, damage: { message } })
    expect((await headOf(home)).damage?.message).toBe(message)
    expect(await exported(home)).toMatchObject({ events: proven, damage: { message } })
  })

  it("a store of another log is told apart, and proven and exported by its own word", async () => {
    const { answer, home } = await imported(golden("foreign"))
    cpSync(join(young, "HEAD"), join(home, "HEAD"))
    const found = { events: answer!.events, damage: { kind: "other-log" } }
    for (const audit of [verified, verifiedOnDisk, exported]) expect(await audit(home)).toMatchObject(found)
    expect((await exported(home)).text).toBe(readFileSync(golden("foreign"), "utf8"))
  })
})

describe("the index", () => {
  const tampered = async (how: (db: Level<string, string>) => Promise<void>) => {
    const { home } = await imported(golden("sound.1"))
    const db = new Level<string, string>(LevelLog.placesOf(home).store)
    await how(db)
    await db.close()
    return (await verified(home)).damage
  }
  const keys = async (db: Level<string, string>, prefix: string) =>
    (await db.keys({ gte: prefix, lt: `${prefix}~` }).all()) as Array<string>
  const digits = (seq: number) => String(seq).padStart(16, "0")

  it("must have each event under its stream", async () => {
    const damage = await tampered(async (db) => db.del((await keys(db, "s/")).at(-1)!))
    expect(damage).toMatchObject({
      kind: "index",
      message: expect.stringMatching(/^The index does not have event \d+ under its stream\.$/)
    })
  })
  it("must have each request", async () => {
    const damage = await tampered(async (db) => db.del((await keys(db, "r/"))[0]!))
    expect(damage?.message).toMatch(/^The index does not have request\/r1, which is at event \d+\.$/)
  })
  it.each([
    ["request", "r/made-up", "The index has request/made-up at event 3, which did not take it."],
    ["name", "n/made-up", "The index has name/made-up at event 3, which did not take it."],
    ["stream", `s/cluster/${"9".repeat(26)}/${digits(3)}`, `The index has event 3 under 'cluster/${"9".repeat(26)}', where it is not.`],
    ["key that nobody writes", "x/y", "The index has event 3 under 'x/y', where it is not."]
  ])("must not have a %s without its event", async (_, key, message) => {
    expect(await tampered((db) => db.put(key, digits(3)))).toEqual({ kind: "index", seq: 3, message })
  })
  it.each([["n/x"], ["r/x"]])("must name a number: %s", async (key) => {
    const damage = await tampered((db) => db.put(key, "x"))
    expect(damage).toMatchObject({
      kind: "index",
      seq: 0,
      message: expect.stringMatching(/^The index has .*\/x at event 0, which did not take it\.$/)
    })
  })
  it("must name the right event", async () => {
    const damage = await tampered(async (db) => db.put((await keys(db, "r/"))[0]!, digits(1)))
    expect(damage?.message).toMatch(/^The index has request\/r1 at event 1, and it is at event \d+\.$/)
  })
})

describe("what LevelDB cannot read", () => {
  const compacted = async () => {
    const home = fresh()
    await Effect.runPromise(opened(home, append(3000)))
    const db = new Level<string, string>(LevelLog.placesOf(home).store)
    await db.open()
    await (db as unknown as { compactRange(from: string, to: string): Promise<void> }).compactRange("", "~")
    await db.close()
    return home
  }
  const tables = (home: string) => filesOf(home, ".ldb")

  it("of the index is told apart from the events, which are all proven", async () => {
    const home = await compacted()
    change(tables(home).at(-1)!, breakLastBlock)
    const { damage, events } = await verified(home)
    expect(events).toBe(3001)
    expect(damage).toMatchObject({
      kind: "index",
      seq: 0,
      message: expect.stringMatching(/^LevelDB cannot read the index of the log, whose events it can: .*orrupt.*\.$/)
    })
  })
  it("of the events ends the proof at the first one that is hit, as it ends the export, wherever in that the first byte lies", async () => {
    const sound = await compacted()
    const message = "is not what was written: checksums in it do not fit."
    for (let from = 100_000; from < 100_300; from += 20) {
      const home = fresh()
      cpSync(sound, home, { recursive: true })
      const [table] = tables(home)
      change(table!, breakFrom(from))
      const copy = fresh()
      cpSync(home, copy, { recursive: true })
      const { damage, events } = await verified(home)
      expect(damage).toEqual({ kind: "store-unreadable", seq: events + 1, message: `${table} ${message}` })
      expect(events).toBeGreaterThan(0)
      expect((await exported(copy)).events).toBe(events)
    }
  })
})

describe("a head that was noted", () => {
  it("is found again after the log has gone on, and only as it was", async () => {
    const home = copy()
    const head = (await headOf(home)).head!
    await Effect.runPromise(opened(home, append(5)))
    expect((await headOf(home)).head?.seq).toBe(head.seq + 5)
    expect(await headOf(home, head)).toMatchObject({ refuted: null, damage: null })
    expect((await headOf(home, { ...head, hash: "0".repeat(64) })).refuted).toMatch(
      /^Event 301 is not the one that was noted: its hash is /
    )
    expect((await headOf(home, { ...head, seq: 400 })).refuted).toBe("The log ends with event 306, before event 400 that was noted.")
  })
})

/** No process has that number. */
const nobody = "import-99999999"

describe("an import", () => {
  it("gives the same head, the same witness and the same bytes, whatever the history", { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(histories, async (facts) => {
        const begun = { ...facts[0], seq: 1, atMs: 1, stream: "daemon", operation: null, causedBy: 0 }
        const actor = { kind: "daemon", uid: 0, host: "h" }
        const bytes = exportOf([{ ...begun, actor, event: { _tag: "LogCreated", log: logId("5") } }, ...facts])
        const first = await imported(file(bytes))
        expect(first.refused).toBeUndefined()
        const out = await exported(first.home)
        expect(out.text).toBe(bytes.toString())
        const second = await imported(file(out.text))
        expect(await exported(second.home)).toEqual(out)
        expect(await verified(second.home)).toMatchObject({ events: facts.length + 1, damage: null })
        expect(readFileSync(join(second.home, "HEAD"))).toEqual(readFileSync(join(first.home, "HEAD")))
        for (const folder of [first.home, second.home]) remove(folder)
      }),
      { numRuns: 25 }
    )
  )

  it("can be opened by a daemon, which goes on with it", async () => {
    const { home } = await imported(golden("sound.1"))
    await Effect.runPromise(opened(home, append(3)))
    expect(await verified(home)).toMatchObject({ damage: null })
  })

  it.each([
    ["a log", "HEAD", () => copy()],
    [
      "a node",
      "nodes",
      () => {
        const home = fresh()
        mkdirSync(join(home, "nodes", "a"), { recursive: true })
        return home
      }
    ],
    [
      "a file of somebody's own",
      "imported",
      () => {
        const home = fresh()
        writeFileSync(join(home, "imported"), "notes")
        return home
      }
    ]
  ])("is refused where there is %s", async (_, name, make) => {
    const home = make()
    const before = readdirSync(home)
    expect((await imported(golden("sound.1"), home)).refused).toBe(`The state folder ${home} is not empty: it holds '${name}'.`)
    expect(readdirSync(home)).toEqual(before)
  })

  it("removes nothing where a log without its witness lies beside what another one left", async () => {
    const home = copy()
    mkdirSync(join(home, nobody, "log"), { recursive: true })
    remove(join(home, "HEAD"))
    const before = readdirSync(home)
    expect((await imported(golden("sound.1"), home)).refused).toMatch(/is not empty: it holds '/)
    expect(readdirSync(home)).toEqual(before)
  })

  it("clears what one left that was cut off", async () => {
    const home = fresh()
    mkdirSync(join(home, nobody, "log"), { recursive: true })
    writeFileSync(join(home, "imported"), `${logId("5")}\n`)
    expect((await imported(golden("sound.1"), home)).refused).toBeUndefined()
    expect(readdirSync(home).sort()).toEqual(["HEAD", "imported", "log"])
  })

  it("clears the store of one that was cut off before its witness came", async () => {
    const home = fresh()
    mkdirSync(join(home, nobody))
    writeFileSync(join(home, nobody, "HEAD"), "")
    mkdirSync(join(home, "log"))
    writeFileSync(join(home, "log", "CURRENT"), "")
    writeFileSync(join(home, "imported"), `${logId("5")}\n`)
    expect((await imported(golden("sound.1"), home)).refused).toBeUndefined()
    expect(readdirSync(home).sort()).toEqual(["HEAD", "imported", "log"])
  })

  it.each([
    ["a daemon has begun a log", "HEAD", (home: string) => Effect.runPromise(opened(home, append(1)))],
    ["somebody has put a file", "notes", async (home: string) => writeFileSync(join(home, "notes"), "")]
  ])("is refused where meanwhile %s, which it leaves as it is", async (_, name, begin) => {
    const home = fresh()
    const bytes = readFileSync(golden("sound.1"))
    async function* source() {
      yield bytes.subarray(0, 1000)
      await begin(home)
      yield bytes.subarray(1000)
    }
    const lines = new Lines(async () => Readable.from(source()), "stdin")
    const error = await Effect.runPromise(Effect.flip(importLog(home, lines)))
    expect(error).toMatchObject({ exitCode: 6, message: `The state folder ${home} is not empty: it holds '${name}'.` })
    expect(existsSync(join(home, "imported"))).toBe(false)
    expect(readdirSync(home).filter((entry) => entry.startsWith("import-"))).toEqual([])
    if (name === "HEAD") expect(await verified(home)).toMatchObject({ events: 2, damage: null })
  })

  it("marks the log that it is of", async () => {
    const { answer, home } = await imported(golden("sound.1"))
    expect(readFileSync(join(home, "imported"), "utf8")).toBe(`${answer!.head.log}\n`)
  })

  it("of nothing, of no file, of a folder is one sentence", async () => {
    expect((await imported(file(""))).refused).toBe("The file holds no events.")
    expect((await imported("/nowhere/x")).refused).toBe("The file /nowhere/x cannot be read: there is none.")
    const folder = fresh()
    expect((await imported(folder)).refused).toBe(`The file ${folder} cannot be read: it is a folder.`)
    const home = join(fresh(), "made", "here")
    await imported(golden("cut"), home)
    expect(existsSync(home)).toBe(false)
  })

  it("takes no fact of a time that cannot be shown", async () => {
    const [first, second] = linesOf(golden("sound.1")).map((line) => JSON.parse(line).record)
    const at = (atMs: number) => file(exportOf([first, { ...second, atMs }]))
    const last = Date.parse("9999-12-31T23:59:59.999Z")
    expect((await imported(at(last))).answer?.events).toBe(2)
    expect((await imported(at(last + 1))).refused).toMatch(/^Line 2: Event 2 is not what its schema says: atMs: /)
  })

  it("takes no fact that is larger than the log takes, and no line without end", async () => {
    const [first, second] = linesOf(golden("sound.1")).map((line) => JSON.parse(line).record)
    const text = (bytes: number) => file(exportOf([first, { ...second, event: { ...second.event, message: "x".repeat(bytes) } }]))
    expect((await imported(text(256 * 1024))).refused).toMatch(/^Line 2 is longer than a line of an export can be\.$|^Line 2: Event 2 has /)
    expect((await imported(text(3_000_000))).refused).toBe("Line 2 is longer than a line of an export can be.")
  })
})

describe("the files as they were found", () => {
  const first = { seq: 1, hash: "0".repeat(64) }
  it.each([
    ["no further than an event that was noted", (home: string) => headOf(home, first)],
    ["no further than the first difference", (home: string) => differing(home, golden("sound.1"))],
    ["nothing, for want of a file", (home: string) => differing(home, "/nowhere/x").catch(() => undefined)]
  ])("stay where an audit read %s, for the one that finds the damage", async (_, audit) => {
    const home = copy()
    change(wal(home), flip(-20))
    const evidence = readFileSync(wal(home))
    await audit(home)
    let folder: string | null = null
    await verified(home, (told) => {
      folder = told
    })
    const [name] = kept(home)
    expect([folder]).toEqual([join(home, name!)])
    const files = globSync("*.log", { cwd: folder! }).map((file) => readFileSync(join(folder!, file)))
    expect(files.some((bytes) => bytes.equals(evidence))).toBe(true)
  })

  it("go with the first audit that finds all of it sound", async () => {
    const home = copy()
    await headOf(home, first)
    expect(kept(home)).toHaveLength(1)
    await headOf(home)
    expect(kept(home)).toEqual([])
  })

  it("that an audit of the disk had linked and did not come to remove are swept by the next", async () => {
    const home = copy()
    const { pid } = spawnSync("true")
    for (const owner of [pid, process.ppid]) mkdirSync(join(home, "run", `beside-${owner}-a`, "log"), { recursive: true })
    expect(await verifiedOnDisk(home)).toMatchObject({ events: count, damage: null })
    expect(readdirSync(join(home, "run"))).toEqual([`beside-${process.ppid}-a`])
  })

  it("that hold less than a snapshot are not sound under a daemon either", async () => {
    const home = copy()
    keepSnapshot(home, count + 1)
    expect((await verifiedOnDisk(home)).damage?.kind).toBe("snapshot-ahead")
  })
})

describe("a comparison", () => {
  it("with a file of nothing is refused, as an import of it is", async () => {
    const { home } = await imported(golden("sound.1"))
    await expect(differing(home, file(""))).rejects.toThrow("The file holds no events.")
  })

  it("says which of the two goes on", async () => {
    const { home } = await imported(golden("sound.1"))
    const lines = linesOf(golden("sound.1"))
    const part = file(lines.slice(0, 10).join(""))
    expect(await differing(home, part)).toMatchObject({ events: 10, difference: null, logMore: lines.length - 10, fileMore: 0 })
    const short = await imported(part)
    expect(await differing(short.home, golden("sound.1"))).toMatchObject({ events: 10, logMore: 0, fileMore: lines.length - 10 })
  })
})
