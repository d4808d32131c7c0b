/** The daemon's life: started by the first command, one per state folder, gone when asked, and never the caller's shell. */
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { eventually, Home, isAlive, kill, root } from "./home.ts"

const skyd = join(root, "bin/skyd.cjs")

describe("the daemon", () => {
  const home = new Home({ XDG_RUNTIME_DIR: "/tmp/one", SOME_SHELL_SECRET_TOKEN: "sesame-open" })
  it("is started by the first command, once, however many come at the same time", async () => {
    const pids = await Promise.all(Array.from({ length: 8 }, () => home.json("daemon", "start").then(() => home.daemonPid())))
    expect(new Set(pids).size).toBe(1)
  })
  it("its folder is the user's alone", () => {
    expect(statSync(home.state).mode & 0o777).toBe(0o700)
    expect(statSync(join(home.state, "run")).mode & 0o777).toBe(0o700)
    for (const file of ["key", "daemon.log"]) expect(statSync(join(home.state, file)).mode & 0o077).toBe(0)
  })
  it("does not inherit the first caller's shell: not its folder, not its variables, not its output", async () => {
    const pid = await home.daemonPid()
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("sesame-open")
    const { status, stdout } = spawnSync("readlink", [`/proc/${pid}/cwd`], { encoding: "utf8" })
    expect([status, stdout.trim()]).toEqual([0, "/"])
  })
  it("XDG_RUNTIME_DIR differs between shells: it is the same daemon", async () => {
    const pid = await home.daemonPid()
    home.env["XDG_RUNTIME_DIR"] = "/tmp/two"
    expect(await home.daemonPid()).toBe(pid)
  })
  it("a second one on the same state folder is refused, naming the first", async () => {
    const second = spawnSync(process.execPath, [skyd, "run", "--home", home.state], { encoding: "utf8", env: home.env })
    expect(second.status).toBe(6)
    expect(second.stderr).toContain(`pid ${await home.daemonPid()}`)
  })
  it("ends within 5 s of SIGTERM, leaves its jobs running and its socket gone, and its end is a fact", async () => {
    await home.sky("launch", "-y", "-d", "-c", "a", "sleep 1.5; echo alive > ~/alive")
    const pid = await home.daemonPid()
    const before = Date.now()
    kill(pid, "SIGTERM")
    await eventually(() => !isAlive(pid))
    expect(Date.now() - before).toBeLessThan(5000)
    expect(existsSync(join(home.state, "run", "sock"))).toBe(false)
    await eventually(() => existsSync(join(home.nodes()[0]!, "home/alive")))
    const events = await home.json("events", "--tail", "100")
    expect(events.map(({ event }: { event: { _tag: string } }) => event._tag)).toContain("DaemonStopped")
  })
  it("a stale socket and a stale pid file are no obstacle", async () => {
    const pid = await home.daemonPid()
    kill(pid)
    await eventually(() => !isAlive(pid))
    expect(existsSync(join(home.state, "run", "sock"))).toBe(true)
    expect((await home.sky("status")).code).toBe(0)
  })
  it("stop says how many jobs go on; status without a daemon says so and does not start one", async () => {
    await home.sky("exec", "-d", "a", "sleep 30")
    expect((await home.sky("daemon", "stop")).err).toContain("The daemon is stopped. 1 job goes on without it.")
    expect((await home.sky("daemon", "stop")).err).toContain("The daemon is not running.")
    expect(await home.sky("daemon", "status")).toMatchObject({
      code: 8,
      out: "",
      err: expect.stringContaining("The daemon is not running.")
    })
    expect(await home.sky("daemon", "status", "-o", "json")).toMatchObject({ code: 8, out: '{"running":false}\n', err: "" })
    await home.sky("cancel", "-a", "-y", "a")
  })
  it("stop returns when it is gone, and the log is free", async () => {
    await home.sky("daemon", "start")
    const pid = await home.daemonPid()
    expect((await home.sky("daemon", "stop")).code).toBe(0)
    expect(isAlive(pid)).toBe(false)
  })
  it("stop says so where it does not end", async () => {
    await home.sky("daemon", "start")
    const pid = await home.daemonPid()
    // Another process stands for a daemon that goes on: it is the one that the answers name.
    const stuck = spawn("sleep", ["60"])
    const other = new Home()
    mkdirSync(join(other.state, "run"), { recursive: true })
    const relay = createServer((client) => {
      const own = connect(join(home.state, "run", "sock"))
      for (const [one, other] of [
        [client, own],
        [own, client]
      ] as const) {
        one.on("error", () => other.destroy())
        one.on("close", () => other.destroy())
      }
      client.pipe(own)
      own.on("data", (data) => client.write(data.toString().replaceAll(`"pid":${pid}`, `"pid":${stuck.pid}`)))
    }).listen(join(other.state, "run", "sock"))
    const { code, err } = await other.sky("daemon", "stop")
    relay.close()
    kill(stuck.pid!)
    expect([code, err]).toEqual([1, expect.stringContaining(`The daemon (pid ${stuck.pid}) does not end: kill -9 ${stuck.pid}`)])
    await eventually(() => !isAlive(pid))
  })
  it("a start that fails leaves the log's files as it found them to the next, which is sound and clears them", async () => {
    await home.sky("daemon", "stop")
    const links = () => readdirSync(home.state).filter((name) => name.startsWith("log.found-"))
    // LevelDB has read the log when it finds no room for its next manifest.
    const store = join(home.state, "log")
    const last = Number(/\d+/.exec(readFileSync(join(store, "CURRENT"), "utf8"))![0])
    const next = Array.from({ length: 9 }, (_, i) => join(store, `MANIFEST-${String(last + 1 + i).padStart(6, "0")}`))
    for (const path of next) symlinkSync("/dev/full", path)
    const { code, err } = await home.sky("daemon", "start")
    expect([code, err]).toEqual([7, expect.stringContaining("no space left")])
    expect(links()).toHaveLength(1)
    for (const path of next) rmSync(path, { force: true })
    expect((await home.sky("daemon", "start")).code).toBe(0)
    expect(links()).toEqual([])
  })
  it("runs in the foreground when asked, and ends with Ctrl-C", async () => {
    await home.sky("daemon", "stop")
    const child = spawn(process.execPath, [skyd, "run", "--home", home.state], { env: home.env, stdio: "ignore" })
    await eventually(async () => (await home.sky("daemon", "status")).code === 0)
    child.kill("SIGINT")
    expect(await new Promise((done) => child.once("exit", done))).toBe(0)
  })
})

