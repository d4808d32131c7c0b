/** What is said of a command line that asks for more than is done: nothing of it is dropped in silence. */
import { beforeAll, describe, expect, it } from "vitest"
import { cluster, clusters, handle } from "./answers.ts"
import { type Answers, fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky, startSky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})

const run = async (answers: Answers, ...argv: ReadonlyArray<string>) => {
  await using daemon = await fakeDaemon(answers)
  return { ...(await sky(dist, daemon.home, argv)), asked: daemon.asked }
}

describe("a verb that takes one cluster", () => {
  const rows = [cluster("dev-1"), cluster("dev-2")]
  const answers: Answers = {
    status: ({ params }, reply) => {
      const [asked] = (params.clusterNames ?? ["dev-*"]) as ReadonlyArray<string>
      reply.result({ clusters: asked === "dev-*" ? rows : [], notFound: asked === "dev-*" ? [] : [asked] })
    },
    queue: (_, reply) => reply.result({ jobs: [{ id: 1, status: "RUNNING", startedAtMs: 0, logPath: "x" }], clusters: [], notFound: [] }),
    events: (_, reply) => reply.result({ events: [] })
  }
  for (const method of ["logs", "exec", "cancel"])
    answers[method] = ({ params }, reply) => reply.fail("ClusterDoesNotExist", `There is no cluster '${params.clusterName}'.`, 5)

  it.each(["logs", "logs -s", "logs --status", "logs --rank 3", "cancel", "cancel -y", "exec", "events", "events -f", "why"])(
    "%s refuses a pattern, and names what it matches",
    async (line) => {
      const [verb] = line.split(" ")
      const { code, err, out } = await run(answers, ...line.split(" "), "dev-*", ...(verb === "exec" ? ["ls"] : []))
      expect({ code, out, err }).toEqual({
        code: 2,
        out: "",
        err: `✗ sky ${verb} takes one name, no pattern.\n  'dev-*' matches: dev-1, dev-2\n`
      })
    }
  )

  it("says so too when nothing matches", async () => {
    expect((await run(answers, "why", "x*")).err).toBe("✗ sky why takes one name, no pattern.\n  'x*' matches no cluster: sky status\n")
  })
})

describe("a surplus word", () => {
  it.each(["show-gpus V100 x", "completion bash x"])("is refused: %s", async (line) => {
    const { code, err, out } = await run({}, ...line.split(" "))
    expect({ code, out, err }).toEqual({ code: 2, out: "", err: expect.stringContaining("Unexpected argument") })
  })
})

it("a cluster that the same command ends is not what was meant by a wrong name", async () => {
  const answers: Answers = { ...clusters("dev-2"), down: (_, reply) => reply.result({}) }
  expect((await run(answers, "down", "-y", "dev-2", "dev-3")).err).toContain("✗ There is no cluster 'dev-3'.\n  See: sky status\n")
})

describe("an autostop that is given to a start of a cluster that is up", () => {
  it.each([
    ["-i 9 --down", "sky autostop train -i 9 --down"],
    ["-i 0", "sky autostop train -i 1"]
  ])("is said not to hold, and how to set it: %s", async (flags, hint) => {
    const { code, err } = await run(
      { ...clusters("train"), start: (_, reply) => reply.result({}) },
      "start",
      "-y",
      ...flags.split(" "),
      "train"
    )
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(`is up already; -i was not applied: ${hint}\n`) })
  })
})

it("an autostop that is no number says what it takes, a cancel included", async () => {
  expect((await run({}, "autostop", "-y", "-i", "x", "train")).err).toBe(
    "✗ -i takes idle minutes: a whole number from 0, or -1 to cancel, not 'x'.\n"
  )
})

