/** kill -9 at every place: of the agent, of a supervisor, of a worker's agent and the head's, with the real programs. */
import * as fs from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { cleanUp, cluster, eventually, Follower, job, read } from "./harness.ts"

afterAll(cleanUp)

const go = (file: string) => `until test -e ~/${file}; do sleep 0.02; done`

describe("an agent that is killed", () => {
  it("leaves its job running; the next one adopts it and knows its exit and its log", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, `echo before; ${go("go")}; echo after; exit 5`)] })
    await follower.fact("JobStarted")
    await head.kill()
    await head.start()
    const again = await Follower.of(head, 1)
    fs.writeFileSync(head.home("go"), "")
    expect(await again.fact("JobEnded")).toMatchObject({ status: "FAILED", returnCodes: [5], reason: "exit 5 on rank 0" })
    const client = await head.client()
    await client.call("logs", { job: 1, follow: true })
    expect(client.output().toString()).toBe("before\nafter\n")
    expect(again.entries.map(({ n }) => n)).toEqual([2])
  })

  it("shows the log of a job whose start was written down for the daemon, and not yet noted for itself", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, `echo before; ${go("go")}; echo after`)] })
    await follower.fact("JobStarted")
    await head.kill()
    const path = join(head.root, "agent/records.jsonl")
    const lines = read(path).split("\n")
    fs.writeFileSync(path, lines.filter((line) => !line.includes('"JobStarted"')).join("\n"))
    await head.start()
    fs.writeFileSync(head.home("go"), "")
    await (await Follower.of(head, 1)).fact("JobEnded")
    await head.kill()
    await head.start()
    const client = await head.client()
    await client.call("logs", { job: 1, follow: false })
    expect(client.output().toString()).toBe("before\nafter\n")
  })

  it("knows the exit of a job that ended while no agent was there", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, `${go("go")}; exit 6`), job(2, "touch ~/two")] })
    await follower.fact("JobEnded", 2)
    await head.kill("SIGTERM")
    fs.writeFileSync(head.home("go"), "")
    await eventually(() => read(join(head.root, "agent/ranks/job-1.0/exit")).trim() === "6")
    await head.start()
    const again = await Follower.of(head)
    expect(await again.fact("JobEnded", 1)).toMatchObject({ returnCodes: [6] })
    expect(again.facts.filter((fact) => fact._tag === "JobEnded" && fact.job === 2)).toHaveLength(1)
  })

  it("runs each job exactly once, whenever it is killed", async () => {
    const { head } = await cluster({ cpus: 2 })
    const ids = Array.from({ length: 24 }, (_, index) => index + 1)
    const submit = async () => {
      const client = await head.client()
      await client.call("submit", { jobs: ids.map((id) => job(id, `echo ${id} >> ~/ran; exit ${id % 2}`)) })
    }
    await submit()
    for (const pauseMs of [3, 9, 17, 31, 60]) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      await head.kill()
      await head.start()
      await submit()
    }
    const follower = await Follower.of(head)
    await Promise.all(ids.map((id) => follower.fact("JobEnded", id)))
    const ended = follower.facts.flatMap((fact) => (fact._tag === "JobEnded" ? [[fact.job, fact.returnCodes[0]]] : []))
    expect(ended.sort((a, b) => a[0]! - b[0]!)).toEqual(ids.map((id) => [id, id % 2]))
    const ran = read(head.home("ran")).trim().split("\n").map(Number)
    expect(ran.sort((a, b) => a - b)).toEqual(ids)
    expect(follower.entries.map(({ n }) => n)).toEqual(follower.entries.map((_, index) => index + 1))
  })

  it("starts what was planned and never claimed", async () => {
    const { head } = await cluster({ start: false })
    await head.start()
    await head.kill()
    const folder = join(head.root, "agent/ranks/job-1.0")
    const spec = job(1, "unused")
    const placement = [{ nodeRank: 0, devices: [], share: 0 }]
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(
      join(folder, "order.json"),
      JSON.stringify({ key: "job-1", rank: 0, script: "exit 8", environment: {}, secrets: {}, log: "sky_logs/x.log" })
    )
    for (const record of [
      { type: "submitted", jobs: [spec] },
      { type: "placed", job: 1, placement },
      { type: "planned", key: "job-1", rank: 0, ending: false }
    ])
      fs.appendFileSync(join(head.root, "agent/records.jsonl"), `${JSON.stringify(record)}\n`)
    await head.start()
    expect(await (await Follower.of(head)).fact("JobEnded")).toMatchObject({ returnCodes: [8] })
  })

  it("does not lose a cancel", async () => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "trap '' TERM; touch ~/up; until test -e ~/go; do :; done")] })
    await eventually(() => fs.existsSync(head.home("up")))
    await client.call("cancel", { jobs: [1] })
    await head.kill()
    await head.start()
    fs.writeFileSync(head.home("go"), "")
    expect(await (await Follower.of(head)).fact("JobEnded")).toMatchObject({ status: "CANCELLED" })
  })

  it("adopts a running setup", async () => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("setup", {
      operation: "op",
      runTimestamp: "sky-s",
      script: `touch ~/up; ${go("go")}; exit 2`,
      envs: {},
      secrets: {},
      accelerators: 0
    })
    await eventually(() => fs.existsSync(head.home("up")))
    await head.kill()
    await head.start()
    fs.writeFileSync(head.home("go"), "")
    expect(await (await Follower.of(head)).fact("SetupEnded")).toMatchObject({ returnCodes: [2], failedRank: 0 })
  })

  it("is not started twice on one folder", async () => {
    const { head } = await cluster()
    const first = head.process
    await expect(head.start()).rejects.toThrow(/runs already, pid/)
    head.process = first
  })

  it("drops queue and journal that belong to another node", async () => {
    const { head } = await cluster()
    const before = head.ready?.ok ? head.ready.hello.journal : ""
    await (await head.client()).call("submit", { jobs: [job(1, "true")] })
    await (await Follower.of(head)).fact("JobEnded")
    await head.kill()
    fs.writeFileSync(join(head.root, "node.json"), JSON.stringify({ ...head.identity, node: `${head.identity.node}-new` }))
    const hello = await head.start()
    expect(hello.journal).not.toBe(before)
    expect(hello.lastEntry).toBe(0)
    expect(await (await head.client()).call("submit", { jobs: [job(1, "true")] })).toEqual({ taken: [1], refused: [] })
  })
})

