/** A launch's setup as it is shown: its output before its end, and on stderr for scripts too. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { ended, handle } from "./answers.ts"
import { type Answers, fakeDaemon, type Reply } from "./fake-daemon.ts"
import { bundle, sky, startSky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})

const phase = (at: number, phase: string, state: string, detail = "") => ({
  at,
  operation: "o",
  phase,
  state,
  detail,
  atMs: 0,
  cluster: "c"
})

/** Setup's end is told before the last of its output comes. */
const launches = (finish: (reply: Reply) => void): Answers => {
  let launch: Reply
  return {
    launch: ({ params }, reply) => {
      if (params.dryrun) return reply.result({ cluster: "c", jobId: null, handle, plan: null })
      launch = reply
      return reply.send("progress", phase(1, "setup", "running"))
    },
    logs: ({ params }, reply) => {
      if (params.setup === undefined) return reply.result(ended)
      reply.send("source", { rank: 0, prefix: "(setup) " })
      finish(launch)
      reply.send("log", { rank: 0, text: "late\n" })
      return reply.result({ jobId: null, status: null, returnCodes: [], reason: null })
    }
  }
}
const succeeds = launches((launch) => {
  launch.send("progress", phase(2, "setup", "done"))
  launch.send("progress", phase(3, "autostop", "done", "stops after 10 idle minutes"))
  launch.result({ cluster: "c", jobId: 1, handle })
})
const failed = "setup failed: exit 3 on rank 0."
const fails = launches((launch) => {
  launch.send("progress", phase(2, "setup", "failed"))
  launch.fail("CommandError", failed, 1, { detailedReason: "late" })
})

describe("the output of setup", () => {
  it("stands before the line that says that setup has ended", async () => {
    await using daemon = await fakeDaemon(succeeds)
    const { code, err } = await sky(dist, daemon.home, ["launch", "-y", "-d", "-i", "10", "-c", "c", "x"])
    expect({ code, lines: err.split("\n").slice(0, 3) }).toEqual({
      code: 0,
      lines: [
        "(setup) late",
        expect.stringMatching(/^✓ Set up/),
        expect.stringMatching(/^✓ Autostop +stops after 10 idle minutes +0\.0 s$/)
      ]
    })
  })

  it("is said in its last lines where setup fails and none was shown", async () => {
    await using daemon = await fakeDaemon({
      launch: ({ params }, reply) =>
        params["dryrun"]
          ? reply.result({ cluster: "c", jobId: null, handle, plan: null })
          : reply.fail("CommandError", failed, 1, { detailedReason: "late" })
    })
    const { code, err } = await sky(dist, daemon.home, ["launch", "-y", "-c", "c", "x"])
    expect({ code, err }).toEqual({ code: 1, err: `✗ ${failed} Its last lines:\nlate\n` })
  })

  it("goes to stderr with JSON", async () => {
    await using daemon = await fakeDaemon(succeeds)
    const { err, out } = await sky(dist, daemon.home, ["launch", "-y", "-c", "c", "-o", "json", "x"])
    expect(err).toBe("(setup) late\n")
    expect(JSON.parse(out)).toMatchObject({ cluster: "c", jobId: 1, status: "SUCCEEDED" })
  })

  it("is not said twice when setup fails, but scripts find its last lines in the error", async () => {
    await using daemon = await fakeDaemon(fails)
    const { code, err } = await sky(dist, daemon.home, ["launch", "-y", "-c", "c", "x"])
    expect({ code, err }).toEqual({ code: 1, err: `(setup) late\n✗ ${failed}\n` })
    await using other = await fakeDaemon(fails)
    const { err: json } = await sky(dist, other.home, ["launch", "-y", "-c", "c", "-o", "json", "x"])
    const [log, error] = json.split("\n")
    expect([log, JSON.parse(error!).error]).toMatchObject(["(setup) late", { message: failed, fields: { detailedReason: "late" } }])
  })
})

describe("a launch that is left by Ctrl-C", () => {
  const left = async (begin: (reply: Reply) => void) => {
    await using daemon = await fakeDaemon({
      launch: ({ params }, reply) => (params["dryrun"] ? reply.result({ cluster: "c", jobId: null, handle, plan: null }) : begin(reply)),
      logs: (_, reply) => {
        reply.send("source", { rank: 0, prefix: "(setup) " })
        reply.send("log", { rank: 0, text: "begun\n" })
      }
    })
    const { child, ended } = startSky(dist, daemon.home, ["launch", "-y", "-c", "c", "x"])
    child.stderr!.once("data", () => child.kill("SIGINT"))
    const { code, err } = await ended
    return {
      code,
      last: err
        .split("\n")
        .at(-2)!
        .replace(/ops cancel \w{26}$/, "ops cancel ID")
    }
  }

  it("in its search is found again by its state and its history: no job has a log yet", async () => {
    expect(await left((reply) => reply.send("progress", phase(1, "provision", "failed", "AWS us-east-1a: no capacity")))).toEqual({
      code: 130,
      last: "Detached; the launch goes on. Watch: sky status c · Why: sky why c · Cancel: sky ops cancel ID"
    })
  })

  it("at its setup is followed by the output of that", async () => {
    const { last } = await left((reply) => reply.send("progress", phase(1, "setup", "running")))
    expect(last).toContain("Watch: sky logs c · ")
  })
})

describe("what becomes of the cluster", () => {
  it("is said as the daemon has it: --down keeps the minutes of the task", async () => {
    await using daemon = await fakeDaemon(succeeds)
    const folder = await mkdtemp(join(tmpdir(), "sky-fate-"))
    const file = join(folder, "t.yaml")
    await writeFile(file, "resources:\n  autostop: 600\nrun: x\n")
    const kept = await sky(dist, daemon.home, ["launch", "-y", "-d", "-c", "c", file])
    const down = await sky(dist, daemon.home, ["launch", "-y", "-d", "--down", "-c", "c", file])
    await rm(folder, { recursive: true })
    expect(kept.err).toContain("c stops after 600 idle minutes")
    expect(down.err).toContain("c goes after 600 idle minutes")
  })
})
