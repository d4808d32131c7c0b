/** The client as a program, against a daemon that only pretends: what crosses the socket, what is printed, how it ends. */
import { beforeAll, describe, expect, it } from "vitest"
import { cluster, clusters, handle } from "./answers.ts"
import { fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})

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
