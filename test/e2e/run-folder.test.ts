/**
 * What lies beside the log: the socket and the pid file are kept by their own daemon, and by no other; what stands in a place of ours is
 * named.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { eventually, Home, isAlive, kill } from "./home.ts"

const run = (home: Home, name = "") => join(home.state, "run", name)
const started = async () => {
  const home = new Home()
  return { home, pid: (await home.json("daemon", "start")).pid as number }
}
/** The next look comes within seconds: this is the state that it leaves. */
const isServedBy = async (home: Home, pid: number) => {
  expect(await home.daemonPid()).toBe(pid)
  expect(readFileSync(run(home, "pid"), "utf8")).toBe(`${pid}\n`)
  expect(readdirSync(run(home)).sort()).toEqual(["pid", "sock"])
  expect(statSync(run(home)).mode & 0o777).toBe(0o700)
}

describe("under a daemon", () => {
  it("a socket that is deleted is made again, and whoever asks in the meantime is heard", async () => {
    const { home, pid } = await started()
    rmSync(run(home, "sock"))
    expect((await home.sky("audit", "verify")).code).toBe(0)
    await isServedBy(home, pid)
  })
  it("so is all of run/, and the daemon can be ended", async () => {
    const { home, pid } = await started()
    rmSync(run(home), { recursive: true })
    expect((await home.sky("status")).code).toBe(0)
    await isServedBy(home, pid)
    rmSync(run(home), { recursive: true })
    expect((await home.sky("daemon", "stop")).err).toContain("The daemon is stopped.")
    await eventually(() => !isAlive(pid))
    expect(readdirSync(run(home))).toEqual([])
  })
  it("what stands in its way is said once, and it listens again when that has gone", async () => {
    const { home, pid } = await started()
    rmSync(run(home), { recursive: true })
    writeFileSync(run(home), "")
    const said = () => readFileSync(join(home.state, "daemon.log"), "utf8").match(/The socket cannot be looked after/g) ?? []
    await eventually(() => said().length > 0)
    rmSync(run(home))
    await isServedBy(home, pid)
    expect(said()).toHaveLength(1)
  })
  it("a socket that nobody listens on any more gives way; those who are connected stay so", async () => {
    const { home, pid } = await started()
    const wire = home.socket()
    await wire.request(1, "status").answer(1)
    rmSync(run(home, "sock"))
    const server = createServer().listen(run(home, "other"))
    await new Promise((done) => server.once("listening", done))
    renameSync(run(home, "other"), run(home, "sock"))
    server.close()
    await isServedBy(home, pid)
    expect((await wire.request(2, "status").answer(2)).type).toBe("result")
    wire.socket.destroy()
  })
  it("a daemon that hangs and has lost its socket is named to whoever asks", async () => {
    const { home, pid } = await started()
    kill(pid, "SIGSTOP")
    rmSync(run(home), { recursive: true })
    const asked = await Promise.all(
      [["daemon", "status"], ["daemon", "stop"], ["audit", "verify"], ["status"]].map((verb) => home.sky(...verb))
    )
    for (const { code, err } of asked) {
      expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([
        6,
        expect.stringContaining(`(pid ${pid}) holds the log in ${home.state} and does not answer.`)
      ])
      expect(err).toContain(`kill ${pid}`)
    }
    kill(pid, "SIGCONT")
    await isServedBy(home, pid)
  })
  it.each(["moved", "deleted"])("a state folder that is %s ends it, and it makes nothing in its old place", async (how) => {
    const { home, pid } = await started()
    if (how === "moved") renameSync(home.state, join(home.path, "x"))
    else rmSync(home.state, { recursive: true })
    await eventually(() => !isAlive(pid))
    expect(existsSync(home.state)).toBe(false)
  })
  it.each(["SIGCONT", "SIGTERM"] as const)(
    "one whose folder was moved ends by %s, and what is in its old place then stays whole",
    async (signal) => {
      const { home, pid } = await started()
      // It has no time to look before the second one serves.
      kill(pid, "SIGSTOP")
      renameSync(home.state, join(home.path, "x"))
      const second = (await home.json("daemon", "start")).pid
      expect(second).not.toBe(pid)
      const before = readdirSync(home.state)
      kill(pid, signal)
      kill(pid, "SIGCONT")
      await eventually(() => !isAlive(pid))
      await isServedBy(home, second)
      expect(readdirSync(home.state)).toEqual(before)
      const moved = { SKYD_HOME: join(home.path, "x") }
      expect(readFileSync(join(moved.SKYD_HOME, "daemon.log"), "utf8")).toContain("the state folder was moved or deleted")
      Object.assign(home.env, moved)
      expect((await home.sky("audit", "verify")).code).toBe(0)
      home.env["SKYD_HOME"] = home.state
    }
  )
})

describe("what is no file, no folder or no socket where one belongs", () => {
  it.each([
    ["key", "file"],
    ["secrets", "folder"],
    ["run", "folder"],
    ["nodes", "folder"],
    ["trash", "folder"],
    ["run/sock", "socket"]
  ])("%s: exit 2, named in one sentence with a way on", async (name, kind) => {
    const home = new Home()
    const path = join(home.state, name)
    mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 })
    if (kind === "file") mkdirSync(path)
    else writeFileSync(path, "")
    const { code, err } = await home.sky("status")
    const said = err.replaceAll(/\s+/g, " ")
    expect([code, said]).toEqual([2, expect.stringContaining(`${path} is no ${kind}, and `)])
    expect(said).toContain("Move it away, or set SKYD_HOME to another folder.")
    rmSync(path, { recursive: true })
    expect((await home.sky("status")).code).toBe(0)
  })
})

it("a daemon over a store that does not open leaves nothing in run/ when it has ended", async () => {
  const { home } = await started()
  await home.sky("daemon", "stop")
  truncateSync(join(home.state, "log", "CURRENT"))
  expect((await home.sky("status")).err).toContain("The log is damaged: ")
  expect(existsSync(run(home, "guard"))).toBe(true)
  await home.sky("daemon", "stop")
  expect(readdirSync(run(home))).toEqual([])
})
