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

  it("shows each word of how far a step is, and what had come before a drop not again", async () => {
    const at = { operation: "o", phase: "sync", atMs: 0, cluster: "c" }
    await using daemon = await fakeDaemon({
      launch: (_, reply, nth) => {
        reply.send("progress", { at: 1, ...at, state: "running", detail: "begun" })
        if (nth < 2) {
          for (const detail of ["1 of 2 MB", "2 of 2 MB"]) reply.send("progress", { at: 1, ...at, state: "running", detail, passing: true })
          reply.drop()
        } else reply.result({ jobId: 1 })
      }
    })
    const { err } = await sky(dist, daemon.home, ["rpc", "launch", '{"task":{}}', "--request-id", "mine"])
    expect(jsonLines(err).map(({ data }) => data.detail)).toEqual(["begun", "1 of 2 MB", "2 of 2 MB"])
  })

  it("takes the parameters from stdin", async () => {
    await using daemon = await fakeDaemon({ status: ({ params }, reply) => reply.result(params) })
    const { out } = await fed(daemon.home, ["rpc", "status", "-"], '{\n  "clusterNames": ["größe"]\n}\n')
    expect(jsonLines(out)).toEqual([{ clusterNames: ["größe"] }])
  })

  it("prints a stream's frames as they stand on the wire, its result last, bytes that are not UTF-8 included", async () => {
    const frames = [
      ["source", { id: 1, rank: 0, prefix: "(a, pid=1) " }],
      ["log", { id: 1, rank: 0, text: "a\n" }],
      ["log", { id: 1, rank: 1, base64: "/wA=" }],
      ["result", { id: 1, at: 7, value: { jobId: 1, status: "SUCCEEDED" } }]
    ] as const
    await using daemon = await fakeDaemon({
      logs: (_, reply) => {
        for (const [type, data] of frames) reply.send(type, data)
      }
    })
    const { err, out } = await sky(dist, daemon.home, ["rpc", "logs", '{"clusterName":"c"}'])
    expect(err).toBe("")
    expect(out).toBe(frames.map(([type, data]) => `${JSON.stringify({ type, data })}\n`).join(""))
  })

  it("prints events in their frames, and pages as they come", async () => {
    const frames = [
      ["result", { id: 1, at: 3, value: { notices: ["the disk is full"] }, more: true }],
      ["event", { id: 1, event: { seq: 4 } }],
      ["result", { id: 1, at: 4, value: {} }]
    ] as const
    await using daemon = await fakeDaemon({
      "events.follow": (_, reply) => {
        for (const [type, data] of frames) reply.send(type, data)
      }
    })
    const { out } = await sky(dist, daemon.home, ["rpc", "events.follow"])
    expect(jsonLines(out)).toEqual(frames.map(([type, data]) => ({ type, data })))
  })

  it("prints nothing twice of a stream whose connection drops: of a frame that was cut, the rest", async () => {
    await using daemon = await fakeDaemon({
      logs: (_, reply, nth) => {
        reply.send("source", { rank: 0, prefix: "" })
        reply.send("log", { rank: 0, text: nth === 1 ? "one" : "one two" })
        if (nth === 1) reply.drop()
        else reply.result({})
      }
    })
    const { out } = await sky(dist, daemon.home, ["rpc", "logs", '{"clusterName":"c"}'])
    expect(jsonLines(out)).toEqual([
      { type: "source", data: { id: 1, rank: 0, prefix: "" } },
      { type: "log", data: { id: 1, rank: 0, text: "one" } },
      { type: "log", data: { id: 1, rank: 0, base64: Buffer.from(" two").toString("base64") } },
      { type: "result", data: { id: 1, at: 1, value: {} } }
    ])
  })

  it("tells a failure in the daemon's own words, whatever the other verbs make of it", async () => {
    const errors = [
      { tag: "ClusterDoesNotExist", message: "There is no cluster 'r*'.", hint: "See: sky status", exitCode: 5, fields: { cluster: "r*" } },
      { tag: "ValueError", message: "down: nope.", hint: "The method 'describe' answers.", exitCode: 2, fields: {} }
    ]
    await using daemon = await fakeDaemon({
      ...clusters("run"),
      down: (_, reply, nth) => reply.send("failure", { at: 1, error: errors[nth - 1] })
    })
    for (const error of errors) {
      const { code, err } = await sky(dist, daemon.home, ["rpc", "down", '{"clusterName":"r*"}'])
      expect([code, err]).toEqual([error.exitCode, `${JSON.stringify({ error })}\n`])
    }
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
