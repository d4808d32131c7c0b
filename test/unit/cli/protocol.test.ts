/** The client as a program, against a daemon that only pretends: what crosses the socket, what is printed, how it ends. */
import { beforeAll, describe, expect, it } from "vitest"
import { cluster, clusters, handle } from "./answers.ts"
import { type Answers, fakeDaemon } from "./fake-daemon.ts"
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
    expect(daemon.greetings).toEqual([{ protocol: { min: 1, max: 1 }, version: "0.1.0" }])
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

describe("where there is nothing", () => {
  it("stdout stays empty", async () => {
    await using daemon = await fakeDaemon({
      status: (_, reply) => reply.result({ clusters: [], notFound: [] }),
      queue: (_, reply) => reply.result({ jobs: [], clusters: ["a"], notFound: [] })
    })
    expect(await sky(dist, daemon.home, ["status"])).toMatchObject({ code: 0, out: "", err: expect.stringContaining("No clusters.") })
    expect(await sky(dist, daemon.home, ["queue"])).toEqual({ code: 0, out: "", err: "No jobs on a.\n" })
  })
})

describe("a cluster that is not there", () => {
  const none: Answers = {
    ...clusters("train"),
    events: (_, reply) => reply.result({ events: [] }),
    queue: ({ params }, reply) => reply.result({ jobs: [], clusters: [], notFound: params.clusterNames })
  }
  for (const method of ["logs", "exec", "cancel"])
    none[method] ??= ({ params }, reply) => reply.fail("ClusterDoesNotExist", `There is no cluster '${params.clusterName}'.`, 5)

  it.each([["logs"], ["exec"], ["cancel"], ["cancel", "-y"], ["events"], ["events", "-f"], ["why"], ["down"], ["queue"]])(
    "is said in the same words: %s %s",
    async (...verb) => {
      await using daemon = await fakeDaemon(none)
      const argv = [...verb, "trian", ...(verb[0] === "exec" ? ["ls"] : [])]
      expect(await sky(dist, daemon.home, argv)).toEqual({
        code: 5,
        out: "",
        err: "✗ There is no cluster 'trian'. Did you mean 'train'?\n"
      })
    }
  )

  it.each([["logs"], ["exec"], ["cancel", "-y"], ["queue"], ["start"]])("and was says when and why it went: %s %s", async (...verb) => {
    const hourMs = 3_600_000
    const gone = { _tag: "ClusterGone", cluster: "i", name: "trian", reason: "its machines are gone: AWS took the spot machine back" }
    const ended = ["job closed", gone].map((event, i) => ({ seq: 7 + i, atMs: 0, operation: null, event }))
    await using daemon = await fakeDaemon({
      ...none,
      "cost.report": ({ params }, reply) =>
        reply.result({
          costs: (params.clusterNames as Array<string>).map((name) => ({ name, status: null, goneAtMs: Date.now() - 3 * hourMs })),
          notFound: []
        }),
      events: (_, reply) => reply.result({ events: ended })
    })
    const argv = [...verb, "trian", ...(verb[0] === "exec" ? ["ls"] : [])]
    expect(await sky(dist, daemon.home, argv)).toEqual({
      code: 5,
      out: "",
      err: "✗ There is no cluster 'trian' any more: it went 3 hrs ago (its machines are gone: AWS took the spot machine back).\n  See: sky why trian\n"
    })
  })

  it("is not suggested for itself", async () => {
    await using daemon = await fakeDaemon({
      ...none,
      exec: (_, reply) => reply.fail("ClusterDoesNotExist", "There is no cluster 'train'.", 5)
    })
    expect((await sky(dist, daemon.home, ["exec", "train", "ls"])).err).toBe("✗ There is no cluster 'train'.\n  See: sky status\n")
  })
})

describe("a cancel", () => {
  it("asks nothing of what is over, and looks before it asks", async () => {
    await using daemon = await fakeDaemon({
      queue: (_, reply) => reply.result({ jobs: [{ id: 2, name: "x", status: "RUNNING", startedAtMs: 0 }], clusters: ["c"], notFound: [] })
    })
    expect(await sky(dist, daemon.home, ["cancel", "c"])).toMatchObject({ code: 2, err: expect.stringContaining("-y") })
    expect(daemon.asked.map(({ method }) => method)).toEqual(["queue"])
  })
})

