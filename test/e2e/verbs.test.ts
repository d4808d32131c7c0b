/** What the verbs promise (docs/contract.md), through the real client on the local cloud. Each `describe` has clusters of its own. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { eventually, Home, isAlive, processesOf } from "./home.ts"

const home = new Home()
const yaml = (name: string, text: string) => home.file(`${name}.yaml`, text)
const rowOf = async (name: string) => (await home.json("status", name))[0]
const jobsOf = async (
  name: string
): Promise<ReadonlyArray<{ id: number; status: string; reason: string | null; returnCodes: ReadonlyArray<number> }>> =>
  home.json("queue", name)
const jobOf = async (name: string, id: number) => (await jobsOf(name)).find((job) => job.id === id)
const call = async (method: string, params: object) => (await home.socket().request(1, method, params).answer(1)).data
const onNode = (index: number, path: string) => join(home.nodes()[index]!, "home", path)

const nodeFolder = ({ clusterId }: { clusterId: string }) =>
  home.nodes().find((path) => JSON.parse(readFileSync(join(path, "node.json"), "utf8")).cluster === clusterId)!

describe("launch", () => {
  it("launch-01, launch-07, launch-24, launch-34, launch-51, launch-52: creates a cluster, runs the task, and its output reaches the caller", async () => {
    const { code, err, out } = await home.sky(
      "launch",
      "-y",
      "-c",
      "one",
      yaml("one", "name: hi\nsetup: echo set >> ~/setup.txt\nrun: echo hello-$((40+2))\n")
    )
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^\(hi, pid=\d+\) hello-42\n$/) })
    expect(err).toContain("Job 1")
    expect(await rowOf("one")).toMatchObject({ name: "one", status: "UP", autostop: -1, toDown: false, handle: { clusterName: "one" } })
    expect(await jobOf("one", 1)).toMatchObject({ status: "SUCCEEDED", returnCodes: [0] })
  })
  it("launch-08, launch-36, launch-37: reuses a cluster; setup runs again unless it is told not to", async () => {
    const before = home.nodes()
    await home.sky("launch", "-y", "-c", "one", join(home.path, "one.yaml"))
    await home.sky("launch", "-y", "-c", "one", "--no-setup", join(home.path, "one.yaml"))
    expect(home.nodes()).toEqual(before)
    expect((await jobsOf("one")).map(({ id }) => id)).toEqual([3, 2, 1])
    expect(readFileSync(onNode(0, "setup.txt"), "utf8")).toBe("set\nset\n")
  })
  it("launch-09: without a name one is made up, each time another", async () => {
    const names = await Promise.all([0, 1].map(async () => (await call("launch", { task: {} })).value.cluster))
    expect(names[0]).not.toBe(names[1])
    for (const name of names) expect(name).toMatch(/^[a-zA-Z]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/)
    for (const name of names) await home.sky("down", "-y", name)
  })
  it("launch-22, launch-23: a dry run plans, and makes nothing", async () => {
    const before = await home.json("daemon", "status")
    const fresh = await call("launch", { clusterName: "dry", task: { run: "true" }, dryrun: true })
    expect(fresh.value).toMatchObject({ jobId: null, handle: null, plan: { newCluster: true } })
    expect((await call("launch", { clusterName: "one", task: {}, dryrun: true })).value).toMatchObject({ jobId: null, handle: null })
    expect((await home.json("daemon", "status")).head).toBe(before.head)
  })
  it("launch-29, launch-49, launch-21: setup ends before the job exists; when it fails there is none, and the cluster stays UP", async () => {
    const { code, err } = await home.sky(
      "launch",
      "-y",
      "-c",
      "two",
      "--down",
      yaml("bad", "setup: |\n  echo reason-why\n  exit 3\nrun: echo never\n")
    )
    expect(code).toBe(1)
    expect(err).toContain("reason-why")
    expect(await rowOf("two")).toMatchObject({ status: "UP", toDown: false })
    expect(await jobsOf("two")).toEqual([])
  })
  it("launch-30, launch-32: with --detach-setup setup is part of the job, and logs show it", async () => {
    const { code, out } = await home.sky(
      "launch",
      "-y",
      "-c",
      "two",
      "-s",
      yaml("det", "setup: |\n  test -t 0 || echo no-terminal\nrun: echo ran\n")
    )
    expect(code).toBe(0)
    expect(out).toContain("ran")
    expect((await jobOf("two", 1))?.status).toBe("SUCCEEDED")
  })
  it("launch-35: detached it returns at submission", async () => {
    const { code, out } = await home.sky("launch", "-y", "-d", "-c", "two", "sleep 20; echo late")
    expect({ code, out }).toEqual({ code: 0, out: "" })
    expect((await jobOf("two", 2))?.status).not.toBe("SUCCEEDED")
    await home.sky("cancel", "-y", "two", "2")
  })
  it("launch-43: demands that the cluster does not meet are refused, naming both", async () => {
    const { code, err } = await home.sky("launch", "-y", "-c", "one", "--num-nodes", "2", "true")
    expect(code).toBe(6)
    expect(err).toContain("requested 2 nodes, existing 1")
  })
  it("launch-45: what no place fits is ResourcesUnavailableError, with the reason", async () => {
    const { error } = await call("launch", { clusterName: "huge", task: { resources: { cpus: "9999+" } } })
    expect(error).toMatchObject({ tag: "ResourcesUnavailableError", exitCode: 2, fields: { failoverHistory: [] } })
    expect(error.message).toContain("9999+")
  })
  it("launch-53: a job that fails is no error of launch; the client ends with 100", async () => {
    expect((await home.sky("launch", "-y", "-c", "two", "exit 5")).code).toBe(100)
  })
  it("launch-03, exec-06: jobs wait in the queue until there is room, and say behind what", async () => {
    const cpus = (await rowOf("two")).resources.cpus * 2
    for (let i = 0; i < cpus; i++) await home.sky("exec", "-d", "two", "sleep 30")
    await home.sky("exec", "-d", "two", "true")
    const jobs = await jobsOf("two")
    expect(jobs[0]).toMatchObject({ status: "PENDING", reason: expect.stringContaining("waiting for CPUs") })
    await home.sky("cancel", "-y", "-a", "two")
    await eventually(async () => (await jobsOf("two")).every(({ status }) => !["PENDING", "RUNNING"].includes(status)))
    await home.sky("down", "-y", "two")
  })
})

describe("two nodes", () => {
  it("run the same task under their ranks, each with a file of its own", async () => {
    const task = yaml(
      "gang",
      'num_nodes: 2\nrun: |\n  echo "rank $SKYPILOT_NODE_RANK of $SKYPILOT_NUM_NODES: $(echo $SKYPILOT_NODE_IPS)"\n'
    )
    const { code, out } = await home.sky("launch", "-y", "-c", "gang", task)
    expect(code).toBe(0)
    expect(out).toMatch(/^\(head, rank=0, pid=\d+\) rank 0 of 2: 127\.0\.1\.1 127\.0\.1\.2$/m)
    expect(out).toMatch(/^\(worker1, rank=1, pid=\d+, ip=127\.0\.1\.2\) rank 1 of 2: 127\.0\.1\.1 127\.0\.1\.2$/m)
  })
  it("a rank that a job does not have is the asker's mistake, over the socket too", async () => {
    const message = "The logs of gang cannot be read: job 1 has no rank 2: it has ranks 0 to 1."
    expect(await home.sky("logs", "gang", "1", "--rank", "2")).toMatchObject({ code: 2, err: `✗ ${message}\n` })
    const { err } = await home.sky("rpc", "logs", JSON.stringify({ clusterName: "gang", jobId: 1, rank: 2 }))
    expect(JSON.parse(err).error).toMatchObject({ tag: "ValueError", exitCode: 2, message })
  })
  it("a failing rank is named, and its peers are killed", async () => {
    const { code } = await home.sky("exec", "gang", "--num-nodes", "2", '[ "$SKYPILOT_NODE_RANK" = 1 ] && exit 4; sleep 60')
    expect(code).toBe(100)
    const job = (await jobsOf("gang"))[0]
    expect(job).toMatchObject({ status: "FAILED", reason: "exit 4 on rank 1", returnCodes: [137, 4] })
  })
  it("exec-07: a job of one node runs where there is room", async () => {
    const cpus = (await rowOf("gang")).resources.cpus * 2
    for (let i = 0; i < cpus; i++) await home.sky("exec", "-d", "gang", "sleep 30")
    const { out } = await home.sky("exec", "gang", "pwd")
    expect(out).toContain(home.nodes().find((folder) => folder.endsWith("-1")))
    await home.sky("down", "-y", "gang")
  })
})

describe("workdir", () => {
  it("launch-02, exec-02, exec-03, exec-05: is synced to where setup and run execute; git's ignore rules hold, links and .git stay", async () => {
    const dir = join(home.path, "work")
    mkdirSync(join(dir, ".git"), { recursive: true })
    mkdirSync(join(dir, "sub"))
    writeFileSync(join(dir, ".git", "HEAD"), "ref: x\n")
    writeFileSync(join(dir, ".gitignore"), "*.log\n!keep.log\n")
    writeFileSync(join(dir, ".skyignore"), "secret.txt\n")
    for (const file of ["a.txt", "no.log", "keep.log", "secret.txt", "sub/b.txt"]) writeFileSync(join(dir, file), "1")
    symlinkSync("a.txt", join(dir, "link"))
    const task = yaml(
      "work",
      `workdir: ${dir}\nsetup: ls -A > ~/seen-by-setup; pwd >> ~/seen-by-setup\nrun: find . -type f -o -type l | sort; pwd; readlink link\n`
    )
    const { code, out } = await home.sky("launch", "-y", "-c", "work", task)
    expect(code).toBe(0)
    const lines = out.split("\n").map((line) => line.replace(/^\(.*?\) /, ""))
    expect(lines).toEqual(expect.arrayContaining(["./.git/HEAD", "./a.txt", "./keep.log", "./link", "./sub/b.txt", "a.txt"]))
    expect(lines).not.toEqual(expect.arrayContaining(["./no.log"]))
    expect(lines).not.toEqual(expect.arrayContaining(["./secret.txt"]))
    expect(out).toContain("/home/sky_workdir\n")
    writeFileSync(join(dir, "a.txt"), "changed")
    const again = await home.sky("exec", "work", yaml("again", `workdir: ${dir}\nsetup: echo never > ~/never\nrun: cat a.txt\n`))
    expect(again.out).toContain("changed")
    expect(existsSync(onNode(home.nodes().length - 1, "never"))).toBe(false)
    await home.sky("down", "-y", "work")
  })
  it("that is a file or missing is refused before anything is done", async () => {
    const path = home.file("plain.txt", "x")
    for (const workdir of [path, "/does/not/exist"]) {
      const { code, err } = await home.sky("launch", "-y", "-c", "nowork", yaml("nowork", `workdir: ${workdir}\nrun: 'true'\n`))
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(workdir) })
    }
  })
})

describe("exec", () => {
  it("exec-01, exec-04, exec-08, exec-19: runs on the cluster as it is, without a terminal and without setup", async () => {
    const { code, out } = await home.sky(
      "exec",
      "one",
      yaml("ex", "setup: echo no >> ~/setup.txt\nrun: |\n  test -t 0 || test -t 1 || echo no-terminal\n  read line || echo end-of-input\n")
    )
    expect(code).toBe(0)
    expect(out).toContain("no-terminal")
    expect(out).toContain("end-of-input")
    expect(readFileSync(onNode(0, "setup.txt"), "utf8")).not.toContain("no")
  })
  it("exec-12, exec-24: a dry run and a task without run queue nothing", async () => {
    const before = (await jobsOf("one")).length
    expect((await call("exec", { clusterName: "one", task: { run: "true" }, dryrun: true })).value).toMatchObject({
      jobId: null,
      handle: null
    })
    expect((await call("exec", { clusterName: "one", task: {} })).value).toMatchObject({ jobId: null, handle: { clusterName: "one" } })
    expect((await jobsOf("one")).length).toBe(before)
  })
  it("exec-13: cluster and autostop setting stay", async () => {
    const before = await rowOf("one")
    await home.sky("exec", "one", "true")
    expect(await rowOf("one")).toMatchObject({ status: "UP", autostop: before.autostop, toDown: before.toDown })
  })
  it("exec-20, exec-23: no such cluster, and a demand that never fits", async () => {
    expect(await home.sky("exec", "nope", "true")).toMatchObject({ code: 5, err: expect.stringContaining("There is no cluster 'nope'") })
    expect((await home.sky("exec", "one", "--num-nodes", "2", "true")).code).toBe(6)
  })
  it("exec-21, autostop-15: during a launch and on a stopped cluster it is refused", async () => {
    const launching = home.start("launch", "-y", "-c", "late", yaml("late", "setup: sleep 2\nrun: 'true'\n"))
    await eventually(async () =>
      (await home.json("status")).some((row: { name: string; phase: string }) => row.name === "late" && row.phase === "setup")
    )
    const refused = await call("exec", { clusterName: "late", task: { run: "true" } })
    expect(refused.error).toMatchObject({ tag: "ClusterNotUpError", exitCode: 6, fields: { clusterStatus: "INIT" } })
    expect(refused.error.message).toContain("a launch is in progress")
    expect((await call("autostop", { clusterName: "late", idleMinutes: 5 })).error.tag).toBe("ClusterNotUpError")
    await launching.ended
  })
  it("output passes unharmed: carriage returns, bytes that are no UTF-8, a last line without its end", async () => {
    const { out } = await home.sky("exec", "one", "printf '10%%\\r20%%\\r\\n'; printf 'no end'")
    expect(out).toMatch(/^\(.*?\) 10%\r20%\r\n\(.*?\) no end$/)
    const wire = home.socket()
    await home.sky("exec", "one", "printf 'a\\377b'")
    const id = (await jobsOf("one"))[0]?.id
    await wire.request(1, "logs", { clusterName: "one", jobId: id }).answer(1)
    const bytes = wire.frames
      .filter(({ type }) => type === "log")
      .map(({ data }) => (data.base64 ? Buffer.from(data.base64, "base64") : Buffer.from(data.text)))
    expect(Buffer.concat(bytes)).toEqual(Buffer.from([0x61, 0xff, 0x62]))
  })
})

describe("stop and start", () => {
  it("stop-01, stop-02, stop-07, stop-13: nothing of it runs any more, its data is kept; jobs end as FAILED with the reason", async () => {
    await home.sky("exec", "one", "echo kept > ~/kept; sleep 0.1")
    await home.sky("exec", "-d", "one", "sleep 300")
    const agent = home.agentPid()
    const { code } = await home.sky("stop", "-y", "one")
    expect(code).toBe(0)
    expect(await rowOf("one")).toMatchObject({ status: "STOPPED" })
    expect(isAlive(agent)).toBe(false)
    expect(processesOf(home.nodes()[0]!)).toEqual([])
    expect((await jobsOf("one"))[0]).toMatchObject({ status: "FAILED", reason: expect.stringContaining("the cluster was stopped") })
    expect((await home.sky("stop", "-y", "nope")).code).toBe(5)
    expect((await home.sky("stop", "-y", "one")).code).toBe(0)
  })
  it("status-21, start-01, start-16, autostop-13: start brings it back with its files", async () => {
    expect((await call("exec", { clusterName: "one", task: { run: "true" } })).error).toMatchObject({
      tag: "ClusterNotUpError",
      fields: { clusterStatus: "STOPPED" }
    })
    expect((await home.sky("start", "-y", "one")).code).toBe(0)
    expect(await rowOf("one")).toMatchObject({ status: "UP" })
    expect((await home.sky("exec", "one", "cat ~/kept")).out).toContain("kept")
    const job = (await jobsOf("one")).find(({ reason }) => reason?.includes("stopped"))
    expect(job?.status).toBe("FAILED")
  })
  it("start-05, start-06, start-07, start-10, start-11, start-12: on UP it does nothing; down needs minutes; force renews the runtime", async () => {
    const before = (await home.json("daemon", "status")).head
    expect((await call("start", { clusterName: "one" })).value).toMatchObject({ handle: { clusterName: "one" } })
    expect((await home.json("daemon", "status")).head).toBe(before)
    expect((await call("start", { clusterName: "nope" })).error.exitCode).toBe(5)
    expect((await home.sky("start", "-y", "one", "--down")).code).toBe(2)
    expect((await call("start", { clusterName: "one", force: true })).value).toMatchObject({ handle: { clusterName: "one" } })
    expect(await rowOf("one")).toMatchObject({ status: "UP", autostop: -1 })
    await home.sky("stop", "-y", "one")
    expect((await call("start", { clusterName: "one", idleMinutesToAutostop: 9, down: true })).value.cluster).toBe("one")
    expect(await rowOf("one")).toMatchObject({ autostop: 9, toDown: true })
  })
})

describe("autostop", () => {
  it("autostop-09, autostop-11, autostop-14, autostop-19, status-11, status-12: the last setting holds; negative cancels", async () => {
    await call("autostop", { clusterName: "one", idleMinutes: 30 })
    await call("autostop", { clusterName: "one", idleMinutes: 10, down: true })
    expect(await rowOf("one")).toMatchObject({ autostop: 10, toDown: true })
    await call("autostop", { clusterName: "one", idleMinutes: -1, down: true })
    expect(await rowOf("one")).toMatchObject({ autostop: -1, toDown: false })
    expect((await call("autostop", { clusterName: "nope", idleMinutes: 5 })).error.exitCode).toBe(5)
  })
  it("launch-14: launch leaves the same setting as autostop would", async () => {
    await home.sky("launch", "-y", "-c", "one", "-i", "7", "true")
    expect(await rowOf("one")).toMatchObject({ autostop: 7, toDown: false })
    await home.sky("autostop", "-y", "one", "--cancel")
  })
})

describe("status", () => {
  it("status-01, status-02, status-03, status-06, status-26: all, some, none; unknown names are left out", async () => {
    await home.sky("launch", "-y", "-c", "b-1", "true")
    const names = async (params: object) => (await call("status", params)).value.clusters.map(({ name }: { name: string }) => name)
    expect(await names({})).toEqual(expect.arrayContaining(["one", "late", "b-1"]))
    expect(await names({ clusterNames: null })).toEqual(await names({}))
    expect(await names({ clusterNames: [] })).toEqual([])
    expect(await names({ clusterNames: ["one", "nope"] })).toEqual(["one"])
    expect(await names({ clusterNames: ["b-*"] })).toEqual(["b-1"])
  })
  it("status-07, status-09, status-10, status-13: launchedAt moves with launch and not with exec; lastUse is the command line", async () => {
    const before = await rowOf("b-1")
    await home.sky("exec", "b-1", "true")
    const after = await rowOf("b-1")
    expect(after.launchedAt).toBe(before.launchedAt)
    expect(after).toMatchObject({ lastUse: "sky exec b-1 true", metadata: {} })
    await home.sky("launch", "-y", "-c", "b-1", "true")
    expect((await rowOf("b-1")).launchedAt > before.launchedAt).toBe(true)
  })
  it("status-04, status-08: without refresh nobody is asked: it answers while the agent is held; the handle is launch's", async () => {
    const launched = (await call("launch", { clusterName: "b-1", task: {} })).value
    const pid = Number.parseInt(readFileSync(join(nodeFolder(launched.handle), "agent/pid"), "utf8"), 10)
    process.kill(pid, "SIGSTOP")
    const [row] = (await call("status", { clusterNames: ["b-1"] })).value.clusters
    process.kill(pid, "SIGCONT")
    expect(row).toMatchObject({ status: "UP", handle: launched.handle })
  })
  it("status-22: without outside changes the unrefreshed answer is the refreshed one", async () => {
    expect(await call("status", {}).then(({ value }) => value)).toEqual(await call("status", { refresh: true }).then(({ value }) => value))
  })
})

describe("down", () => {
  it("down-01, down-04, down-06, down-11: the cluster, its folder and its processes are gone; the name is free and its home is empty", async () => {
    await home.sky("exec", "b-1", "echo x > ~/mine")
    const folder = home.nodes().find((path) => existsSync(join(path, "home/mine")))!
    expect((await home.sky("down", "-y", "b-1")).code).toBe(0)
    expect(existsSync(folder)).toBe(false)
    expect(processesOf(folder)).toEqual([])
    expect(await home.json("status", "b-1").catch(String)).not.toContain('"UP"')
    expect((await home.sky("launch", "-y", "-c", "b-1", "ls ~/mine || echo empty")).out).toContain("empty")
    expect((await home.sky("down", "-y", "nope")).code).toBe(5)
  })
  it("of several names tries all, prints each, and ends with the highest code", async () => {
    const { code, err, out } = await home.sky("down", "-y", "b-1", "nope", "late")
    expect(code).toBe(5)
    expect(out + err).toMatch(/b-1.*gone/)
    expect(out + err).toMatch(/late.*gone/)
    expect(out + err).toContain("nope")
  })
  it("needs a yes: without a terminal and without -y it is refused, naming the flag", async () => {
    expect(await home.sky("down", "one")).toMatchObject({ code: 2, err: expect.stringContaining("-y") })
    expect(await rowOf("one")).toMatchObject({ status: "UP" })
  })
})
