/** What clusters have cost, on the command line: a table that says what is in it, and the sum before a cluster is torn down. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { beforeAll, describe, expect, it } from "vitest"
import { dollars } from "../../../task/price.ts"
import { cluster, clusters } from "./answers.ts"
import { type Answers, fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})
const run = async (answers: Answers, ...argv: ReadonlyArray<string>) => {
  await using daemon = await fakeDaemon(answers)
  return { ...(await sky(dist, daemon.home, argv)), asked: daemon.asked }
}
const onTerminal = async (answers: Answers, columns: number, ...argv: ReadonlyArray<string>) => {
  await using daemon = await fakeDaemon(answers)
  const line = `stty cols ${columns}; exec ${process.execPath} ${dist}/sky.cjs ${argv.join(" ")}`
  const env = { ...process.env, LANG: "C.UTF-8", LC_ALL: "C.UTF-8", SKYD_HOME: daemon.home, NO_COLOR: "1", SHELL: "/bin/sh" }
  const running = promisify(execFile)("script", ["-qc", line, "/dev/null"], { env })
  running.child.stdin!.end("n\n")
  const { stdout } = await running
  return stdout.replaceAll("\r", "")
}

const hourMs = 3_600_000
const offer = {
  cloud: "aws",
  region: "us-east-1",
  zone: null,
  instanceType: "p4d.24xlarge",
  cpus: 96,
  memoryGib: 1152,
  accelerators: { name: "A100", count: 8 },
  useSpot: false,
  usdPerHour: 21.96,
  catalog: "2026-07-20"
}
const up = {
  name: "big",
  id: "big",
  status: "UP",
  launchedAtMs: 0,
  goneAtMs: null,
  numNodes: 2,
  resources: offer,
  durationMs: 2 * hourMs,
  usdPerHour: 43.92,
  runningUsdPerHour: 43.92,
  totalUsd: 87.84,
  usageIntervals: [{ startedAtMs: 0, endedAtMs: null }],
  abandoned: 0
}
const gone = {
  ...up,
  name: "old",
  id: "old",
  status: null,
  goneAtMs: 2 * hourMs,
  numNodes: 1,
  usdPerHour: 21.96,
  runningUsdPerHour: 0,
  totalUsd: 43.92
}
const free = {
  ...gone,
  name: "here",
  resources: { ...offer, cloud: "local", instanceType: null, usdPerHour: 0 },
  usdPerHour: 0,
  totalUsd: 0
}
const report = (costs: ReadonlyArray<object>, more: object = {}): Answers => ({
  "cost.report": (_, reply) => reply.result({ costs, notFound: [], older: { clusters: 0, totalUsd: 0 }, ...more })
})

describe("sky cost-report", () => {
  it("tells what each has cost, the sum, what goes on, and what is not in it", async () => {
    const { code, err, out } = await run(report([up, gone, free]), "cost-report")
    expect([code, err]).toEqual([0, ""])
    expect(out.replaceAll(/\d+ days/g, "N days").replaceAll(/ +/g, " ")).toBe(
      [
        "NAME LAUNCHED DURATION RESOURCES STATUS COST/HR COST (EST.)",
        "big N days ago 2h 2x AWS(p4d.24xlarge, A100:8) UP $43.92 $87.84",
        "old N days ago 2h 1x AWS(p4d.24xlarge, A100:8) TERMINATED $21.96 $43.92",
        "here N days ago 2h 1x local(cpus=96, mem=1152, A100:8) TERMINATED free free",
        "$131.76 for 3 clusters, and $43.92 an hour while big runs.",
        "Of machines alone, by their prices when they were asked for: disks, addresses and traffic are not in it.",
        ""
      ].join("\n")
    )
  })

  it("shows five, all with -a or by name, and sums all of them, those among them of which only a sum is known", async () => {
    const many = Array.from({ length: 7 }, (_, i) => ({ ...gone, name: `old-${i}`, totalUsd: 1 }))
    const answers = report(many, { older: { clusters: 30, totalUsd: 100 } })
    const { out } = await run(answers, "cost-report")
    expect(out.match(/^old-/gm)).toHaveLength(5)
    expect(out).toContain("2 more: sky cost-report -a\n$107.00 for 37 clusters, 30 older ones among them.\n")
    for (const more of [["-a"], ["old-*"]]) expect((await run(answers, "cost-report", ...more)).out.match(/^old-/gm)).toHaveLength(7)
  })

  it("says of one that was given up on that no more is known, and of free ones that they were", async () => {
    expect((await run(report([{ ...gone, abandoned: 1 }]), "cost-report")).out).toContain(
      "└ 1 machine was given up on: what it has cost since is not known"
    )
    expect((await run(report([free]), "cost-report")).out).toMatch(/ free +free\nAll of it was free\.\n$/)
    expect(await run(report([]), "cost-report")).toMatchObject({ code: 0, out: "", err: "No cluster has had a machine yet.\n" })
  })

  it("calls free what is, and not what no list has a price for", async () => {
    const odd = { ...up, name: "odd", resources: { ...offer, instanceType: "m99.huge", usdPerHour: 0, catalog: null }, usdPerHour: null }
    const unpaid = { ...odd, runningUsdPerHour: 0, totalUsd: 0 }
    const one = (await run(report([unpaid, free]), "cost-report")).out
    expect(one).toMatch(/^odd .* UP +not known +not known$/m)
    expect(one).toMatch(/\n\$0\.00 for 1 cluster\.\nWhat odd costs an hour is not known, and in no sum: no list has it\.\n/)
    expect((await run(report([unpaid]), "cost-report")).out).not.toMatch(/free|\$/)
    const before = (await run(report([{ ...odd, runningUsdPerHour: 0 }]), "cost-report")).out
    expect(before).toMatch(/ not known +\$87\.84\n\$87\.84 for 1 cluster\.\nWhat odd costs an hour is not known/)
    const listed: Answers = {
      status: (_, reply) =>
        reply.result({ clusters: [cluster("odd", { resources: unpaid.resources, nodes: [{ rank: 0, state: "running" }] })], notFound: [] })
    }
    expect((await run(listed, "status")).out).toMatch(/\nWhat odd costs an hour is not known: no list has it\.\n$/)
  })

  it("says what may run beside that, since it is asked for and not answered yet", async () => {
    const asking = { ...up, runningUsdPerHour: 0, totalUsd: 0, durationMs: 0, askedFor: { machines: 2, usdPerHour: 43.92 } }
    const { out } = await run(report([asking]), "cost-report")
    expect(out).toMatch(
      /^\$0\.00 for 1 cluster\.\nUp to \$43\.92 an hour for what is asked for and not answered yet: 2 machines of big may run\.$/m
    )
    expect(JSON.parse((await run(report([asking]), "cost-report", "-o", "json")).out)).toMatchObject([{ askedFor: asking.askedFor }])
    expect(JSON.parse((await run(report([up]), "cost-report", "-o", "json")).out)[0]).not.toHaveProperty("askedFor")
  })

  it("is one array for scripts, and an object of a moment of the past", async () => {
    const { out } = await run(report([up]), "cost-report", "-o", "json")
    expect(JSON.parse(out)).toMatchObject([{ name: "big", duration: 7200, totalUsd: 87.84, usageIntervals: [{ endedAt: null }] }])
    const past = report([up], { asOf: { seq: 7, atMs: 0 } })
    const then = await run(past, "cost-report", "--at", "7", "-o", "json")
    expect(JSON.parse(then.out)).toMatchObject({ asOf: { seq: 7 }, costs: [{ name: "big" }] })
    expect(then.asked[0]!.params).toEqual({ clusterNames: null, at: "7" })
    expect((await run(past, "cost-report", "--at", "7")).out).toMatch(/^As known at .* \(event 7\), whatever was true then\.\n/)
  })

  it("is exit 5 for a name that nothing had", async () => {
    const { code, err } = await run(report([], { notFound: ["nope"] }), "cost-report", "nope")
    expect(code).toBe(5)
    expect(err).toContain("No cluster 'nope' is known, of now or before.")
  })

  it("keeps status and sums on a narrow terminal", async () => {
    const long = report([{ ...up, name: "a-long-name-of-a-cluster" }])
    expect(await onTerminal(long, 64, "cost-report")).toMatch(/^a-long-name-of-a-cluster .*UP +\$43\.92 +\$87\.84$/m)
    expect(await onTerminal(long, 40, "cost-report")).toMatch(/^a-long-na\S* +UP +\$87\.84$/m)
  })
})

it("what is torn down says what it has cost, before it goes", async () => {
  const answers: Answers = {
    ...clusters(),
    status: (_, reply) => reply.result({ clusters: [cluster("big", { resources: offer, id: "big", status: "STOPPED" })], notFound: [] }),
    ...report([up])
  }
  expect(await onTerminal(answers, 100, "down", "big")).toContain("disks included: big (STOPPED, $87.84)?")
})

it("money is in cents, and less than one is not nothing", () => {
  expect([0, 0.004_2, 0.000_01, 0.01, 12.345].map(dollars)).toEqual(["$0.00", "$0.0042", "<$0.0001", "$0.01", "$12.35"])
})

it("what is launched says what it costs, and how old the price is, before it is asked for", async () => {
  const spot = { ...offer, useSpot: true }
  const others = ["us-east-1b", "us-east-1c", "us-west-2a", "us-west-2b"].map((zone) => ({ ...spot, zone, usdPerHour: 27.5 }))
  const whole = { numNodes: 2, newCluster: true, enabled: true, considered: [spot], next: others, more: 3, mostUsdPerHour: 27.5 }
  const plan = { ...whole, offer: spot, notes: ["No enabled cloud has H100:3"] }
  const answers: Answers = { launch: (_, reply) => reply.result({ cluster: "big", jobId: null, handle: null, plan }) }
  const asked = ["launch", "-c", "big", "--gpus", "A100:8", "--num-nodes", "2"]
  const shown = await onTerminal(answers, 160, ...asked, "true")
  expect(shown).toMatch(/. 2 nodes . AWS us-east-1 . p4d\.24xlarge\[Spot\] \(96 vCPUs, 1152 GB, A100:8\) . \$43\.92 an hour/)
  expect(shown).toMatch(/\$43\.92 an hour \(price of 2026-07-20(, \d+ months? old)?\)\n/)
  expect(shown).toContain(
    "Then, if there is no capacity: us-east-1b, us-east-1c, us-west-2a, … 4 more (-a), up to $55.00 an hour for 2 nodes.\n"
  )
  expect(shown).toMatch(/No enabled cloud has H100:3\n.*Launch a new cluster 'big'\? \[Y\/n\]/)
  const all = await onTerminal(answers, 160, ...asked, "-a", "true")
  expect(all).toContain("Then, if there is no capacity, at up to $55.00 an hour for 2 nodes:\n")
  expect(all).toMatch(/AWS us-west-2b +p4d\.24xlarge\[Spot\] +96 +1152 +A100:8 +27\.50\n… 3 more\./)
  const piped = await run(answers, "launch", "-c", "big", "true")
  expect(piped).toMatchObject({ code: 2, out: "" })
  expect(piped.err).toMatch(/\$43\.92 an hour \(price of 2026-07-20[\s\S]*Say it beforehand: -y/)
})

it("what is started again says what that costs, and how old the price is", async () => {
  const stopped = (resources: object, name: string) => cluster(name, { resources, id: name, status: "STOPPED", numNodes: 2 })
  const answers = (...all: ReadonlyArray<object>): Answers => ({ status: (_, reply) => reply.result({ clusters: all, notFound: [] }) })
  const here = stopped({ ...offer, cloud: "local", instanceType: null, usdPerHour: 0, catalog: null }, "here")
  const shown = await onTerminal(answers(stopped(offer, "big"), here), 100, "start", "big", "here")
  expect(shown).toContain("Restart 2 clusters: big, here ($43.92 an hour, prices of 2026-07-20)? [Y/n]")
  expect(await onTerminal(answers(here), 100, "start", "here")).toContain("Restart 1 cluster: here? [Y/n]")
})
