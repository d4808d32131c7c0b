/** One node: running, exit codes, variables, queue and setup, with the real agent. */
import * as fs from "node:fs"
import { afterAll, describe, expect, it } from "vitest"
import { cleanUp, cluster, eventually, Follower, job, read } from "./harness.ts"

afterAll(cleanUp)

describe("a job on one node", () => {
  it("runs under the workdir and tells how it went", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    expect(await client.call("submit", { jobs: [job(1, "pwd; echo hello", { name: "train" })] })).toEqual({ taken: [1], refused: [] })
    const ended = await follower.fact("JobEnded")
    const { runTimestamp } = job(1, "")
    expect(ended).toEqual({ _tag: "JobEnded", job: 1, runTimestamp, status: "SUCCEEDED", returnCodes: [0], reason: null })
    expect(follower.facts.map(({ _tag }) => _tag)).toEqual(["JobStarted", "JobEnded"])
    const started = await follower.fact("JobStarted")
    expect(started.ranks).toEqual([{ rank: 0, node: head.identity.node, nodeRank: 0, pid: expect.any(Number) }])
    const logs = await client.call("logs", { job: 1, follow: true })
    expect(logs).toEqual({ status: "SUCCEEDED", returnCodes: [0], reason: null })
    expect(client.output().toString()).toBe(`${fs.realpathSync(head.home("sky_workdir"))}\nhello\n`)
    expect(client.prefixes()).toEqual([`(train, pid=${started.ranks[0]!.pid}) `])
    expect(read(head.home("sky_logs/sky-2026-01-01-00-00-00-000001/tasks/run.log"))).toContain("hello")
  })

  it.each([
    ["exit 3", 3, "exit 3 on rank 0"],
    ["kill -SEGV $$", 139, "exit 139 (likely a segmentation fault) on rank 0"],
    ["kill -KILL $$", 137, "exit 137 (SIGKILL) on rank 0"],
    ["false", 1, "exit 1 on rank 0"],
    ["nosuchcommand", 127, "exit 127 on rank 0"]
  ])("that ends by `%s` has FAILED with code %i", async (run, code, reason) => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, run)] })
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "FAILED", returnCodes: [code], reason })
  })

  it("is taken once for ever, also after it is over", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    const run = "echo x >> ~/count"
    await client.call("submit", { jobs: [job(1, run), job(2, run)] })
    await follower.fact("JobEnded", 1)
    await follower.fact("JobEnded", 2)
    expect(await client.call("submit", { jobs: [job(1, run), job(2, run)] })).toEqual({ taken: [], refused: [] })
    expect(await client.call("submit", { jobs: [job(2, run), job(3, run)] })).toEqual({ taken: [3], refused: [] })
    await follower.fact("JobEnded", 3)
    expect(read(head.home("count"))).toBe("x\nx\nx\n")
  })

  it.each([
    ["numNodes", { numNodes: 0 }],
    ["runTimestamp", { runTimestamp: "../x" }],
    ["accelerators", { accelerators: undefined }],
    ["accelerators", { accelerators: { name: "V100", count: "1" } }],
    ["envs", { envs: { A: "b\0c" } }],
    ["secrets", { secrets: null }],
    ["run", { run: 7 }]
  ])("that is refused for its %s ends as FAILED, and refuses no other: %j", async (what, wrong) => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    const jobs = [job(1, "true"), { ...job(2, "true"), ...(wrong as object) }, job(3, "true")]
    const message = expect.stringContaining(what)
    expect(await client.call("submit", { jobs })).toEqual({ taken: [1, 3], refused: [{ id: 2, message }] })
    expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "FAILED", returnCodes: [], reason: message })
    for (const id of [1, 3]) expect(await follower.fact("JobEnded", id)).toMatchObject({ status: "SUCCEEDED" })
    expect(await client.call("submit", { jobs })).toEqual({ taken: [], refused: [] })
    await head.kill()
    expect(await head.start()).toMatchObject({ lastEntry: follower.entries.length })
  })

  it("without an id is refused alone, and one said twice in a breath is taken once", async () => {
    const { head } = await cluster()
    const client = await head.client()
    const jobs = [null, { ...job(1, "true"), id: 0.5 }, job(1, "true"), job(1, "true")] as never
    const refused = [0, 0].map((id) => ({ id, message: expect.any(String) }))
    expect(await client.call("submit", { jobs })).toEqual({ taken: [1], refused })
    expect(await (await Follower.of(head)).fact("JobEnded", 1)).toMatchObject({ status: "SUCCEEDED" })
  })

  it("exec-08: has no terminal and `read` meets the end at once", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, "test -t 0 || test -t 1 || read x || exit 7")] })
    expect(await follower.fact("JobEnded")).toMatchObject({ returnCodes: [7] })
  })

  it("names the user's own lines in errors", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "true\nnosuchcommand")] })
    await follower.fact("JobEnded")
    await client.call("logs", { job: 1, follow: false })
    expect(client.output().toString()).toMatch(/script: line 2: nosuchcommand: command not found/)
  })

  it("sees exactly the node's environment, its variables, envs and secrets, unharmed", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const odd = "a b 'c' \"d\" $HOME `x`\nsecond line \\"
    const spec = job(1, "env -0 > ~/env; umask > ~/umask", { name: "t", envs: { ODD: odd, stat: "mine" }, secrets: { TOKEN: "s3cret" } })
    await (await head.client()).call("submit", { jobs: [spec] })
    await follower.fact("JobEnded")
    const pairs = read(head.home("env"))
      .split("\0")
      .filter((pair) => pair !== "")
    const {
      PWD: _,
      SHLVL: __,
      _: ___,
      OLDPWD: ____,
      ...env
    } = Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]))
    expect(env).toEqual({
      ...head.identity.environment,
      HOME: `${head.root}/home`,
      PYTHONUNBUFFERED: "1",
      SKYPILOT_NODE_RANK: "0",
      SKYPILOT_NODE_IPS: "127.0.1.1",
      SKYPILOT_NUM_NODES: "1",
      SKYPILOT_NUM_GPUS_PER_NODE: "0",
      SKYPILOT_TASK_ID: "sky-2026-01-01-00-00-00-000001_mycluster_1",
      SKYPILOT_CLUSTER_INFO: JSON.stringify({ cluster_name: "mycluster", cloud: "local", region: "here", zone: null }),
      SKYPILOT_INTERNAL_JOB_ID: "1",
      SKYPILOT_USER: "alice",
      SKY_NODE_RANK: "0",
      SKY_NODE_IPS: "127.0.1.1",
      SKY_NUM_GPUS_PER_NODE: "0",
      SKY_INTERNAL_JOB_ID: "1",
      SKYD_JOB: `${head.identity.cluster}/1`,
      SKYD_NODE: head.identity.node,
      SKYD_FOLDER: head.root,
      ODD: odd,
      stat: "mine",
      TOKEN: "s3cret"
    })
    expect(read(head.home("umask"))).toBe("0022\n")
    expect(read(`${head.root}/agent/records.jsonl`)).not.toContain("s3cret")
    await eventually(() => fs.readdirSync(`${head.root}/agent/secrets`).length === 0)
    await eventually(() => !fs.existsSync(`${head.root}/agent/ranks/job-1.0`))
  })
})

