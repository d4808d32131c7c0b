/** `sky audit export FILE`: what becomes of the file, of one that is there already, and of what is none. */
import { execFileSync, spawn } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { createHead, emptyHead } from "../../daemon/log/head-file.ts"
import { change, filesOf } from "../damage/logs.ts"
import { eventually, Home, kill, root } from "./home.ts"

const launched = async () => {
  const home = new Home()
  expect((await home.sky("launch", "-y", "-c", "train", "echo hi")).code).toBe(0)
  await home.sky("down", "-y", "train")
  return home
}

describe("an export", () => {
  it("is a file in whole or not at all", async () => {
    const home = await launched()
    expect(await home.sky("audit", "export", join(home.path, "no", "such"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("cannot be written: its folder is not there")
    })
    mkdirSync(join(home.path, "folder"))
    expect((await home.sky("audit", "export", join(home.path, "folder"))).code).toBe(1)
    expect(readdirSync(home.path).filter((name) => name.endsWith(".part"))).toEqual([])
  })

  it("writes through a pipe, a device and a link, and replaces none", async () => {
    const home = await launched()
    const all = (await home.sky("audit", "export")).out
    const sky = `"${process.execPath}" "${join(root, "bin/sky.cjs")}"`
    const shell = (script: string) => execFileSync("/bin/bash", ["-c", script], { env: home.env, cwd: home.path, encoding: "utf8" })
    expect(shell(`${sky} audit export >(cat) 2>/dev/null | cat`)).toBe(all)
    expect(shell(`mkfifo pipe; cat pipe & ${sky} audit export pipe 2>/dev/null; wait; test -p pipe`)).toBe(all)
    expect(shell(`ln -s real link; : > real; ${sky} audit export link 2>/dev/null; test -L link; cat real`)).toBe(all)
    // By a link: a mistake here must not cost the machine its own.
    expect(shell(`ln -s /dev/null null; ${sky} audit export null 2>&1; test -L null`)).toMatch(/ events exported to null\./)
  })

  it("takes the place of an earlier one of this log, and of no other file", async () => {
    const home = await launched()
    const other = await launched()
    const file = join(home.path, "log.jsonl")
    await home.sky("audit", "export", file)
    const before = readFileSync(file, "utf8")
    await home.sky("launch", "-y", "-c", "more", "true")
    await home.sky("down", "-y", "more")
    expect((await home.sky("audit", "export", file)).code).toBe(0)
    const whole = readFileSync(file, "utf8")
    expect(whole.startsWith(before) && whole.length > before.length).toBe(true)
    const exportOfAnother = (await other.sky("audit", "export")).out
    for (const running of [true, false]) {
      if (!running) await home.json("daemon", "stop")
      for (const text of ["hello\n", exportOfAnother, `${whole}\n`, whole.replace(/^.*?\n/, "")]) {
        const taken = home.file("taken", text)
        expect(await home.sky("audit", "export", taken)).toEqual({
          code: 6,
          out: "",
          err: `✗ ${taken} is there already, and is no beginning of this log: name another file, or remove it.\n`
        })
        expect(readFileSync(taken, "utf8")).toBe(text)
      }
    }
    expect(readdirSync(home.path).filter((name) => name.endsWith(".part"))).toEqual([])
  })

  it("that cannot be written on ends in one sentence, with or without a daemon", async () => {
    const home = await launched()
    symlinkSync("/dev/full", join(home.path, "full"))
    for (const running of [true, false]) {
      if (!running) await home.json("daemon", "stop")
      expect(await home.sky("audit", "export", join(home.path, "full"))).toEqual({
        code: 7,
        out: "",
        err: `✗ ${join(home.path, "full")} cannot be written: no space is left.\n`
      })
    }
    // Nobody holds the store any more.
    expect((await home.sky("audit", "verify")).code).toBe(0)
  })

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("leaves no half of a file when it is ended by %s", async (signal) => {
    const home = await launched()
    const path = join(home.path, "log.jsonl")
    const part = () => readdirSync(home.path).filter((name) => name.endsWith(".part"))
    // It is asked, and does not answer.
    kill(await home.daemonPid(), "SIGSTOP")
    try {
      const { child, ended } = home.start("audit", "export", path)
      await eventually(() => part().length === 1)
      child.kill(signal)
      await ended
      expect(child.signalCode).toBe(signal)
      expect(part()).toEqual([])
    } finally {
      kill(Number(readFileSync(join(home.state, "run", "pid"), "utf8")), "SIGCONT")
    }
  })

  it("of a damaged log replaces no file, and writes none where nothing is proven", async () => {
    const home = await launched()
    const file = join(home.path, "log.jsonl")
    const other = join(home.path, "other.jsonl")
    await home.sky("audit", "export", file)
    const whole = readFileSync(file, "utf8")
    await home.sky("daemon", "stop")
    const wal = filesOf(home.state, ".log").at(-1)!
    change(wal, (bytes) => bytes.subarray(0, bytes.length >> 1))
    const { code, err } = await home.sky("audit", "export", file)
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`proven. ${file} is there already, and is no beginning of this log: name another file, or remove it`)
    ])
    expect(JSON.parse((await home.sky("audit", "export", file, "-o", "json")).out).file).toBe(null)
    expect(readFileSync(file, "utf8")).toBe(whole)
    expect((await home.sky("audit", "export", other)).code).toBe(1)
    expect(whole.startsWith(readFileSync(other, "utf8"))).toBe(true)
    rmSync(join(home.state, "log"), { recursive: true })
    const nowhere = join(home.path, "nowhere.jsonl")
    expect(await home.sky("audit", "export", nowhere)).toMatchObject({ code: 1, err: expect.stringContaining("0 events are exported.") })
    expect((await home.sky("audit", "export", file)).err).toMatch(/^0 events are exported\.\n/m)
    rmSync(join(home.state, "HEAD"))
    createHead(join(home.state, "HEAD"), emptyHead("7".repeat(26)))
    expect(await home.sky("audit", "export", nowhere)).toMatchObject({ code: 1, err: "✗ The log holds no events.\n" })
    expect(readFileSync(file, "utf8")).toBe(whole)
    expect(readdirSync(home.path).filter((name) => /nowhere|part/.test(name))).toEqual([])
  })

  it("is quiet when its reader goes", async () => {
    const home = await launched()
    for (const running of [true, false]) {
      if (!running) await home.sky("daemon", "stop")
      const child = spawn("/bin/sh", ["-c", `"${process.execPath}" "${join(root, "bin/sky.cjs")}" audit export | head -n 1`], {
        env: home.env,
        stdio: ["ignore", "ignore", "pipe"]
      })
      let said = ""
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text
      })
      await new Promise((done) => child.once("close", done))
      expect(said).toBe("")
    }
  })
})
