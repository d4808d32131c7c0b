/** kill -9 of the real daemon, the real agent and the real client, in the middle of each verb. */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { eventually, Home, isAlive, kill, processesOf, root } from "./home.ts"

// It dies here more often than a daemon may before it leaves all alone.
const home = new Home({ SKYD_DAEMON_MINUTE_MS: "0" })
const statusOf = async (name: string) => (await home.json("status")).find((row: { name: string }) => row.name === name)
const jobOf = async (name: string, id: number) => (await home.json("queue", name)).find((job: { id: number }) => job.id === id)
const crash = async () => {
  const pid = await home.daemonPid()
  kill(pid)
  await eventually(() => !isAlive(pid))
}
const task = (name: string, text: string) => home.file(name, text)

describe("kill -9 of the daemon", () => {
  it("during a launch: the client carries on, and there is one cluster with one node", async () => {
    const launching = home.start("launch", "-y", "-c", "a", task("a.yaml", "setup: sleep 1; echo set-up >> ~/setup.txt\nrun: echo ran\n"))
    await eventually(() => existsSync(join(home.state, "run", "pid")))
    await eventually(() => home.nodes().length === 1)
    await crash()
    const { code, out } = await launching.ended
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("ran") })
    expect(home.nodes()).toHaveLength(1)
    expect((await statusOf("a")).status).toBe("UP")
    expect(readFileSync(join(home.nodes()[0]!, "home/setup.txt"), "utf8")).toBe("set-up\n")
  })

  it("during a job: the job outlives it, its output and exit code are known", async () => {
    await home.sky("exec", "a", "-d", "sleep 1; echo survived; exit 4")
    await eventually(
      () => jobOf("a", 2),
      (job) => job.status === "RUNNING"
    )
    await crash()
    await eventually(
      () => jobOf("a", 2),
      (job) => job.status === "FAILED"
    )
    expect(await jobOf("a", 2)).toMatchObject({ returnCodes: [4] })
    expect((await home.sky("logs", "a", "2")).out).toContain("survived")
  })

  it("while a client follows a log: it carries on where it was, nothing twice", async () => {
    const exec = home.start("exec", "a", "for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.3; done")
    await exec.until("line 2")
    await crash()
    const { code, out } = await exec.ended
    expect(code).toBe(0)
    expect(out.match(/line \d/g)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `line ${n}`))
  })

  it("during setup: it goes on where it was, and setup ran once", async () => {
    const launching = home.start(
      "launch",
      "-y",
      "-c",
      "s",
      task("s.yaml", "setup: echo begun >> ~/setup.txt; sleep 2\nrun: cat ~/setup.txt\n")
    )
    await eventually(async () => (await statusOf("s"))?.phase === "setup")
    await crash()
    const { code, out } = await launching.ended
    expect(code).toBe(0)
    expect(out.match(/begun/g)).toHaveLength(1)
    await home.sky("down", "-y", "s")
  })

  it("during an exec that syncs: the job runs once", async () => {
    const exec = home.start("exec", "a", task("w.yaml", `workdir: ${root}/examples\nrun: echo once >> ~/once; cat ~/once\n`))
    await crash()
    const { code, out } = await exec.ended
    expect({ code, lines: out.match(/once/g) }).toEqual({ code: 0, lines: ["once"] })
  })

  /** A job that does not hear the first signal, so that its end takes a while. */
  const deafJob = async () => {
    const ready = join(home.nodes()[0]!, "home", "deaf")
    rmSync(ready, { force: true })
    await home.sky("exec", "-d", "a", "trap '' TERM; touch ~/deaf; sleep 60")
    await eventually(() => existsSync(ready))
  }

  it("during a stop and during a down: both come to their end by themselves, told again by nobody", async () => {
    await deafJob()
    const stopping = home.start("stop", "a", "-y")
    await eventually(async () => (await statusOf("a")).phase === "stop")
    stopping.child.kill("SIGKILL")
    await crash()
    await eventually(
      () => statusOf("a"),
      (row) => row.status === "STOPPED"
    )
    const folder = home.nodes()[0]!
    await home.sky("start", "-y", "a")
    await deafJob()
    const down = home.start("down", "a", "-y")
    await eventually(async () => (await statusOf("a"))?.phase === "down")
    down.child.kill("SIGKILL")
    await crash()
    await eventually(async () => (await home.json("status")).length === 0)
    expect(existsSync(folder)).toBe(false)
    expect(processesOf(folder)).toEqual([])
  })
})

describe("kill -9 of the agent", () => {
  it("during a job: a new agent takes the job over, and its output and exit code are known", async () => {
    await home.sky("launch", "-y", "-c", "b", "true")
    await home.sky("exec", "b", "-d", "sleep 1.5; echo still-here; exit 7")
    await eventually(
      () => jobOf("b", 2),
      (job) => job.status === "RUNNING"
    )
    kill(home.agentPid())
    await eventually(
      () => jobOf("b", 2),
      (job) => job.status === "FAILED"
    )
    expect(await jobOf("b", 2)).toMatchObject({ returnCodes: [7], reason: "exit 7 on rank 0" })
    expect((await home.sky("logs", "b", "2")).out).toContain("still-here")
    expect((await statusOf("b")).status).toBe("UP")
  })

  it("and of the daemon at once: the same", async () => {
    await home.sky("exec", "b", "-d", "sleep 1.5; echo both; exit 5")
    await eventually(
      () => jobOf("b", 3),
      (job) => job.status === "RUNNING"
    )
    kill(home.agentPid())
    await crash()
    await eventually(
      () => jobOf("b", 3),
      (job) => job.status === "FAILED"
    )
    expect(await jobOf("b", 3)).toMatchObject({ returnCodes: [5] })
  })

  it("a cancel ends a setsid child, a double fork and one that ignores TERM", async () => {
    const run = `trap '' TERM
setsid sleep 400 &
( ( sleep 401 & ) & )
bash -c 'trap "" TERM; while :; do sleep 402; done' &
echo begun
sleep 403
`
    const exec = home.start("exec", "b", task("tree.yaml", `run: |\n${run.replace(/^/gm, "  ")}`))
    await exec.until("begun")
    const mine = () => processesOf(`${home.nodes()[0]}`).filter((pid) => /sleep\0?40[0-3]/.test(cmdline(pid)))
    await eventually(() => mine().length >= 3)
    expect((await home.sky("cancel", "b", "4", "-y")).code).toBe(0)
    expect(await exec.ended).toMatchObject({ code: 100 })
    expect(mine()).toEqual([])
    expect(await jobOf("b", 4)).toMatchObject({ status: "CANCELLED" })
  })
})

const cmdline = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch {
    return ""
  }
}
