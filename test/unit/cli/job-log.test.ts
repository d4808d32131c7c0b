/** A job's log through the client as a program: bytes, drops, a reader that goes, Ctrl-C, exit codes. */
import { spawn } from "node:child_process"
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it, vi } from "vitest"
import { ended, submits } from "./answers.ts"
import { fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky, startSky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
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

  it("shows a detached setup and its run under a prefix of each, and announces none twice after a drop", async () => {
    await using daemon = await fakeDaemon({
      ...submits,
      logs: (_, reply, nth) => {
        reply.send("source", { rank: 0, prefix: "(setup, pid=1) " })
        reply.send("log", { rank: 0, text: "s\n" })
        reply.send("source", { rank: 0, prefix: "(t, pid=2) " })
        reply.send("log", { rank: 0, text: "r\n" })
        return nth === 1 ? reply.drop() : reply.result(ended)
      }
    })
    const { out } = await sky(dist, daemon.home, ["exec", "c", "x"])
    expect(out).toBe("(setup, pid=1) s\n(t, pid=2) r\n")
  })

  it("goes to stderr with JSON, and stdout gets one object", async () => {
    await using daemon = await fakeDaemon({
      ...submits,
      logs: (_, reply) => {
        reply.send("log", { rank: 0, text: "hi\n" })
        reply.result({ ...ended, status: "FAILED", returnCodes: [3], reason: "exit 3 on rank 0" })
      }
    })
    const { code, out, err } = await sky(dist, daemon.home, ["exec", "-o", "json", "c", "x"])
    const [log, error] = err.split("\n")
    expect(JSON.parse(error!).error).toMatchObject({ tag: "JobFailed", exitCode: 100, message: "Job 1 on c failed: exit 3 on rank 0." })
    expect({ code, log, out: JSON.parse(out) }).toEqual({
      code: 100,
      log: "hi",
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
    await vi.waitUntil(() => daemon.left.length > 0)
    expect(daemon.left).toEqual([daemon.asked[1]!.id])
  })

  it.each([
    ["logs", "logs", "c", "1"],
    ["events.follow", "events", "-f"],
    ["exec", "exec", "c", "x"]
  ])(
    "or whatever is waited for (%s) is detached from by Ctrl-C, for of a silent stream the daemon would not notice",
    async (method, ...argv) => {
      const asked = Promise.withResolvers<void>()
      await using daemon = await fakeDaemon({
        events: (_, reply) => reply.result({ events: [] }),
        [method]: () => asked.resolve()
      })
      const { child, ended: done } = startSky(dist, daemon.home, argv)
      await asked.promise
      child.kill("SIGINT")
      expect((await done).code).toBe(130)
      await vi.waitUntil(() => daemon.left.length > 0)
      expect(daemon.left).toEqual([daemon.asked.at(-1)!.id])
    }
  )

  it("that is left by Ctrl-C is named by its number, whichever was the latest", async () => {
    await using daemon = await fakeDaemon({
      queue: (_, reply) => reply.result({ jobs: [{ id: 7 }, { id: 6 }], clusters: ["c"], notFound: [] }),
      logs: (_, reply) => void setTimeout(() => reply.send("log", { rank: 0, text: "begun\n" }), 50)
    })
    const { child, ended: done } = startSky(dist, daemon.home, ["logs", "c"])
    child.stdout!.once("data", () => child.kill("SIGINT"))
    expect(await done).toMatchObject({ code: 130, err: "Detached; job 7 goes on. Follow: sky logs c 7 · Cancel: sky cancel c 7\n" })
  })

  it("of a rank that the job does not have is refused", async () => {
    await using daemon = await fakeDaemon({
      logs: ({ params }, reply) => reply.fail("ValueError", `job 4 has no rank ${params.rank}.`, 2)
    })
    expect(await sky(dist, daemon.home, ["logs", "c", "--rank", "2"])).toMatchObject({
      code: 2,
      err: "✗ job 4 has no rank 2.\n"
    })
  })

  it("says how to do it again, but not with a secret struck out, and what becomes of the cluster", async () => {
    await using daemon = await fakeDaemon(submits)
    const plain = await sky(dist, daemon.home, ["exec", "-d", "--env", "HF_TOKEN=abc", "c", "df", "-h"])
    expect(plain.err).toContain("again: sky exec -d --env HF_TOKEN c df -h ·")
    expect(daemon.asked[0]!.params).toMatchObject({ task: { run: "df -h" } })
    const file = join(daemon.home, "secret.yaml")
    writeFileSync(file, "secrets: {WANDB: null}\nrun: x\n")
    const filled = await sky(dist, daemon.home, ["exec", "-d", "--env", "WANDB=abc def", "c", file])
    expect(filled.err).toContain("logs: sky logs c")
    expect(filled.err).not.toContain("abc")
    const lines = await sky(dist, daemon.home, ["exec", "-d", "--down", "c", "echo a\necho b"])
    expect(lines.err).not.toContain("again:")
    expect(lines.err).toContain("c goes after 1 idle minute")
  })

  it("that cannot be written because the disk is full is one sentence", async () => {
    if (!existsSync("/dev/full")) return
    await using daemon = await fakeDaemon({ ...submits, logs: (_, reply) => reply.send("log", { rank: 0, text: "x\n" }) })
    const full = openSync("/dev/full", "w")
    const child = spawn(process.execPath, [join(dist, "sky.cjs"), "logs", "c"], {
      env: { PATH: process.env.PATH, LANG: "C.UTF-8", SKYD_HOME: daemon.home },
      stdio: ["ignore", full, "pipe"]
    })
    let err = ""
    child.stderr!.on("data", (chunk: Buffer) => (err += chunk))
    const code = await new Promise((done) => child.on("close", done))
    closeSync(full)
    expect({ code, err }).toEqual({ code: 7, err: "✗ The output cannot be written: no space is left.\n" })
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
    if (status === null) expect(answer.err).toBe("✗ No job was submitted to c.\n")
    else expect(answer.out).toBe(`Job 4: ${status}\n`)
  })

  it("--status asks the node where the log may stand still, and says the notice first", async () => {
    const jobs = [{ id: 4, status: "RUNNING", endedAtMs: null }]
    const notices = ["The log is damaged."]
    await using daemon = await fakeDaemon({
      queue: (_, reply) => reply.result({ jobs, clusters: ["c"], notFound: [], notices }),
      logs: (_, reply, nth) => reply.result({ jobId: 4, status: nth === 1 ? null : "FAILED", returnCodes: [], reason: null })
    })
    const run = (...argv: ReadonlyArray<string>) => sky(dist, daemon.home, ["logs", "c", "--status", ...argv])
    expect(await run()).toEqual({ code: 101, out: "Job 4: RUNNING\n", err: "✗ The log is damaged.\n" })
    expect(daemon.asked[1]).toMatchObject({ method: "logs", params: { clusterName: "c", jobId: 4, follow: false, tail: 0 } })
    expect(await run()).toEqual({ code: 100, out: "Job 4: FAILED\n", err: "✗ The log is damaged.\n" })
    const { err, out } = await run("-o", "json")
    expect([JSON.parse(out), JSON.parse(err.split("\n")[0]!)]).toEqual([{ jobId: 4, status: "FAILED" }, { notices }])
  })

  it("--status of a job that may be there and is not proven says that first", async () => {
    await using daemon = await fakeDaemon({
      queue: (_, reply) => reply.fail("JobDoesNotExist", "c has no job 4.", 5),
      "daemon.status": (_, reply) => reply.result({ notices: ["The log is damaged."] })
    })
    expect(await sky(dist, daemon.home, ["logs", "c", "4", "--status"])).toMatchObject({
      code: 102,
      err: expect.stringMatching(/^✗ The log is damaged\.\n✗ c has no job 4\./)
    })
  })
})
