/** The client as a program, against a daemon that only pretends: what crosses the socket, what is printed, how it ends. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { type Answers, fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky, startSky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})

const handle = null
const offer = {
  cloud: "local",
  region: null,
  zone: null,
  instanceType: null,
  cpus: 2,
  memoryGib: 23,
  accelerators: null,
  useSpot: false,
  pricePerHour: 0,
  catalog: null
}
const cluster = (name: string, more: object = {}) => ({
  name,
  id: name,
  status: "UP",
  phase: null,
  reason: null,
  launchedAtMs: 0,
  lastUse: "sky launch",
  autostop: -1,
  toDown: false,
  numNodes: 1,
  resources: offer,
  nodes: [],
  headIp: "127.0.1.1",
  everUp: true,
  jobs: { pending: 0, running: 0 },
  operation: null,
  handle,
  metadata: {},
  ...more
})
const clusters = (...names: Array<string>): Answers => ({
  status: ({ params }, reply) => {
    const asked = (params.clusterNames ?? names) as ReadonlyArray<string>
    reply.result({
      clusters: names.filter((name) => asked.includes(name)).map((name) => cluster(name)),
      notFound: asked.filter((name) => !names.includes(name))
    })
  }
})
const submits: Answers = { exec: ({ params }, reply) => reply.result({ cluster: params.clusterName, jobId: 1, handle }) }
const ended = { jobId: 1, status: "SUCCEEDED", returnCodes: [0], reason: null }

describe("a question", () => {
  it("greets and asks in one write, and joins the pages of the answer", async () => {
    await using daemon = await fakeDaemon({
      status: (_, reply) => {
        reply.result({ clusters: [cluster("a")], notFound: [] }, true)
        reply.result({ clusters: [cluster("b")], notFound: [] }, true)
        reply.result({ clusters: [cluster("c")], notFound: [] })
      }
    })
    const { code, out, err } = await sky(dist, daemon.home, ["status", "-o", "json"])
    expect({ code, err, names: JSON.parse(out).map(({ name }: { name: string }) => name) }).toEqual({
      code: 0,
      err: "",
      names: ["a", "b", "c"]
    })
    expect(JSON.parse(out)[0].launchedAt).toBe("1970-01-01T00:00:00.000Z")
    expect(daemon.greetings).toEqual([{ protocol: { min: 1, max: 1 }, version: "0.1.0", capabilities: [] }])
    expect(daemon.asked[0]).not.toHaveProperty("requestId")
  })

  it("about a cluster that is not there says which is meant, exit 5, in words or as JSON", async () => {
    await using daemon = await fakeDaemon(clusters("train"))
    const words = await sky(dist, daemon.home, ["status", "trein"])
    expect(words).toEqual({ code: 5, out: "", err: "✗ There is no cluster 'trein'. Did you mean 'train'?\n" })
    const json = await sky(dist, daemon.home, ["status", "trein", "-o", "json"])
    expect(JSON.parse(json.out)).toEqual([])
    expect(JSON.parse(json.err)).toEqual({
      error: { tag: "ClusterDoesNotExist", message: "There is no cluster 'trein'. Did you mean 'train'?", hint: null, exitCode: 5 }
    })
  })

  it("is plain ASCII where the locale is not UTF-8", async () => {
    await using daemon = await fakeDaemon({
      status: (_, reply) =>
        reply.result({ clusters: [cluster("a", { status: "INIT", phase: "waiting", lastUse: "x".repeat(40) })], notFound: [] })
    })
    const { out } = await sky(dist, daemon.home, ["status"], { LANG: "C" })
    expect(out).toMatch(/^[\n -~]+$/)
    expect(out).toContain("\\_ waiting")
  })

  it("is asked again when the connection drops before the answer", async () => {
    await using daemon = await fakeDaemon({
      status: (_, reply, nth) => (nth === 1 ? reply.drop() : reply.result({ clusters: [], notFound: [] }))
    })
    expect((await sky(dist, daemon.home, ["status", "-o", "json"])).out).toBe("[]\n")
  })
})

describe("a change", () => {
  it("carries a request id and who asks, without secrets, and keeps the id over a dropped connection", async () => {
    const progress = (at: number, state: string) => ({ at, operation: "o", phase: "sync", state, detail: "1 file", atMs: 0, cluster: "c" })
    await using daemon = await fakeDaemon({
      exec: ({ params }, reply, nth) => {
        reply.send("progress", progress(1, "running"))
        reply.send("progress", progress(2, "done"))
        if (nth < 3) reply.drop()
        else reply.result({ cluster: params.clusterName, jobId: 7, handle })
      }
    })
    const { code, err } = await sky(dist, daemon.home, ["exec", "-d", "--env", "HF_TOKEN=abc", "c", "echo hi"])
    expect(code).toBe(0)
    expect(err.match(/Synced/g)).toHaveLength(1)
    const [first, ...others] = daemon.asked
    expect(others.map(({ requestId }) => requestId)).toEqual([first!.requestId, first!.requestId])
    expect(first!.requestId).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(first!.caller!.argv).toEqual(["exec", "-d", "--env", "HF_TOKEN=***", "c", "echo hi"])
    expect(first!.params).toMatchObject({
      task: { run: "echo hi", envs: { HF_TOKEN: "abc" } },
      lastUse: expect.not.stringContaining("abc")
    })
  })

  it("of several clusters tries all and exits with the highest code", async () => {
    await using daemon = await fakeDaemon({
      ...clusters("a", "b"),
      stop: ({ params }, reply) =>
        params.clusterName === "a" ? reply.fail("RuntimeError", "the cloud said no", 1) : reply.result({ cluster: "b" })
    })
    const { code, out, err } = await sky(dist, daemon.home, ["stop", "-y", "a", "b", "zzz", "-o", "json"])
    expect(code).toBe(5)
    expect(JSON.parse(out).clusters).toEqual(
      expect.arrayContaining([{ cluster: "b", ok: true }, expect.objectContaining({ cluster: "a", ok: false })])
    )
    expect(
      err
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).error.exitCode)
        .sort()
    ).toEqual([1, 5])
  })

  it("that needs a confirmation names the flag where there is no terminal, and changes nothing", async () => {
    await using daemon = await fakeDaemon(clusters("a"))
    const { code, err } = await sky(dist, daemon.home, ["down", "a"])
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("-y") })
    expect(daemon.asked.map(({ method }) => method)).toEqual(["status"])
  })

  it("without a name needs -a when there are several", async () => {
    await using daemon = await fakeDaemon(clusters("a", "b"))
    expect(await sky(dist, daemon.home, ["down", "-y"])).toMatchObject({ code: 2, err: expect.stringContaining("-a") })
  })
})

describe("a job's log", () => {
  it("goes to stdout, byte for byte, and goes on after a drop where it was", async () => {
    await using daemon = await fakeDaemon({
      ...submits,
      logs: (_, reply, nth) => {
        reply.send("source", { rank: 0, prefix: "(t, pid=1) " })
        reply.send("log", { rank: 0, text: "one\nzwei: ä\n50%\r" })
        if (nth === 1) return reply.drop()
        reply.send("log", { rank: 0, base64: Buffer.from([0xff, 0x0a]).toString("base64") })
        reply.send("log", { rank: 0, text: "last" })
        return reply.result(ended)
      }
    })
    const { child, ended: done } = startSky(dist, daemon.home, ["exec", "c", "x"])
    const chunks: Array<Buffer> = []
    child.stdout!.on("data", (chunk: Buffer) => chunks.push(chunk))
    const { code } = await done
    const expected = [
      Buffer.from("(t, pid=1) one\n(t, pid=1) zwei: ä\n(t, pid=1) 50%\r"),
      Buffer.from([0xff, 0x0a]),
      Buffer.from("(t, pid=1) last")
    ]
    expect(Buffer.concat(chunks)).toEqual(Buffer.concat(expected))
    expect(code).toBe(0)
  })

  it("goes to stderr with JSON, and stdout gets one object", async () => {
    await using daemon = await fakeDaemon({
      ...submits,
      logs: (_, reply) => {
        reply.send("log", { rank: 0, text: "hi\n" })
        reply.result({ ...ended, status: "FAILED", returnCodes: [3], reason: "exit 3 on rank 0" })
      }
    })
    const { code, out, err } = await sky(dist, daemon.home, ["exec", "c", "x", "-o", "json"])
    expect({ code, err, out: JSON.parse(out) }).toEqual({
      code: 100,
      err: "hi\n",
      out: { cluster: "c", jobId: 1, handle: null, status: "FAILED", returnCodes: [3], reason: "exit 3 on rank 0" }
    })
  })

  it("ends quietly when its reader has gone", async () => {
    await using daemon = await fakeDaemon({
      logs: (_, reply) => {
        const more = () => {
          reply.send("log", { rank: 0, text: `${"x".repeat(1000)}\n`.repeat(50) })
          timer = setTimeout(more, 5)
        }
        let timer = setTimeout(more, 5)
        setTimeout(() => clearTimeout(timer), 3_000).unref()
      }
    })
    const { child, ended: done } = startSky(dist, daemon.home, ["logs", "c"])
    child.stdout!.once("data", () => child.stdout!.destroy())
    expect(await done).toMatchObject({ code: 0, err: "" })
  })

  it("is left by Ctrl-C, with how to come back, and the job goes on", async () => {
    await using daemon = await fakeDaemon({
      ...submits,
      logs: (_, reply) => reply.send("log", { rank: 0, text: "begun\n" })
    })
    const { child, ended: done } = startSky(dist, daemon.home, ["exec", "c", "x"])
    child.stdout!.once("data", () => child.kill("SIGINT"))
    expect(await done).toMatchObject({
      code: 130,
      err: expect.stringContaining("Detached; job 1 goes on. Follow: sky logs c 1 · Cancel: sky cancel c 1")
    })
    expect(daemon.asked.map(({ method }) => method)).toEqual(["exec", "logs"])
  })

  it.each([
    ["SUCCEEDED", 0],
    ["FAILED", 100],
    ["FAILED_SETUP", 100],
    ["RUNNING", 101],
    ["CANCELLED", 103],
    [null, 102]
  ])("--status %s exits %d", async (status, code) => {
    await using daemon = await fakeDaemon({
      queue: (_, reply) => reply.result({ jobs: status === null ? [] : [{ id: 4, status }], clusters: ["c"], notFound: [] })
    })
    const answer = await sky(dist, daemon.home, ["logs", "c", "--status"])
    expect(answer.code).toBe(code)
    if (status !== null) expect(answer.out).toBe(`Job 4: ${status}\n`)
  })
})

describe("a daemon of another build", () => {
  /** Stands in for the next daemon: what starts it is written down, and it refuses. */
  const refusing = async (line: string) => {
    const folder = await bundle()
    writeFileSync(
      join(folder, "skyd.cjs"),
      `const fs=require("fs");fs.writeFileSync(${JSON.stringify(join(folder, "started"))},JSON.stringify({argv:process.argv.slice(2),env:process.env,cwd:process.cwd()}));${line}`
    )
    return folder
  }
  const no = `fs.writeSync(3,JSON.stringify({ok:false,error:{tag:"DamagedLog",message:"The log is damaged.",hint:"Do this.",exitCode:1}})+"\\n")`

  it("that is older is asked to make room before a change, and used while it is busy", async () => {
    const folder = await refusing(no)
    await using daemon = await fakeDaemon(
      { ...submits, "daemon.stop": (_, reply) => reply.result({ stopping: false, runningJobs: 0 }) },
      "0.1.0+1"
    )
    expect((await sky(folder, daemon.home, ["exec", "-d", "c", "x"])).code).toBe(0)
    expect(daemon.asked.map(({ method, params }) => [method, params.ifIdle])).toEqual([
      ["daemon.stop", true],
      ["exec", undefined]
    ])
  })

  it("that is newer is used as it is", async () => {
    await using daemon = await fakeDaemon(submits, "0.2.0+1")
    expect((await sky(dist, daemon.home, ["exec", "-d", "c", "x"])).code).toBe(0)
    expect(daemon.asked.map(({ method }) => method)).toEqual(["exec"])
  })

  it("that cannot start says why, and gets only what it needs of our environment", async () => {
    const folder = await refusing(no)
    const home = join(mkdtempSync(join(tmpdir(), "sky-")), "state")
    expect(await sky(folder, home, ["status"], { FOO: "1", AWS_PROFILE: "w" })).toEqual({
      code: 1,
      out: "",
      err: "✗ The log is damaged.\n  Do this.\n"
    })
    const started = JSON.parse(readFileSync(join(folder, "started"), "utf8"))
    expect(started).toMatchObject({ argv: ["run", "--home", home, "--ready-fd", "3"], cwd: "/" })
    expect(started.env).toMatchObject({ AWS_PROFILE: "w", UV_THREADPOOL_SIZE: "16" })
    expect(started.env).not.toHaveProperty("FOO")
    expect(started.env).not.toHaveProperty("SKYD_HOME")
  })

  it("that dies is known by its last words, exit 8", async () => {
    const folder = await refusing(`fs.appendFileSync(process.argv[4]+"/daemon.log",'{"message":"no space left"}\\n')`)
    const home = join(mkdtempSync(join(tmpdir(), "sky-")), "state")
    expect(await sky(folder, home, ["status"])).toMatchObject({ code: 8, err: expect.stringContaining("no space left") })
  })

  it("is not started by completion, daemon status and daemon stop", async () => {
    const home = join(mkdtempSync(join(tmpdir(), "sky-")), "state")
    expect(await sky(dist, home, ["complete-names"])).toEqual({ code: 0, out: "", err: "" })
    expect(await sky(dist, home, ["daemon", "status"])).toMatchObject({ code: 8, err: expect.stringContaining("not running") })
    expect(await sky(dist, home, ["daemon", "stop"])).toMatchObject({ code: 0, err: "The daemon is not running.\n" })
  })
})
