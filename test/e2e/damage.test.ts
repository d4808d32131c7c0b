/** A log that was damaged while no daemon ran: nothing is repaired, everything is said, and what runs can still be ended. */
import { randomBytes } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { logHolder } from "../../sdk/log-holder.ts"
import { append, breakLastBlock, change, filesOf, flip, inStore, opened, remove, strikeAt } from "../damage/logs.ts"
import { eventually, Home, isAlive, kill, processesOf } from "./home.ts"

const wal = (home: Home) => filesOf(home.state, ".log").at(-1)!
/** In the middle of an event; what follows it in the file may be a snapshot. */
const hurt = (bytes: Buffer) => flip(bytes.lastIndexOf("JobSubmitted"))(bytes)
const launched = async () => {
  const home = new Home()
  expect((await home.sky("launch", "-y", "-d", "-c", "train", "sleep 600")).code).toBe(0)
  await home.json("daemon", "stop")
  return home
}
const notice = async (home: Home) => {
  const { err } = await home.sky("status")
  return err.replaceAll(/\s+/g, " ")
}

describe("over a damaged log", () => {
  it("questions are answered from what is proven, and nothing is changed", async () => {
    const home = await launched()
    change(wal(home), hurt)
    const said = await notice(home)
    expect(said).toMatch(/The log is damaged: (Event \d+ is missing|The log ends with event \d+)/)
    expect(said).toContain(`There is still: train (local: ${readdirSync(join(home.state, "nodes"))[0]})`)
    expect((await home.json("events")).length).toBeGreaterThan(3)
    expect((await home.json("status"))[0].name).toBe("train")
    for (const verb of [
      ["launch", "-y", "true"],
      ["exec", "train", "true"],
      ["stop", "-y", "train"],
      ["down", "-y", "train"]
    ]) {
      const { code, err } = await home.sky(...verb)
      expect(err).toContain("The log is damaged, so nothing is changed: ")
      expect(code).toBe(1)
    }
    const head = readFileSync(join(home.state, "HEAD"))
    await home.sky("daemon", "stop")
    expect(readFileSync(join(home.state, "HEAD"))).toEqual(head)
  })

  it("zeros in a table that LevelDB ends the process over are found by the first command, and by the audit", async () => {
    const home = await launched()
    const words = randomBytes(45_000).toString("base64")
    expect((await home.sky("exec", "-d", "train", `true ${words}`)).code).toBe(0)
    // In a table since then.
    await home.json("daemon", "restart")
    await home.json("daemon", "stop")
    const table = strikeAt(home.state, words)
    const struck = readFileSync(table)
    const said = await notice(home)
    expect(said).toContain(`The log is damaged: ${table} is not what was written: checksums in it do not fit.`)
    expect(said).toContain("There is still: train (local: ")
    // Links of two starts: the first was ended before it could tell.
    expect(readdirSync(join(home.state, "log.damaged"))).toContain("2")
    expect(logHolder(home.state)).toBe(await home.daemonPid())
    for (const name of ["served", "alone"]) {
      const file = join(home.path, name)
      expect(await home.sky("audit", "export", file)).toMatchObject({ code: 1, err: expect.stringContaining(" is not what was written: ") })
      expect(readFileSync(file, "utf8").split("\n").length).toBeGreaterThan(10)
      expect(await home.sky("audit", "verify")).toMatchObject({ code: 1, err: expect.stringContaining(" is not what was written: ") })
      await home.json("daemon", "stop")
    }
    expect(await notice(home)).toContain("There is still: train (local: ")
    expect(await home.sky("down", "-y", "--unlogged", "train")).toMatchObject({ code: 0 })
    await home.json("daemon", "stop")
    expect(readdirSync(join(home.state, "run"))).toEqual([])
    expect(readFileSync(table)).toEqual(struck)
  })

  it("every answer says so, and a name that is not proven is not taken for another's", async () => {
    const home = await launched()
    expect((await home.sky("launch", "-y", "-d", "-c", "trail", "sleep 600")).code).toBe(0)
    await home.json("daemon", "stop")
    // Whichever file it is in by now.
    for (const file of [...filesOf(home.state, ".log"), ...filesOf(home.state, ".ldb")])
      change(file, (bytes) => (bytes.includes('"trail"') ? flip(bytes.indexOf('"trail"'))(bytes) : bytes))
    for (const verb of [
      ["queue"],
      ["why", "train"],
      ["events"],
      ["ops"],
      ["replay"],
      ["logs", "--no-follow", "train"],
      ["down", "-y", "trail"]
    ]) {
      const { code, err } = await home.sky(...verb)
      expect([verb, code, err]).toEqual([verb, verb[0] === "down" ? 5 : 0, expect.stringContaining("The log is damaged: ")])
      expect(err.match(/The log is damaged: /g)).toHaveLength(1)
      expect(err).not.toContain("Did you mean")
      const [first] = (await home.sky(...verb, "-o", "json")).err.split("\n")
      expect(JSON.parse(first!)).toEqual({ notices: [expect.stringMatching(/^The log is damaged: /)] })
    }
    expect((await home.sky("status", "trail")).err).not.toContain("Did you mean")
  })

  it("how a job ended is learned from its node, and where that does not run any more, this is said", async () => {
    const home = new Home()
    const flag = join(home.path, "flag")
    await home.sky("launch", "-y", "-d", "-c", "train", `until [ -e ${flag} ]; do sleep 0.1; done`)
    await eventually(async () => (await home.sky("logs", "--status", "train", "1")).out === "Job 1: RUNNING\n")
    await home.json("daemon", "stop")
    change(wal(home), (bytes) => flip(bytes.lastIndexOf("JobStarted"))(bytes))
    const damaged = expect.stringMatching(/^✗ The log is damaged: /)
    expect(await home.sky("logs", "--status", "train", "1")).toEqual({ code: 101, out: "Job 1: PENDING\n", err: damaged })
    home.file("flag", "")
    expect((await home.sky("logs", "train", "1")).code).toBe(0)
    expect(await home.sky("logs", "--status", "train")).toEqual({ code: 0, out: "Job 1: SUCCEEDED\n", err: damaged })
    kill(home.agentPid())
    const { code, err } = await home.sky("logs", "train", "1")
    expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([
      1,
      expect.stringMatching(/train cannot be read: its agent does not answer\. No agent/)
    ])
  })

  it("an event that is not proven is not said to be none, and a time after them all is not said to be known", async () => {
    const home = await launched()
    change(wal(home), hurt)
    const proven = (await home.json("events")).length
    for (const verb of [
      ["status", "--at", `${proven + 1}`],
      ["queue", "--at", `${proven + 1}`],
      ["replay", "--from", `${proven}`, "--to", `${proven + 1}`]
    ]) {
      const { code, err } = await home.sky(...verb)
      expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([
        1,
        expect.stringMatching(
          `^✗ The log is damaged: .* ✗ Event ${proven + 1} is not proven: the log is damaged, and events 1 to ${proven} are\\. $`
        )
      ])
    }
    expect((await home.sky("status", "--at", "0s ago")).out).toMatch(`As far as is proven: event ${proven}, of `)
  })

  it("a node that cannot be told is named", async () => {
    const home = await launched()
    const [node] = readdirSync(join(home.state, "nodes"))
    const path = join(home.state, "nodes", node!, "node.json")
    const whole = readFileSync(path)
    truncateSync(path, 20)
    remove(join(home.state, "HEAD"))
    expect(await notice(home)).toContain(`Not known of local: nodes/${node} cannot be read.`)
    change(path, () => whole)
  })

  it("its files are kept as they were found, once", async () => {
    const home = await launched()
    const bytes = hurt(readFileSync(wal(home)))
    change(wal(home), () => bytes)
    const name = wal(home).split("/").at(-1)!
    const kept = () => readdirSync(home.state).filter((file) => /^log\..*-/.test(file))
    for (const _ of [1, 2]) {
      await home.sky("status")
      expect(kept()).toEqual([expect.stringMatching(/^log\.damaged-/)])
      expect(readFileSync(join(home.state, kept()[0]!, name))).toEqual(bytes)
      await home.sky("daemon", "stop")
    }
  })

  it("that is found broken only when LevelDB puts its files together, all is proven and can be exported", async () => {
    const home = new Home()
    mkdirSync(home.state, { mode: 0o700 })
    await Effect.runPromise(opened(home.state, append(3000)))
    // Each start makes a table of what the one before has written; with the fourth they are put together.
    await home.sky("status")
    await home.sky("daemon", "stop")
    change(filesOf(home.state, ".ldb")[0]!, breakLastBlock)
    for (let start = 1; start <= 8 && !(await notice(home)).includes("LevelDB cannot write to the log"); start++) {
      await home.sky("daemon", "stop")
    }
    expect(await notice(home)).toMatch(/The log is damaged: LevelDB cannot write to the log: Corruption/)
    const file = join(home.path, "proven.jsonl")
    await home.sky("audit", "export", file)
    expect(readFileSync(file, "utf8").trimEnd().split("\n").length).toBeGreaterThan(3000)
  })

  it("a sound log leaves nothing beside it", async () => {
    const home = await launched()
    await home.sky("status")
    expect(readdirSync(home.state).filter((file) => /^log\..*-/.test(file))).toEqual([])
    expect((await home.sky("down", "-y", "--unlogged")).err).toContain("--unlogged ends one cluster: name it.\n")
    expect((await home.sky("down", "-y", "--unlogged", "train")).err).toContain("The log is sound")
  })

  it.each([
    ["a store that is gone", (home: Home) => remove(join(home.state, "log")), "is gone: it held"],
    ["a witness that is gone", (home: Home) => remove(join(home.state, "HEAD")), "The witness of the log"],
    ["a manifest that is gone", (home: Home) => remove(join(home.state, "log", "CURRENT")), "is gone: it held"]
  ])("what runs is named and can be ended: %s", async (_, damage, sentence) => {
    const home = await launched()
    damage(home)
    const agent = home.agentPid()
    const said = await notice(home)
    expect(said).toContain(sentence)
    expect(said).toContain("There is still: train (local: ")
    expect(await home.sky("down", "-y", "--unlogged", "other")).toMatchObject({
      code: 5,
      err: expect.stringContaining("No machine carries")
    })
    expect(await home.sky("down", "-y", "--unlogged", "train")).toMatchObject({ code: 0, err: expect.stringContaining("1 machine gone") })
    expect(readdirSync(join(home.state, "nodes"))).toEqual([])
    await eventually(() => !isAlive(agent))
    expect(await notice(home)).toContain("No machine carries its tags.")
    expect(await notice(home)).not.toContain("ends what runs")
    // Of the job that went with it nothing is recorded: what the log still says of it is not told.
    expect((await home.sky("daemon", "status")).out).toContain("as far as is proven.")
    expect((await home.sky("daemon", "stop")).err).toBe("The daemon is stopped.\n")
  })

  it("of which nothing is proven, how to begin anew is said, and that is so", async () => {
    const home = await launched()
    remove(join(home.state, "log"))
    const said = await notice(home)
    expect(said).not.toContain("sky audit export FILE saves")
    const [, places] = /To begin anew, stop the daemon and move away (\S+(?:, \S+)*), or set SKYD_HOME/.exec(said)!
    expect(places!.split(", ")).toContain(join(home.state, "HEAD"))
    await home.sky("daemon", "stop")
    for (const place of places!.split(", ")) remove(place)
    expect(await notice(home)).not.toContain("The log is damaged")
    expect(await home.sky("down", "-y", "--unlogged", "train")).toMatchObject({ code: 0 })
  })

  it("two clients at once get one daemon", async () => {
    const home = await launched()
    remove(join(home.state, "log"))
    const asked = await Promise.all([1, 2, 3].map(() => home.sky("status")))
    expect(asked.map(({ code }) => code)).toEqual([0, 0, 0])
    const daemons = processesOf(home.state).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0run\0--home\0"))
    await eventually(() => daemons.filter(isAlive).length === 1)
  })
})

