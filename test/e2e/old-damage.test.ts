/** Damage that a start does not come upon, in events long before it: who reads them finds it, and from then on it is known. */
import { randomBytes } from "node:crypto"
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { append, change, filesOf, opened } from "../damage/logs.ts"
import { Home } from "./home.ts"

/**
 * Of one event among many, and far more than lies beside it in its block: so LevelDB does not pack that, and reads a table that has another bit
 * there without a word.
 */
const words = randomBytes(45_000).toString("base64")
const count = 11_500
const hit = 502
const first = new Home()
beforeAll(async () => {
  mkdirSync(first.state)
  await Effect.runPromise(
    opened(
      first.state,
      append(count, (i) => (i === hit - 2 ? words : `cost ${i}`))
    )
  )
  // All of it is in tables then, with a snapshot at its end.
  await first.json("daemon", "restart")
  await first.json("daemon", "stop")
})
/** With a daemon that has begun behind the snapshot, or without one. */
const aged = async (runs: boolean) => {
  const home = new Home()
  cpSync(first.state, home.state, { recursive: true })
  if (runs) await home.json("daemon", "start")
  const table = filesOf(home.state, ".ldb").find((file) => readFileSync(file).includes(words))!
  change(table, (bytes) => {
    bytes[bytes.indexOf(words) + 100]! ^= 1
    return bytes
  })
  return home
}
const flat = (text: string) => text.replaceAll(/\s+/g, " ")
const sentence = `Event ${hit} is not what was written: its hash does not follow from the one before.`
const goes = async (home: Home, damage: string) => {
  expect(flat((await home.sky("status")).err)).toContain(`The log is damaged: ${damage} What is recorded from now on cannot be proven.`)
  expect(await home.sky("launch", "-y", "-d", "true")).toMatchObject({ code: 1, err: expect.stringContaining("launch is not begun.") })
  for (const verb of ["stop", "restart"]) {
    const { code, err } = await home.sky("daemon", verb)
    expect([code, flat(err)]).toEqual([1, expect.stringContaining("The daemon is not ended, for its log is damaged")])
  }
  await home.sky("daemon", "restart", "--force")
  expect(flat((await home.sky("status")).err)).toContain(`from here on skyd only answers, from events 1 to ${hit - 1}.`)
}

describe("an event of old that was altered", () => {
  it("under a daemon ends the events that are asked for, and is known from then on, at the next start too", async () => {
    const home = await aged(true)
    expect((await home.sky("status")).err).not.toContain("damaged")
    for (const ask of [
      ["--after", `${hit - 10}`],
      ["--after", `${hit - 1}`],
      ["--after", "0", "-f"]
    ])
      expect(await home.sky("events", ...ask)).toEqual({ code: 1, out: "", err: expect.stringContaining(sentence) })
    await goes(home, sentence)
    expect((await home.json("events", "--after", "0")).length).toBe(hit - 1)
  })

  it("is named by the proof of the state", async () => {
    const home = await aged(true)
    expect(await home.sky("replay", "--verify")).toMatchObject({ code: 1, err: expect.stringContaining(sentence) })
    expect((await home.sky("status")).err).toContain(`The log is damaged: Event ${hit} `)
  })

  it("and that the audit of a running daemon has named is known to it from then on", async () => {
    const home = await aged(true)
    const { code, err } = await home.sky("audit", "verify")
    const [proven, said] = err.trimEnd().split("\n")
    expect([code, proven]).toEqual([1, `${hit - 1} events are proven.`])
    expect(said).toMatch(/\d+\.ldb is not what was written: checksums in it do not fit\.$/)
    await goes(home, said!.slice(2))
  })

  it("and that an audit without a daemon has named leaves the daemon what that has proven", async () => {
    const home = await aged(false)
    expect(await home.sky("audit", "verify")).toMatchObject({ code: 1, err: expect.stringContaining(`${hit - 1} events are proven.`) })
    expect(flat((await home.sky("status")).err)).toContain(`skyd only answers, from events 1 to ${hit - 1}.`)
    expect((await home.json("events", "--after", "0")).length).toBe(hit - 1)
    expect(await home.sky("status", "--at", `${hit}`)).toMatchObject({ code: 1, err: expect.stringContaining(`Event ${hit} is not`) })
  })
})

it("over the store of another log, what runs of the folder's own is named and can be ended", async () => {
  const home = new Home()
  await home.sky("launch", "-y", "-d", "-c", "train", "sleep 600")
  await home.json("daemon", "stop")
  const other = new Home()
  await other.json("daemon", "start")
  await other.json("daemon", "stop")
  rmSync(join(home.state, "log"), { recursive: true })
  cpSync(join(other.state, "log"), join(home.state, "log"), { recursive: true })
  const said = flat((await home.sky("status")).err)
  expect(said).toContain("The store holds another log than its witness speaks of")
  expect(said).toContain("There is still: train (local: ")
  expect(await home.sky("down", "-y", "--unlogged", "train")).toMatchObject({ code: 0 })
  expect(home.nodes()).toEqual([])
})