describe("the facts", () => {
  const fact = (seq: number, event: object, operation: string | null = null) => ({ seq, atMs: 0, operation, event })
  const asked = (argv: ReadonlyArray<string>) => ({ _tag: "OperationRequested", method: "launch", argv })
  const job = { _tag: "JobStarted", job: 1 }
  const launch = { _tag: "LaunchRequested", numNodes: 1, task: {} }
  const all = [
    fact(1, job),
    fact(2, job),
    fact(3, { _tag: "ClusterCreated", name: "c" }, "o"),
    fact(4, asked(["launch", "echo a b"]), "o"),
    fact(5, launch, "o"),
    ...Array.from({ length: 40 }, (_, i) => fact(6 + i, job))
  ]
  const answers: Answers = {
    ...clusters("c"),
    events: (_, reply) => reply.result({ events: all }),
    "events.follow": (_, reply) => reply.result({})
  }

  it("of why begin with the last launch, and say how many are earlier", async () => {
    await using daemon = await fakeDaemon(answers)
    const { out } = await sky(dist, daemon.home, ["why", "c"])
    const [head, earlier, first, second, ...others] = out.trimEnd().split("\n")
    expect([head, earlier]).toEqual(["c is UP.", "… 2 earlier: sky events c --after 0"])
    expect(first).toMatch(/^ +3 .* a new cluster: c$/)
    expect(second).toMatch(/^ +4 .* you asked: sky launch 'echo a b'$/)
    expect(others).toHaveLength(41)
    expect(JSON.parse((await sky(dist, daemon.home, ["why", "c", "-o", "json"])).out).events).toHaveLength(45)
  })

  it("are followed from where the answer ends, with no tail too", async () => {
    await using daemon = await fakeDaemon({ ...answers, events: (_, reply) => reply.result({ events: [] }) })
    await sky(dist, daemon.home, ["events", "-f", "--tail", "0"])
    expect(daemon.asked.at(-1)).toMatchObject({ method: "events.follow", params: { after: 1 } })
  })
})

describe("the command line", () => {
  it("refuses -a with names, and a wrong value with its form", async () => {
    await using daemon = await fakeDaemon(clusters("a"))
    for (const name of ["down", "stop", "start", "autostop"])
      expect(await sky(dist, daemon.home, [name, "-y", "-a", "a"])).toMatchObject({
        code: 2,
        err: expect.stringMatching(/-a and names do not go together/)
      })
    expect(await sky(dist, daemon.home, ["exec", "--gpus", "A:0", "a", "ls"])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--gpus A:0: expected "NAME" or')
    })
    expect(daemon.asked).toEqual([])
  })

  it("shows help by verb, and the version as JSON", async () => {
    const page = await sky(dist, "/nowhere", ["help", "exec"])
    expect(page).toMatchObject({ code: 0, out: expect.stringContaining("Usage: sky exec") })
    expect((await sky(dist, "/nowhere", ["exec", "-h"])).out).toBe(page.out)
    expect((await sky(dist, "/nowhere", ["help"])).out).toContain("103 cancelled")
    expect((await sky(dist, "/nowhere", ["completion", "-h"])).out).not.toContain("--output")
    expect(JSON.parse((await sky(dist, "/nowhere", ["--version", "-o", "json"])).out)).toMatchObject({ version: "0.1.0" })
    expect((await sky(dist, "/nowhere", ["exec"], { LANG: "C" })).err).toMatch(/^[\n -~]+$/)
  })

  it("of rpc is recorded without its parameters", async () => {
    await using daemon = await fakeDaemon({ exec: (_, reply) => reply.result({}) })
    await sky(dist, daemon.home, ["rpc", "exec", '{"task":{"envs":{"HF_TOKEN":"abc"}}}'])
    expect(daemon.asked[0]!.caller!.argv).toEqual(["rpc", "exec"])
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

it("the copy of logs that there are not is refused as any other failure is", async () => {
  await using daemon = await fakeDaemon({ queue: (_, reply) => reply.result({ jobs: [], clusters: ["c"], notFound: [] }) })
  expect(await sky(dist, daemon.home, ["logs", "-s", "c"])).toEqual({ code: 5, out: "", err: "✗ No job was submitted to c.\n" })
  const { err } = await sky(dist, daemon.home, ["logs", "-s", "c", "-o", "json"])
  expect(JSON.parse(err).error).toMatchObject({ tag: "JobDoesNotExist", exitCode: 5 })
})