it("over a damaged index all verbs are carried out; a request that it has and no event has is refused", async () => {
  const home = await launched()
  await Effect.runPromise(
    inStore(home.state, async (db) => {
      for (const prefix of ["s/", "n/", "r/"]) await db.clear({ gte: prefix, lt: `${prefix}~` })
      for (const key of ["n/other", "r/made-up"]) await db.put(key, Buffer.from("9".repeat(16)))
    })
  )
  for (const verb of [
    ["exec", "-d", "train", "true"],
    ["autostop", "-y", "train"],
    ["launch", "-y", "-d", "-c", "other", "true"],
    ["cancel", "-y", "-a", "train"],
    ["stop", "-y", "train"],
    ["start", "-y", "train"]
  ]) {
    const { code, err } = await home.sky(...verb)
    expect([verb, code, err]).toEqual([verb, 0, expect.not.stringContaining("internal")])
  }
  const { data } = await home.socket().request(1, "down", { clusterName: "train" }, { requestId: "made-up" }).answer(1)
  expect(data.error).toMatchObject({ tag: "AuditError", message: expect.stringContaining("The index of the log is damaged: ") })
  expect((await home.sky("down", "-y", "train", "other")).code).toBe(0)
  expect(await home.sky("audit", "verify")).toMatchObject({ code: 1, err: expect.stringContaining("The index ") })
})