describe("a supervisor that is killed", () => {
  it.each(["while the agent lives", "while no agent is there"])("fails its job: %s", async (when) => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, "sleep 60")] })
    await follower.fact("JobStarted")
    const supervisor = Number(read(join(head.root, "agent/ranks/job-1.0/claim")).split(" ")[0])
    if (when !== "while the agent lives") await head.kill()
    process.kill(supervisor, "SIGKILL")
    if (when !== "while the agent lives") await head.start()
    const again = await Follower.of(head)
    expect(await again.fact("JobEnded")).toMatchObject({ status: "FAILED", reason: "its supervisor was killed (rank 0)" })
  })
})

describe("a supervisor that was killed while it wrote the exit", () => {
  it.each(["while the agent lives", "while no agent is there"])("fails its job: %s", async (when) => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, "sleep 60")] })
    await follower.fact("JobStarted")
    const folder = join(head.root, "agent/ranks/job-1.0")
    const supervisor = Number(read(join(folder, "claim")).split(" ")[0])
    if (when !== "while the agent lives") await head.kill()
    fs.writeFileSync(join(folder, "exit"), "")
    process.kill(supervisor, "SIGKILL")
    if (when !== "while the agent lives") await head.start()
    const again = await Follower.of(head)
    expect(await again.fact("JobEnded")).toMatchObject({ status: "FAILED", reason: "its supervisor was killed (rank 0)" })
  })
})

