/** `sky leaks` and `sky.leaks` over real daemons: a log that is lost, its clusters adopted by the next one, and what is to be ended. */
import { cpSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { use } from "./api.ts"
import { eventually, Home, isAlive } from "./home.ts"

const parts = ["log", "HEAD", "snapshots"]
const removeLog = (home: Home) => {
  for (const name of parts) rmSync(join(home.state, name), { recursive: true })
}
const launch = (home: Home, name: string, run = "sleep 600") => home.sky("launch", "-y", "-d", "-c", name, run)

it("a cluster of a log that is lost is adopted by the next one, with its jobs; it takes others, and ends", async () => {
  const home = new Home()
  await launch(home, "train")
  const agent = home.agentPid()
  await home.json("daemon", "stop")
  removeLog(home)
  expect(await home.sky("leaks")).toMatchObject({ code: 0, out: "", err: expect.stringContaining("No leaks.") })
  const [lost] = await home.json("leaks", "--all")
  expect(lost).toMatchObject({ kind: "machine", cloud: "local", clusterName: "train", isOurs: false, state: "running", usdPerHour: 0 })
  expect((await home.sky("leaks", "-a")).out).toContain("Of other logs, whose daemons may have them in use.")
  const refused = await home.sky("leaks", "--terminate", "-y", "train")
  expect([refused.code, refused.err]).toEqual([5, expect.stringContaining("sky leaks --adopt CLUSTER")])
  expect(isAlive(agent)).toBe(true)
  const adopted = await home.sky("leaks", "--adopt", "-y", "train", "--as", "found")
  expect([adopted.code, adopted.err]).toEqual([0, expect.stringContaining("sky down found")])
  await eventually(
    async () => (await home.json("status", "-r"))[0].status,
    (status) => status === "UP"
  )
  expect(await home.json("leaks", "--all")).toEqual([])
  // The numbers of its jobs are taken.
  expect(await home.sky("exec", "found", "echo here")).toMatchObject({ code: 0, out: expect.stringContaining("here") })
  expect((await home.sky("events", "found")).out).toContain("adopted: found, 1x local, free, of log ")
  expect(await home.sky("stop", "-y", "found")).toMatchObject({ code: 0 })
  expect(await home.sky("start", "-y", "found")).toMatchObject({ code: 0 })
  expect(await home.sky("down", "-y", "found")).toMatchObject({ code: 0 })
  expect(readdirSync(join(home.state, "nodes"))).toEqual([])
}, 60_000)

it("what a log that was put back from a backup does not know is ended, and the log says so", async () => {
  const home = new Home()
  await launch(home, "old")
  await home.json("daemon", "stop")
  const backup = join(home.path, "backup")
  for (const name of parts) cpSync(join(home.state, name), join(backup, name), { recursive: true })
  await launch(home, "new")
  await home.json("daemon", "stop")
  removeLog(home)
  cpSync(backup, home.state, { recursive: true })
  const listed = await home.sky("leaks")
  expect(listed).toMatchObject({ code: 0 })
  expect(listed.out).toMatch(
    /KIND +ID +CLUSTER +WHERE +AGE +COST\/HR\nmachine +\S+ +new +local +.* +free\n.*the log knows nothing of its cluster\n1 leak\./
  )
  expect((await home.sky("leaks", "--terminate", "-y", "none")).code).toBe(5)
  // Nobody is there to be asked.
  expect((await home.sky("leaks", "--terminate")).code).toBe(2)
  expect(await home.sky("leaks", "--terminate", "-y")).toMatchObject({ code: 0, err: expect.stringContaining("machine gone") })
  expect(await home.sky("leaks", "--terminate", "-y")).toMatchObject({ code: 0, err: expect.stringContaining("No leaks.") })
  const facts: ReadonlyArray<{ readonly event: { readonly _tag: string } }> = await home.json("events")
  expect(facts.map(({ event }) => event._tag).filter((tag) => tag.startsWith("Leak"))).toEqual(["LeakEndRequested", "LeakEnded"])
  expect(readdirSync(join(home.state, "nodes"))).toHaveLength(1)
  expect((await home.json("status"))[0].name).toBe("old")
}, 60_000)

it("a program finds leaks, adopts them and ends them", async () => {
  const home = new Home()
  await launch(home, "train")
  await home.json("daemon", "stop")
  removeLog(home)
  const sky = use(home)
  expect(await sky.leaks()).toEqual({ leaks: [], silent: [] })
  const { leaks } = await sky.leaks({ all: true })
  expect(leaks).toMatchObject([{ clusterName: "train", kind: "machine", isOurs: false, costPerHour: 0, madeAt: expect.any(Number) }])
  expect(await sky.endLeaks([leaks[0]!.id])).toMatchObject({ ended: [], notFound: [leaks[0]!.id] })
  await expect(sky.adopt("none")).rejects.toThrow("called 'none'")
  expect(await sky.adopt("train")).toBe("train")
  await sky.down("train")
  expect(await sky.leaks({ all: true })).toEqual({ leaks: [], silent: [] })
}, 60_000)