describe("the queue", () => {
  it("exec-06: is first in, first out: what does not fit blocks all behind it", async () => {
    const { head } = await cluster({ cpus: 2, accelerators: { name: "V100", count: 2 } })
    const follower = await Follower.of(head)
    const client = await head.client()
    const until = (file: string) => `until test -e ~/${file}; do sleep 0.02; done`
    const v100 = (count: number) => ({ accelerators: { name: "V100", count } })
    await client.call("submit", { jobs: [job(1, until("a"), v100(1)), job(2, "true", v100(2)), job(3, "true")] })
    await follower.fact("JobStarted", 1)
    fs.writeFileSync(head.home("a"), "")
    await follower.fact("JobEnded", 3)
    const told = follower.facts.slice(0, 2)
    expect(told).toMatchObject([
      { _tag: "JobStarted", job: 1 },
      { _tag: "JobEnded", job: 1 }
    ])
    // Placed in one breath, 2 and 3 may say in any order that they have started.
    const records = read(`${head.root}/agent/records.jsonl`).trim().split("\n")
    const placed = records.map((line) => JSON.parse(line)).filter(({ type }) => type === "placed")
    expect(placed.map(({ job }) => job)).toEqual([1, 2, 3])
  })

  it("gives each job its own devices, and lets fractions share one", async () => {
    const { head } = await cluster({ cpus: 8, accelerators: { name: "V100", count: 4 } })
    const follower = await Follower.of(head)
    const client = await head.client()
    const show = `echo "$CUDA_VISIBLE_DEVICES" > ~/$SKYPILOT_INTERNAL_JOB_ID; sleep 0.5`
    const v100 = (count: number) => ({ accelerators: { name: "V100", count } })
    const jobs = [job(1, show, v100(0.5)), job(2, show, v100(2)), job(3, show, v100(0.5)), job(4, show, v100(1)), job(5, show)]
    await client.call("submit", { jobs })
    await Promise.all(jobs.map(({ id }) => follower.fact("JobEnded", id)))
    expect(jobs.map(({ id }) => read(head.home(`${id}`)))).toEqual(["0\n", "1,2\n", "0\n", "3\n", "\n"])
  })

  it("ends a demand that can never fit, so that others go on", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, "true", { numNodes: 2 }), job(2, "true")] })
    expect(await follower.fact("JobEnded", 1)).toMatchObject({ status: "FAILED", returnCodes: [] })
    expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "SUCCEEDED" })
  })

  it("refuses a job that is not to be begun, with the reason; one that was taken before goes on", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    const taken = job(1, "until test -e ~/go; do sleep 0.02; done")
    await client.call("submit", { jobs: [taken] })
    await follower.fact("JobStarted")
    const never = { secrets: null, refusal: "it comes too late" }
    await client.call("submit", { jobs: [taken, job(2, "touch ~/ran")].map((told) => ({ ...told, ...never })) })
    expect(await follower.fact("JobEnded", 2)).toMatchObject({ status: "FAILED", reason: "it was refused: it comes too late" })
    fs.writeFileSync(head.home("go"), "")
    expect(await follower.fact("JobEnded", 1)).toMatchObject({ status: "SUCCEEDED" })
    expect(fs.existsSync(head.home("ran"))).toBe(false)
  })
})