describe("a power cut", () => {
  /** The same files on a machine that has booted since, without the records that were only noted. */
  const cut = (root: string, lost: (line: string) => boolean) => {
    const path = join(root, "agent/records.jsonl")
    const boot = read("/proc/sys/kernel/random/boot_id").trim()
    const kept = read(path)
      .split("\n")
      .filter((line) => !lost(line))
    fs.writeFileSync(
      path,
      kept.join("\n").replaceAll(`"boot":"${boot}"`, `"boot":"another"`).replaceAll(`"idleBoot":"${boot}"`, `"idleBoot":"another"`)
    )
  }
  const noted = (line: string) => /^\{"type":"(told|forgotten|active)"/.test(line)

  it("that takes the noted records leads to no second run and no second entry", async () => {
    const { head } = await cluster({ cpus: 1 })
    const follower = await Follower.of(head)
    const jobs = [1, 2, 3].map((id) => job(id, `echo ${id} >> ~/ran`))
    const setup = { operation: "op", runTimestamp: "s", script: "echo s >> ~/ran", envs: {}, secrets: {}, accelerators: 0 }
    const say = async () => {
      const client = await head.client()
      await client.call("submit", { jobs })
      await client.call("setup", setup)
    }
    await say()
    await Promise.all([...jobs.map(({ id }) => follower.fact("JobEnded", id)), follower.fact("SetupEnded")])
    const entries = follower.entries.length
    await head.kill()
    cut(head.root, noted)
    await head.start()
    await say()
    await eventually(() => fs.readdirSync(join(head.root, "agent/ranks")).length === 0)
    await (await head.client()).call("submit", { jobs: [job(4, "true")] })
    const again = await Follower.of(head)
    await again.fact("JobEnded", 4)
    expect(again.entries).toHaveLength(entries + 2)
    expect(read(head.home("ran")).split("\n").filter(Boolean).sort()).toEqual(["1", "2", "3", "s"])
  })

  it("does not start again what may have run, though its claim is lost", async () => {
    const { head } = await cluster()
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "echo 1 >> ~/ran; sleep 60", { secrets: { A: "bcde" } })] })
    await eventually(() => read(head.home("ran")) === "1\n")
    await head.kill()
    for (const name of ["claim", "pid"]) fs.rmSync(join(head.root, "agent/ranks/job-1.0", name))
    cut(head.root, noted)
    await head.start()
    expect(await (await Follower.of(head)).fact("JobEnded")).toMatchObject({ status: "FAILED", reason: "the machine was restarted" })
    expect(read(head.home("ran"))).toBe("1\n")
  })

  it("that takes the submission but not its end does not let it be taken again", async () => {
    const { head } = await cluster({ cpus: 0.5 })
    const follower = await Follower.of(head)
    const client = await head.client()
    await client.call("submit", { jobs: [job(1, "true")] })
    await follower.fact("JobEnded", 1)
    await head.kill()
    cut(head.root, (line) => /^\{"type":"(submitted|placed|planned|told|forgotten)"/.test(line))
    await head.start()
    expect(await (await head.client()).call("submit", { jobs: [job(1, "true")] })).toEqual({ taken: [], refused: [] })
  })

  it("that garbles the end of the records costs only what was not answered", async () => {
    const { head } = await cluster()
    await (await head.client()).call("submit", { jobs: [job(1, "true")] })
    await (await Follower.of(head)).fact("JobEnded", 1)
    await head.kill()
    const path = join(head.root, "agent/records.jsonl")
    fs.appendFileSync(path, `${"\0".repeat(100)}\n{"type":"halted"}\n`)
    expect(await head.start()).toMatchObject({ halted: false, lastEntry: 2 })
    expect(await (await head.client()).call("submit", { jobs: [job(1, "true")] })).toEqual({ taken: [], refused: [] })
    expect(read(path)).not.toContain("\0")
  })
})

describe("a node that was started again", () => {
  it("fails the jobs of before", async () => {
    const { head } = await cluster()
    const follower = await Follower.of(head)
    await (await head.client()).call("submit", { jobs: [job(1, "sleep 60")] })
    await follower.fact("JobStarted")
    await head.kill()
    head.boot()
    await head.start()
    expect(await (await Follower.of(head)).fact("JobEnded")).toMatchObject({ status: "FAILED", reason: "the node was restarted" })
  })
})