describe("an exec with flags of machines", () => {
  const answers: Answers = { exec: (_, reply) => reply.result({ cluster: "c", jobId: 1, handle }) }
  const exec = (...argv: ReadonlyArray<string>) => run(answers, "exec", "-d", ...argv)

  it("says which are ignored and how ports are opened, and does not propose what is ignored once more", async () => {
    const { asked, err } = await exec("--ports", "9090", "--cpus=4", "--env", "A=1", "c", "echo", "--ports", "1")
    expect(err).toContain("--cpus is ignored: the cluster is there already.\n")
    expect(err).toContain("--ports is ignored: the cluster is there already. A launch opens them: sky launch -c c --ports 9090\n")
    expect(err).toContain("again: sky exec -d --env A=1 c echo --ports 1 ")
    expect(asked.find(({ method }) => method === "exec")!.params.task).toMatchObject({ run: "echo --ports 1", envs: { A: "1" } })
  })
  it("says nothing of them where the answer is JSON", async () => {
    const { err } = await exec("--ports", "9090", "-o", "json", "c", "true")
    expect(err).not.toContain("ignored")
  })
})

describe("a launch on a cluster that is there", () => {
  const told = { enabled: true, considered: [], next: [], more: 0, mostUsdPerHour: 0, notes: [] }
  const plan = { ...told, offer: cluster("c").resources, numNodes: 1, newCluster: false }
  const answers: Answers = {
    launch: ({ params }, reply) =>
      reply.result({ cluster: "c", jobId: params.dryrun ? null : 1, handle, ...(params.dryrun ? { plan } : {}) })
  }
  const launch = (...argv: ReadonlyArray<string>) => run(answers, "launch", "-y", "-d", "-c", "c", ...argv, "true")

  it("says which of the task's machine it does not get", async () => {
    const { code, err } = await launch("--cpus", "64+", "--memory", "99")
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringContaining("cpus 64+ and memory 99 are ignored: c is there already, with 2 and 23.\n")
    })
  })
  it("says nothing of what it has", async () => {
    expect((await launch("--cpus", "2", "--memory", "16+")).err).not.toContain("ignored")
  })
  it("says before it is agreed to what becomes of it once it is idle, and takes no flags that exclude each other", async () => {
    expect((await launch("-i", "5", "--down")).err).toMatch(/^Task .*\nIt goes after 5 idle minutes\.$/m)
    expect((await launch("--dryrun", "-i", "5")).err).toContain("It stops after 5 idle minutes.\n")
    expect((await launch()).err).not.toContain("idle")
    const both = await launch("--no-setup", "--detach-setup")
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining("--no-setup and --detach-setup exclude each other.") })
  })
  it("names no place that is not enabled, and asks nothing, where it will be refused", async () => {
    const nowhere = { ...plan, offer: { ...plan.offer, cloud: "aws", region: "us-east-1" }, newCluster: true, enabled: false }
    const refuses: Answers = {
      launch: ({ params }, reply) =>
        params.dryrun
          ? reply.result({ cluster: "c", jobId: null, handle: null, plan: nowhere })
          : reply.fail("ResourcesUnavailableError", "No place fits the task.", 7)
    }
    expect(await run(refuses, "launch", "-c", "c", "true")).toMatchObject({ code: 7, err: "✗ No place fits the task.\n" })
    expect((await run(refuses, "launch", "-c", "c", "--dryrun", "true")).err).toContain("AWS us-east-1")
  })
  it("that waits behind another says so at once, where nobody counts its seconds too", async () => {
    const queued = { at: 1, operation: "o", phase: "queued", state: "running", detail: "for the launch before it", atMs: 0, cluster: "c" }
    const waits: Answers = {
      launch: ({ params }, reply, nth) => {
        if (!params.dryrun) reply.send("progress", queued)
        answers.launch!({ params } as never, reply, nth)
      }
    }
    expect((await run(waits, "launch", "-y", "-d", "-c", "c", "true")).err).toMatch(/^▸ Waiting +for the launch before it$/m)
  })
})

it("a setup that is left by Ctrl-C is not called by the name of a job that is over", async () => {
  await using daemon = await fakeDaemon({
    queue: (_, reply) => reply.result({ jobs: [{ id: 7, endedAtMs: 5 }], clusters: ["c"], notFound: [] }),
    logs: (_, reply) => void setTimeout(() => reply.send("log", { rank: 0, text: "preparing\n" }), 50)
  })
  const { child, ended } = startSky(dist, daemon.home, ["logs", "c"])
  child.stdout!.once("data", () => child.kill("SIGINT"))
  expect((await ended).err).toBe("Detached; the job goes on. Follow: sky logs c · Cancel: sky cancel c\n")
})