describe("setup", () => {
  it("launch-30, launch-32: detached is part of the job, without a terminal, and its output can be followed", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "echo running", { setup: "test -t 0 || echo setting up $SKYPILOT_SETUP_NODE_RANK" })] })
    expect(await client.call("logs", { job: 1, follow: true })).toMatchObject({ status: "SUCCEEDED" })
    expect(client.output().toString()).toBe("setting up 0\nrunning\n")
    expect(client.prefixes()).toEqual([expect.stringMatching(/^\(setup, pid=\d+\) $/), expect.stringMatching(/^\(task, pid=\d+\) $/)])
    await follower.fact("JobEnded")
    expect(follower.facts.map(({ _tag }) => _tag)).toEqual(["JobSettingUp", "JobStarted", "JobEnded"])
  })

  it("detached that fails ends the job as FAILED_SETUP", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, "touch ~/ran", { setup: "exit 4" })] })
    expect(await follower.fact("JobEnded")).toMatchObject({
      job: 1,
      status: "FAILED_SETUP",
      returnCodes: [4],
      reason: "setup: exit 4 on rank 0"
    })
    expect(fs.existsSync(head.home("ran"))).toBe(false)
  })

  const spec = (operation: string, script: string) => ({
    operation,
    runTimestamp: `sky-setup-${operation}`,
    script,
    envs: { A: "1" },
    secrets: { B: "2" },
    accelerators: 0
  })

  it("task-08: attached runs on every node, once per operation", async () => {
    const { nodes, head } = await cluster({ nodes: 2 })
    const follower = await Follower.of(head)
    const client = await head.client()
    const script = "echo $SKYPILOT_SETUP_NODE_RANK $A $B $SKYPILOT_SETUP_NODE_IPS >> ~/count"
    await client.call("setup", spec("op1", script))
    expect(await follower.fact("SetupEnded")).toEqual({
      _tag: "SetupEnded",
      operation: "op1",
      returnCodes: [0, 0],
      failedRank: null,
      lastLines: [],
      reason: null
    })
    await client.call("setup", spec("op1", script))
    await client.call("setup", spec("op2", script))
    await client.call("logs", { setup: "op2", follow: true })
    const ips = "1 2 127.0.1.1 127.0.1.2\n"
    expect(nodes.map((node) => read(node.home("count")))).toEqual([`0 ${ips}0 ${ips}`, `1 ${ips}1 ${ips}`])
  })

  it("that fails names the node and its last ten lines", async () => {
    const { head } = await cluster({ nodes: 2 })
    const follower = await Follower.of(head)
    const script = `if [ $SKYPILOT_SETUP_NODE_RANK = 1 ]; then seq 1 20; exit 5; fi`
    await (await head.client()).call("setup", spec("op1", script))
    expect(await follower.fact("SetupEnded")).toMatchObject({
      returnCodes: [0, 5],
      failedRank: 1,
      lastLines: ["11", "12", "13", "14", "15", "16", "17", "18", "19", "20"],
      reason: "exit 5 on rank 1"
    })
  })

  it("whose secrets are lost fails with that reason, and a job too: neither runs without them", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("setup", { ...spec("op1", "touch ~/ran"), secrets: null })
    expect(await follower.fact("SetupEnded")).toMatchObject({ reason: expect.stringContaining("its secrets are lost") })
    await client.call("submit", { jobs: [{ ...job(1, "touch ~/ran"), secrets: null }] })
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "FAILED", reason: expect.stringContaining("its secrets are lost") })
    expect(fs.existsSync(head.home("ran"))).toBe(false)
  })

  it("is no reason to end a job that has taken its secrets: told again without them, it goes on", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    const told = { ...job(1, 'until test -e ~/go; do sleep 0.02; done; test "$B" = 2'), secrets: { B: "2" } }
    await client.call("submit", { jobs: [told] })
    await follower.fact("JobStarted")
    await client.call("submit", { jobs: [{ ...told, secrets: null }] })
    fs.writeFileSync(head.home("go"), "")
    expect(await follower.fact("JobEnded")).toMatchObject({ status: "SUCCEEDED" })
  })

  it("can be cancelled, with all that it started", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("setup", spec("op1", "sleep 100"))
    await client.call("setup.cancel", { operation: "op1" })
    expect(await follower.fact("SetupEnded")).toMatchObject({ returnCodes: [137], reason: "cancelled" })
  })
})
