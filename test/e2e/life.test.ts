/** What ends, replaces, pauses or confuses the real daemon: jobs go on, and what was begun is carried on or said. */
import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { eventually, Home, isAlive, kill, root, sleep } from "./home.ts"

const crash = async (home: Home) => {
  const pid = await home.daemonPid()
  kill(pid)
  await eventually(() => !isAlive(pid))
}
const inHome = (home: Home, file: string) => join(home.nodes()[0]!, "home", file)
const touch = (home: Home, file: string) => writeFileSync(inHome(home, file), "")
const until = (file: string) => `until test -e ~/${file}; do sleep 0.05; done`
const jobOf = async (home: Home, name: string, id: number) => (await home.json("queue", name)).find((job: { id: number }) => job.id === id)
const ended = (home: Home, name: string, id: number) =>
  eventually(
    () => jobOf(home, name, id),
    ({ status }) => status !== "RUNNING" && status !== "PENDING"
  )

describe("a daemon that dies three times within a minute", () => {
  const home = new Home()
  it("comes back with its reactors off: it says so, answers, ends what it is told to, and is whole again after a restart", async () => {
    await home.sky("launch", "-y", "-d", "-c", "a", until("go"))
    for (let times = 0; times < 3; times++) {
      expect((await home.sky("status")).err).toBe("")
      await crash(home)
    }
    const { code, err, out } = await home.sky("status")
    expect([code, err.replaceAll(/\s+/g, " "), out]).toEqual([
      0,
      expect.stringContaining("The daemon ended 3 times within a minute, so it leaves all clusters alone now."),
      expect.stringMatching(/^a .* UP /m)
    ])
    expect((await home.sky("daemon", "status")).err).toContain("leaves all clusters alone")
    expect(await home.sky("exec", "-d", "a", "true")).toMatchObject({ code: 1, err: expect.stringContaining("sky daemon restart") })
    expect((await home.sky("events", "--tail", "1")).code).toBe(0)
    expect(isAlive(home.agentPid())).toBe(true)
    touch(home, "go")
    const logs = await home.sky("logs", "a", "-o", "json")
    // By the node's own word: the log learns of it after the restart.
    expect(JSON.parse(logs.out)).toMatchObject({ status: "SUCCEEDED", returnCodes: [0] })
    expect(logs.err).toContain("leaves all clusters alone")
    expect((await jobOf(home, "a", 1)).status).toBe("RUNNING")
    expect(await home.sky("stop", "-y", "a")).toMatchObject({ code: 0 })
    expect((await home.json("status"))[0].status).toBe("STOPPED")
    expect((await home.sky("daemon", "restart")).err).toBe("")
    expect((await home.sky("start", "-y", "a")).code).toBe(0)
    expect((await home.sky("exec", "a", "echo whole")).out).toContain("whole")
  })
})

describe("a defect that ends the daemon at once", () => {
  const home = new Home()
  it("is written where sky daemon logs shows it", async () => {
    const defect = home.file("defect.cjs", `process.once("SIGUSR2", () => { throw new Error("a defect of a test") })`)
    const args = ["-r", defect, join(root, "bin/skyd.cjs"), "run", "--home", home.state]
    const daemon = spawn(process.execPath, args, { env: home.env, stdio: "ignore" })
    await eventually(async () => (await home.sky("daemon", "status")).code === 0)
    daemon.kill("SIGUSR2")
    await new Promise((done) => daemon.once("exit", done))
    expect((await home.sky("daemon", "logs")).out).toContain("Error: a defect of a test")
  })
})

describe("sky daemon stop", () => {
  const home = new Home()
  it("says how many jobs go on without it, and they do", async () => {
    await home.sky("launch", "-y", "-c", "a", "true")
    expect((await home.sky("daemon", "stop")).err).toBe("The daemon is stopped.\n")
    await home.sky("exec", "-d", "a", until("go"))
    expect((await home.sky("daemon", "stop")).err).toBe("The daemon is stopped. 1 job goes on without it.\n")
    await home.sky("exec", "-d", "a", until("go"))
    expect((await home.sky("daemon", "stop")).err).toBe("The daemon is stopped. 2 jobs go on without it.\n")
    touch(home, "go")
    for (const id of [2, 3]) expect(await ended(home, "a", id)).toMatchObject({ status: "SUCCEEDED" })
  })
  it("in the middle of a launch says so, and the launch goes on when it starts again", async () => {
    const task = home.file("s.yaml", `setup: ${until("go-on")}; echo once >> ~/setup.txt\nrun: cat ~/setup.txt\n`)
    const launching = home.start("launch", "-y", "-c", "a", task)
    await eventually(async () => (await home.json("status"))[0].phase === "setup")
    launching.child.kill("SIGKILL")
    expect((await home.sky("daemon", "stop")).err).toBe("The daemon is stopped. 1 operation goes on when it starts again.\n")
    touch(home, "go-on")
    await eventually(() => jobOf(home, "a", 4))
    expect(await ended(home, "a", 4)).toMatchObject({ status: "SUCCEEDED" })
    expect((await home.sky("logs", "a", "4")).out.match(/once/g)).toHaveLength(1)
  })
})

describe("a pause", () => {
  const home = new Home()
  it("of the daemon and of the agent, as when a laptop sleeps: nothing is lost, doubled or taken for dead", async () => {
    await home.sky("launch", "-y", "-c", "a", "true")
    await home.sky("autostop", "-y", "a", "-i", "1")
    await home.sky("exec", "-d", "a", `echo ran >> ~/ran; ${until("go")}; exit 3`)
    await eventually(async () => (await jobOf(home, "a", 2)).status === "RUNNING")
    const both = [await home.daemonPid(), home.agentPid()]
    for (const pid of both) kill(pid, "SIGSTOP")
    touch(home, "go")
    await sleep(3000)
    for (const pid of both) kill(pid, "SIGCONT")
    expect(await ended(home, "a", 2)).toMatchObject({ status: "FAILED", returnCodes: [3] })
    expect((await home.sky("exec", "a", "cat ~/ran")).out.match(/ran$/gm)).toHaveLength(1)
    expect([await home.daemonPid(), home.agentPid()]).toEqual(both)
    expect((await home.json("status"))[0].status).toBe("UP")
  })
})
