/** The seven functions of the contract and their companions, against the real daemon. */
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { program, refused, use } from "./api.ts"
import { Home } from "./home.ts"

const home = new Home()
const sky = use(home)
const { exceptions, Task } = sky
// biome-ignore lint/suspicious/noExplicitAny: what the types refuse, as JavaScript may give it
const any = (value: unknown): any => value
const quiet = { streamLogs: false } as const
const echo = (text = "hi") => new Task({ name: "echo", run: `echo ${text}` })
const headOf = async () => (await home.json("daemon", "status")).head

describe("launch and exec", () => {
  it("launch-01, launch-52, status-26: make a cluster, run a task, give its number and the handle", async () => {
    const { handle, jobId } = await sky.launch(echo(), { clusterName: "a", ...quiet })
    expect([jobId, handle!.clusterName, handle!.launchedNodes]).toEqual([1, "a", 1])
    const [row] = await sky.status()
    expect(row).toEqual({
      name: "a",
      launchedAt: expect.any(Number),
      handle,
      lastUse: expect.any(String),
      status: "UP",
      autostop: -1,
      toDown: false,
      metadata: {}
    })
    expect(Number.isInteger(row!.launchedAt)).toBe(true)
    const { handle: _, ...plain } = row!
    expect(JSON.parse(JSON.stringify(plain))).toEqual(plain)
    expect(await sky.jobStatus("a")).toEqual({ 1: "SUCCEEDED" })
  })

  it("launch-05, exec-10: a Dag of one task is as good as the task", async () => {
    const { jobId } = await sky.launch(new sky.Dag([echo()]), { clusterName: "a", ...quiet })
    const { jobId: next } = await sky.exec(new sky.Dag([echo()]), "a", quiet)
    expect([jobId, next]).toEqual([2, 3])
    const tasks: Array<unknown> = []
    for await (const { event } of sky.events({ clusterName: "a" })) if (event._tag === "LaunchRequested") tasks.push(event["task"])
    expect(tasks).toHaveLength(2)
    expect(tasks[1]).toEqual(tasks[0])
  })

  it("launch-15, exec-13: without down the cluster outlives its jobs", async () => {
    expect(await sky.status({ clusterNames: "a" })).toMatchObject([{ status: "UP", autostop: -1, toDown: false }])
  })

  it("launch-53, exec-24: a job that fails is no error, and one without run is none", async () => {
    expect((await sky.exec(new Task({ run: "exit 3" }), "a", quiet)).jobId).toBe(4)
    expect(await sky.jobStatus("a", { jobIds: [4, 99] })).toEqual({ 4: "FAILED", 99: null })
    expect(await sky.exec(new Task(), "a", quiet)).toMatchObject({ jobId: null, handle: { clusterName: "a" } })
    expect(await sky.launch(null as never).catch((error: unknown) => error)).toBeInstanceOf(TypeError)
  })

  it("launch-22, launch-23, exec-12: a dry run gives nulls and changes nothing", async () => {
    const before = [await headOf(), await sky.status()]
    for (const clusterName of ["a", "new"])
      expect(await sky.launch(echo(), { clusterName, dryrun: true, ...quiet })).toEqual({ jobId: null, handle: null })
    expect(await sky.exec(echo(), "a", { dryrun: true, ...quiet })).toEqual({ jobId: null, handle: null })
    expect([await headOf(), await sky.status()]).toEqual(before)
  })

  it("launch-34, launch-35, exec-19: wait for the job's end, or not", async () => {
    const task = new Task({ run: "sleep 0.5" })
    expect(await sky.jobStatus("a", { jobIds: [(await sky.exec(task, "a", quiet)).jobId!] })).toEqual({ 5: "SUCCEEDED" })
    const { jobId } = await sky.launch(new Task({ run: "sleep 60" }), { clusterName: "a", detachRun: true, ...quiet })
    expect(["PENDING", "RUNNING"]).toContain((await sky.jobStatus("a", { jobIds: [jobId!] }))[jobId!])
    expect(await sky.queue("a", { skipFinished: true })).toMatchObject([{ jobId, endAt: null, returnCodes: [] }])
    expect(await sky.cancel("a", { jobIds: [jobId!] })).toEqual([jobId])
    expect(await sky.cancel("a", { jobIds: [] })).toEqual([])
  })

  it("launch-24, exec-17: streamLogs prints the job's output to stdout and the rest to stderr", async () => {
    const text = `await sky.launch(new sky.Task({ setup: "echo of setup", run: "echo of run" }), { clusterName: "a" })
      await sky.exec(new sky.Task({ run: "echo of exec" }), "a")`
    const { code, err, out } = await program(home, text)
    expect(code).toBe(0)
    expect(out).toMatch(/^\(.*pid=\d+\) of run\n\(.*pid=\d+\) of exec\n$/)
    expect(err).toMatch(/of setup/)
  })

  it("launch-25, exec-17: streamLogs false prints nothing, and the wait stays", async () => {
    const text = `const quiet = { streamLogs: false }
      await sky.launch(new sky.Task({ setup: "echo a", run: "echo a; sleep 0.3" }), { clusterName: "a", ...quiet })
      const { jobId } = await sky.exec(new sky.Task({ run: "sleep 0.3" }), "a", quiet)
      if ((await sky.jobStatus("a"))[jobId] !== "SUCCEEDED") process.exitCode = 1`
    expect(await program(home, text)).toEqual({ code: 0, out: "", err: "" })
  })

  it("status-09: lastUse is the program's name", async () => {
    home.file(
      "train.mjs",
      `import sky from "${process.cwd()}/dist/sdk.cjs"\nawait sky.launch(new sky.Task(), { clusterName: "a", streamLogs: false })`
    )
    const { execFileSync } = await import("node:child_process")
    execFileSync(process.execPath, [`${home.path}/train.mjs`], { env: home.env })
    expect((await sky.status({ clusterNames: ["a"] }))[0]!.lastUse).toBe("train.mjs")
  })
})