describe("a state folder that cannot be", () => {
  const tooDeep = new Home()
  const foreign = new Home()
  it("too deep: exit 2 naming SKYD_HOME, and nothing is made", async () => {
    const home = tooDeep
    const deep = join(home.path, "d".repeat(100))
    home.env["SKYD_HOME"] = deep
    expect(await home.sky("status")).toMatchObject({ code: 2, err: expect.stringContaining("SKYD_HOME") })
    expect(existsSync(deep)).toBe(false)
    home.env["SKYD_HOME"] = home.state
  })
  it.skipIf(process.getuid?.() !== 0)("another user's: exit 2, and nothing is made in it", async () => {
    const home = foreign
    mkdirSync(home.state, { mode: 0o755 })
    spawnSync("chown", ["65534", home.state])
    expect(await home.sky("status")).toMatchObject({ code: 2, err: expect.stringContaining("another user") })
    expect(readdirSync(home.state)).toEqual([])
    spawnSync("chown", ["0", home.state])
    chmodSync(home.state, 0o700)
  })
})

describe("a Node that is too old", () => {
  it.skipIf(!existsSync("/usr/local/bin/node") && !existsSync("/usr/bin/node"))("says one sentence and exits 2", () => {
    const old = ["/usr/local/bin/node", "/usr/bin/node"].find((path) => existsSync(path))!
    const version = spawnSync(old, ["--version"], { encoding: "utf8" }).stdout
    const { status, stderr } = spawnSync(old, [join(root, "bin/sky.cjs"), "status"], {
      encoding: "utf8",
      env: { SKYD_HOME: "/nonexistent/x" }
    })
    if (Number.parseInt(version.slice(1), 10) < 22) {
      expect(status).toBe(2)
      expect(stderr.trim().split("\n")).toHaveLength(1)
    } else expect(stderr).not.toContain("needs Node")
  })
})
