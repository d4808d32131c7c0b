/** `sky rpc`, as scripts use it: JSON in, JSON out, failures as JSON. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { clusters } from "./answers.ts"
import { fakeDaemon } from "./fake-daemon.ts"
import { bundle, type Ended, sky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})

const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

/** With something on its stdin. */
const fed = (home: string, args: ReadonlyArray<string>, stdin: string): Promise<Ended> =>
  new Promise((done) => {
    const child = spawn(process.execPath, [join(dist, "sky.cjs"), ...args], { env: { PATH: process.env["PATH"], SKYD_HOME: home } })
    let [out, err] = ["", ""]
    child.stdout.on("data", (chunk: Buffer) => (out += chunk))
    child.stderr.on("data", (chunk: Buffer) => (err += chunk))
    child.on("close", (code) => done({ code, out, err }))
    child.stdin.end(stdin)
  })

describe("sky rpc", () => {
  it("alone lists the methods that the daemon has", async () => {
    await using daemon = await fakeDaemon({ describe: (_, reply) => reply.result({ methods: { launch: {}, lunch: {} } }) })
    const { code, out } = await sky(dist, daemon.home, ["rpc"])
    expect(code).toBe(0)
    expect(jsonLines(out)).toEqual([["launch", "lunch"]])
  })

  it("parameters that are nested too deeply are the caller's mistake", async () => {
    await using daemon = await fakeDaemon({})
    const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`
    const { code, err } = await sky(dist, daemon.home, ["rpc", "status", deep])
    expect([code, JSON.parse(err)]).toMatchObject([2, { error: { message: "The parameters are nested too deeply." } }])
  })

  it("prints one JSON value, and what happens meanwhile on stderr", async () => {
    await using daemon = await fakeDaemon({
      launch: (_, reply) => {
        reply.send("progress", { at: 1, operation: "o", phase: "sync", state: "done", detail: "", atMs: 0, cluster: "c" })
        reply.result({ jobId: 1 })
      }
    })
    const { err, out } = await sky(dist, daemon.home, ["rpc", "launch", '{"task":{}}', "--request-id", "mine"])
    expect(jsonLines(out)).toEqual([{ jobId: 1 }])
    expect(jsonLines(err)).toMatchObject([{ type: "progress", data: { phase: "sync" } }])
    expect(daemon.asked[0]!.requestId).toBe("mine")
  })

  it("takes the parameters from stdin", async () => {
    await using daemon = await fakeDaemon({ status: ({ params }, reply) => reply.result(params) })
    const { out } = await fed(daemon.home, ["rpc", "status", "-"], '{\n  "clusterNames": ["größe"]\n}\n')
    expect(jsonLines(out)).toEqual([{ clusterNames: ["größe"] }])
  })

  it("prints a stream as lines of JSON, its result last, bytes that are not UTF-8 included", async () => {
    await using daemon = await fakeDaemon({
      logs: (_, reply) => {
        reply.send("source", { rank: 0, prefix: "(a, pid=1) " })
        reply.send("log", { rank: 0, text: "a\n" })
        reply.send("log", { rank: 1, base64: "/wA=" })
        reply.result({ jobId: 1, status: "SUCCEEDED" })
      }
    })
    const { err, out } = await sky(dist, daemon.home, ["rpc", "logs", '{"clusterName":"c"}'])
    expect(err).toBe("")
    expect(jsonLines(out)).toMatchObject([
      { type: "source", data: { rank: 0, prefix: "(a, pid=1) " } },
      { type: "log", data: { rank: 0, text: "a\n" } },
      { type: "log", data: { rank: 1, base64: "/wA=" } },
      { type: "result", data: { value: { jobId: 1, status: "SUCCEEDED" } } }
    ])
  })

  it("and -o json say what the daemon says beside the message", async () => {
    const fields = { cluster: "c", clusterStatus: "STOPPED" }
    await using daemon = await fakeDaemon({
      ...clusters("c"),
      stop: (_, reply) => reply.fail("ClusterNotUpError", "no", 6, fields)
    })
    const asked = await sky(dist, daemon.home, ["rpc", "stop", '{"clusterName":"c"}'])
    expect(jsonLines(asked.err)).toMatchObject([{ error: { tag: "ClusterNotUpError", fields } }])
    const { err, out } = await sky(dist, daemon.home, ["stop", "-y", "-o", "json", "c"])
    expect(jsonLines(err)).toMatchObject([{ error: { fields } }])
    expect(jsonLines(out)).toMatchObject([{ clusters: [{ ok: false, error: { fields } }] }])
  })

  it.each([
    ["what the daemon refuses", ["stop", '{"clusterName":"c"}'], { tag: "NotSupportedError", message: "no", hint: null, exitCode: 2 }],
    ["parameters that are no object", ["stop", "[]"], { tag: "UsageError", exitCode: 2 }],
    ["a flag that it has not", ["stop", "--nope"], { tag: "UsageError", exitCode: 2 }]
  ])("tells of %s in JSON, unasked", async (_, args, error) => {
    await using daemon = await fakeDaemon({ stop: (_, reply) => reply.fail("NotSupportedError", "no", 2) })
    const { code, err, out } = await sky(dist, daemon.home, ["rpc", ...args])
    expect(out).toBe("")
    expect(jsonLines(err)).toMatchObject([{ error }])
    expect(code).toBe(error.exitCode)
  })
})
