/** The second links to the log's files: for who has to find out what happened, and gone when nothing did. */
import { execFile, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { promisify } from "node:util"
import { afterEach, beforeEach, expect, it } from "vitest"
import { linkAsFound } from "../../daemon/log/as-found.ts"

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "skyd-f-"))
})
afterEach(() => rmSync(home, { recursive: true }))
const put = (folder: string, file: string, text: string) => {
  mkdirSync(join(home, folder), { recursive: true })
  writeFileSync(join(home, folder, file), text)
}
const text = (folder: string, file: string) => readFileSync(join(home, folder, file), "utf8")
const names = () => readdirSync(home).toSorted()

it("are gone when the store is sound, with those of daemons that were killed before they knew", () => {
  put("log", "CURRENT", "now")
  put(`log.found-${process.ppid}-a`, "CURRENT", "then")
  linkAsFound(home).discard()
  expect(names()).toEqual(["log"])
})

it("are kept of a damaged store, what was found before this start included, each as it was", () => {
  put("log", "CURRENT", "now")
  put(`log.found-${process.ppid}-a`, "CURRENT", "then")
  put(`log.found-${process.ppid}-a`, "000007.log", "dropped since")
  expect(linkAsFound(home).keep("now")).toBe(join(home, "log.damaged-now"))
  expect(names()).toEqual(["log", "log.damaged", "log.damaged-now"])
  expect(["CURRENT", "000007.log", "2/CURRENT"].map((file) => text("log.damaged-now", file))).toEqual(["then", "dropped since", "now"])
})

/** As a daemon does that serves from a damaged store, until it ends. */
const keep = (name: string) => {
  const found = linkAsFound(home)
  const kept = found.keep(name)
  found.settle()
  return basename(kept!)
}

it("are kept once of a store that stays damaged, and again of one that was sound in between", () => {
  put("log", "CURRENT", "bad")
  expect(["1", "2"].map(keep)).toEqual(["log.damaged-1", "log.damaged-1"])
  expect(names()).toEqual(["log", "log.damaged", "log.damaged-1"])
  linkAsFound(home).discard()
  expect(names()).toEqual(["log", "log.damaged-1"])
  keep("3")
  expect(names()).toEqual(["log", "log.damaged", "log.damaged-1", "log.damaged-3"])
})

it("are kept again of another store that takes the place of a damaged one", () => {
  put("log", "CURRENT", "bad")
  keep("1")
  rmSync(join(home, "log"), { recursive: true })
  put("log", "CURRENT", "a backup, rotten as well")
  expect(keep("2")).toBe("log.damaged-2")
  expect(text("log.damaged", "CURRENT")).toBe("a backup, rotten as well")
})

it("are kept again when the one that kept them was killed before it knew how it leaves the store", () => {
  put("log", "CURRENT", "bad")
  linkAsFound(home).keep("1")
  put("log", "000009.log", "what LevelDB made of it")
  expect(keep("2")).toBe("log.damaged-2")
})

it("are kept again when somebody has removed what was kept", () => {
  put("log", "CURRENT", "bad")
  rmSync(linkAsFound(home).keep("1")!, { recursive: true })
  expect(basename(linkAsFound(home).keep("2")!)).toBe("log.damaged-2")
  expect(text("log.damaged", "CURRENT")).toBe("bad")
})

it("are kept of a log that was begun anew as well, whatever was kept of the one before", () => {
  put("log", "000003.log", "the first log")
  linkAsFound(home).keep("1")
  rmSync(join(home, "log"), { recursive: true })
  linkAsFound(home).discard()
  put("log", "000003.log", "the second log")
  expect(basename(linkAsFound(home).keep("2")!)).toBe("log.damaged-2")
  expect(text("log.damaged-2", "000003.log")).toBe("the second log")
})

it("of a store that is gone since are kept when a log is begun anew", () => {
  put(`log.found-${process.ppid}-a`, "000003.log", "all that is left")
  linkAsFound(home).discard()
  expect(names()).toEqual([expect.stringMatching(/^log\.damaged-/)])
})

it("are none of a store that is gone, though LevelDB has left its traces there", () => {
  put("log", "LOG", "")
  put("log", "LOCK", "")
  expect(linkAsFound(home).keep("1")).toBeNull()
  expect(names()).toEqual(["log"])
})

it("of one damage are not said to be of the next: of a store that is removed there are none, however often it is looked at", () => {
  put("log", "CURRENT", "bad")
  keep("1")
  rmSync(join(home, "log"), { recursive: true })
  for (const name of ["2", "3"]) {
    const found = linkAsFound(home)
    expect(found.keep(name)).toBeNull()
    found.settle()
  }
})

it("are not those of a store that was removed under the one that kept them", () => {
  put("log", "CURRENT", "bad")
  const found = linkAsFound(home)
  found.keep("1")
  rmSync(join(home, "log"), { recursive: true })
  found.settle()
  expect(linkAsFound(home).keep("2")).toBeNull()
})

it("leave alone a folder that somebody has given the name", () => {
  put("log", "CURRENT", "now")
  put("log.damaged", "CURRENT", "moved here by hand")
  linkAsFound(home).discard()
  expect(basename(linkAsFound(home).keep("1")!)).toBe("log.damaged-1")
  expect(text("log.damaged", "CURRENT")).toBe("moved here by hand")
})

it("of one that found the store held by another go with it", () => {
  put("log", "CURRENT", "now")
  const holder = linkAsFound(home)
  linkAsFound(home).release()
  expect(names().length).toBe(2)
  holder.discard()
  expect(names()).toEqual(["log"])
})

it("are made of files alone", () => {
  put("log", "CURRENT", "now")
  mkdirSync(join(home, "log", "lost"))
  expect(basename(linkAsFound(home).keep("1")!)).toBe("log.damaged-1")
  expect(readdirSync(join(home, "log.damaged-1"))).toEqual(["CURRENT"])
})

it("are not made without end by starts that never know", () => {
  put("log", "CURRENT", "now")
  for (let start = 1; start <= 20; start++) linkAsFound(home)
  expect(names().length).toBe(11)
})

it("say of a store that an earlier start ended over it, or found it damaged; of one that another start looks at now they say nothing", () => {
  const isSuspect = () => {
    const { isSuspect, release } = linkAsFound(home)
    release()
    return isSuspect
  }
  put("log", "CURRENT", "now")
  expect(isSuspect()).toBe(false)
  put(`log.found-${process.ppid}-a`, "CURRENT", "now")
  expect(isSuspect()).toBe(false)
  const ended = spawnSync("true").pid
  put(`log.found-${ended}-a`, "CURRENT", "then")
  expect(isSuspect()).toBe(true)
  const found = linkAsFound(home)
  found.keep("now")
  found.settle()
  expect(isSuspect()).toBe(true)
  linkAsFound(home).discard()
  expect(isSuspect()).toBe(false)
})

it("are kept by whoever comes first of many that see at once that a store does not open", async () => {
  put("log", "CURRENT", "bad")
  const asFound = join(import.meta.dirname, "../../daemon/log/as-found.ts")
  const looks = `const { linkAsFound } = await import(${JSON.stringify(asFound)})
for (let at = 0; at < 200; at++) linkAsFound(${JSON.stringify(home)}).keep(String(process.pid * 1000 + at))`
  const all = Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", looks]))
  expect(await Promise.all(all)).toEqual(all.map(() => ({ stdout: "", stderr: "" })))
  expect(names().filter((name) => name.startsWith("log.found-"))).toEqual([])
  expect(text("log.damaged", "CURRENT")).toBe("bad")
})