describe("status", () => {
  it("status-01, status-02, status-03: all, one, several, none; what is not found is left out", async () => {
    await sky.launch(new Task(), { clusterName: "b", ...quiet })
    const names = async (clusterNames?: string | Array<string> | null) => (await sky.status({ clusterNames })).map(({ name }) => name)
    expect([await names(), await names(null), await names("a"), await names(["a", "nope"]), await names([])]).toEqual([
      ["b", "a"],
      ["b", "a"],
      ["a"],
      ["a"],
      []
    ])
    expect(await sky.status({ refresh: true })).toEqual(await sky.status())
  })
})

describe("stop, start, autostop and down", () => {
  it("autostop-09, autostop-11, autostop-19: the last setting holds, a negative number cancels", async () => {
    const setting = async () => (await sky.status({ clusterNames: "b" })).map(({ autostop, toDown }) => [autostop, toDown])[0]
    expect(await sky.autostop("b", 30)).toBeUndefined()
    await sky.autostop("b", 10, { down: true })
    expect(await setting()).toEqual([10, true])
    await sky.autostop("b", -1, { down: true })
    expect(await setting()).toEqual([-1, false])
  })

  it("api-05: a fraction is a ValueError and changes nothing", async () => {
    const before = await headOf()
    expect(await refused(() => sky.autostop("b", 1.5))).toBeInstanceOf(exceptions.ValueError)
    expect(await headOf()).toBe(before)
  })

  it("a handle tells the disk, ports and labels that the machines were launched with", async () => {
    const asked = new sky.Resources({ diskSize: 60, labels: { team: "red" } })
    const { handle } = await sky.launch(echo().setResources(asked), { clusterName: "disk", ...quiet })
    expect(handle!.launchedResources).toMatchObject({ diskSize: 60, labels: { team: "red" } })
    expect((await sky.status({ clusterNames: "b" }))[0]!.handle.launchedResources).toMatchObject({ labels: null })
    await sky.down("disk")
  })

  it("stop-13, start-16, start-05: stop gives nothing, start the handle, also of one that is UP", async () => {
    expect(await sky.stop("b")).toBeUndefined()
    expect(await sky.status({ clusterNames: "b" })).toMatchObject([{ status: "STOPPED" }])
    const handle = await sky.start("b")
    expect(handle).toMatchObject({ clusterName: "b" })
    expect(await sky.start("b", { force: null, down: null, idleMinutesToAutostop: null, retryUntilUp: null })).toEqual(handle)
  })

  it("resources-07: what a cluster runs on is a launchable Resources", async () => {
    const [row] = await sky.status({ clusterNames: "b" })
    expect(row!.handle.launchedResources).toBeInstanceOf(sky.Resources)
    const { launchedResources } = row!.handle
    expect(launchedResources!.isLaunchable()).toBe(true)
    expect(launchedResources!.copy()).toEqual(launchedResources)
    expect(launchedResources!.copy({ labels: { a: "b" } }).isLaunchable()).toBe(true)
    expect(launchedResources!.copy({ cpus: 1 }).instanceType).toBe(null)
    expect(JSON.parse(JSON.stringify(row!.handle))).toMatchObject({ clusterName: "b", launchedResources: { cloud: "local" } })
    expect(inspect(row!.handle)).toContain(`launchedResources: ${inspect(launchedResources).split("\n")[0]}`)
    expect(String(launchedResources)).toMatch(/^Local\(\d+CPU--\d+GB/)
    expect((await sky.exec(echo().setResources(launchedResources!), "b", { ...quiet, detachRun: true })).jobId).toBe(1)
  })

  it("down-11, down-01: down gives nothing, and nothing is left", async () => {
    expect(await sky.down("b")).toBeUndefined()
    expect((await sky.status()).map(({ name }) => name)).toEqual(["a"])
  })

  it("api-04: null and absent mean the same, for each function", async () => {
    const nulls = (names: string) => any(Object.fromEntries(names.split(" ").map((name) => [name, null])))
    const launched = nulls("retryUntilUp idleMinutesToAutostop dryrun down backend optimizeTarget detachSetup noSetup cloneDiskFrom signal")
    expect(await sky.launch(new Task(), { ...launched, ...quiet, clusterName: "c" })).toMatchObject({ jobId: null })
    expect(await sky.exec(echo(), "c", { ...nulls("dryrun down backend signal"), ...quiet, detachRun: true })).toMatchObject({ jobId: 1 })
    expect(await sky.queue("c", nulls("skipFinished signal"))).toHaveLength(1)
    expect(await sky.jobStatus("c", nulls("jobIds signal"))).toHaveProperty("1")
    await sky.cancel("c", nulls("all jobIds signal"))
    await sky.autostop("c", 5, nulls("down signal"))
    await sky.stop("c", nulls("purge signal"))
    await sky.start("c", null)
    expect(await sky.status(nulls("clusterNames refresh signal"))).toEqual(await sky.status())
    await sky.down("c", null)
  })
})
