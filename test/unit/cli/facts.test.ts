/** What `why` says of a launch that failed, and facts in words. */
import { beforeAll, describe, expect, it } from "vitest"
import { eventLine } from "../../../cli/render/facts.ts"
import type { Recorded } from "../../../events/Recorded.ts"
import { nothingLeft, refusalText } from "../../../projections/refusals.ts"
import { cluster, clusters } from "./answers.ts"
import { fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky } from "./sky.ts"

const fact = (seq: number, event: object, operation: string | null = "o") => ({ seq, atMs: 0, operation, event })
const asked = fact(1, { _tag: "OperationRequested", method: "launch", argv: ["launch", "x"] })
const launch = fact(2, { _tag: "LaunchRequested", numNodes: 1, task: {} })
const setup = fact(3, {
  _tag: "SetupEnded",
  returnCodes: [3],
  failedRank: 0,
  reason: "exit 3 on rank 0",
  lastLines: ["\tone", "two \x1b[2J"]
})
const failed = fact(4, {
  _tag: "OperationFailed",
  error: { message: "setup failed: exit 3 on rank 0.", fields: { detailedReason: "one\ntwo" } }
})
const line = (told: object) => eventLine(told as Recorded).replace(/\d\d:\d\d:\d\d/, "TIME")

describe("the fact that a setup failed", () => {
  it("says its exit code once, and its last lines one by one", () => {
    expect(line(setup)).toBe(`    3  TIME  setup ended: exit 3 on rank 0\n${" ".repeat(19)} one\n${" ".repeat(19)}two `)
  })

  it("leaves nothing to be said again by the failure of its launch", () => {
    expect(line(failed)).toBe("    4  TIME  failed: setup failed: exit 3 on rank 0.")
  })
})

it("a failure of several reasons tells each on a line of its own", () => {
  const several = fact(4, { _tag: "OperationFailed", error: { message: "No place:\n  AWS: no room\x1b[2J\n  GCP: no quota" } })
  const under = " ".repeat(19)
  expect(line(several)).toBe(`    4  TIME  failed: No place:\n${under}  AWS: no room\n${under}  GCP: no quota`)
})

it("the fact that a machine ended says since when, where that was seen later, and that of a place the day of its price", () => {
  const stopped = { _tag: "NodeStopped", rank: 1, reason: "spot" }
  expect(line(fact(6, stopped))).toBe("    6  TIME  node 1 stopped: spot")
  expect(line(fact(6, { ...stopped, endedAtMs: Date.parse("2026-11-26T03:00:00") }))).toBe(
    "    6  TIME  node 1 stopped since 2026-11-26 03:00:00: spot"
  )
  const offer = { cloud: "aws", region: "us-east-1", zone: null, instanceType: "p4d.24xlarge", usdPerHour: 21.96, catalog: "2026-07-20" }
  expect(line(fact(7, { _tag: "PlaceChosen", numNodes: 2, offer }))).toMatch(/\$21\.96 an hour each \(price of 2026-07-20\)$/)
  const unlisted = { ...offer, instanceType: "m99.huge", usdPerHour: 0, catalog: null }
  expect(line(fact(8, { _tag: "ClusterAdopted", name: "c", numNodes: 1, offer: unlisted }))).toMatch(/1x AWS us-east-1, price not known$/)
})

it("what failed is told in words, and when it is tried again only while that lies ahead", () => {
  const soon = Date.now() + 60_000
  const of = (action: string, retryAtMs: number) =>
    line(fact(9, { _tag: "ActionFailed", action, message: "no route", retryAtMs })).slice(13)
  expect(of("InstallAgents", 1)).toBe("installing the runtime failed: no route")
  expect(of("ReleaseNodes", soon)).toMatch(/^releasing its nodes failed: no route; again at \d\d:\d\d:\d\d$/)
  expect(of("WhatOnceWas", 1)).toBe("WhatOnceWas failed: no route")
  const exhausted = (retryAtMs: number) => line(fact(9, { _tag: "PlacesExhausted", message: "no room", retryAtMs })).slice(13)
  expect(exhausted(1)).toBe("no place gave it: no room")
  expect(exhausted(soon)).toContain("; all are asked again at ")
})

it("what was asked for says what is open to everybody and what its disk is a copy of; a start says where nobody here asked for it", () => {
  const offer = { cloud: "aws", region: "us-east-1", zone: "us-east-1a", instanceType: "m6i.large", usdPerHour: 0.1, catalog: null }
  const asked = (machine: object, more = {}) =>
    line(fact(9, { _tag: "NodeRequested", ranks: [0], offer: { ...offer, ...more }, machine })).slice(13)
  expect(asked({})).toBe("asked AWS us-east-1a for 1 node")
  expect(asked({ ports: ["8080"] })).toBe("asked AWS us-east-1a for 1 node, port 8080 open to everybody")
  const clone = { clusterName: "old", gib: 30 }
  const copied = "asked AWS us-east-1a for 1 node, its disk of"
  expect(asked({ clone })).toBe(`${copied} 256 GiB a copy of old's, of 30`)
  expect(asked({ clone, diskGib: 30 })).toBe(`${copied} 30 GiB a copy of old's`)
  expect(asked({ ports: ["8080"] }, { instanceType: null }), "a machine of the user's own").not.toContain("8080")
  const starting = (operation: string | null) => line(fact(9, { _tag: "NodeStarting", rank: 0 }, operation)).slice(13)
  expect(starting("o")).toBe("node 0 is being started")
  expect(starting(null)).toBe("node 0 is being started, by nobody here")
})

it("a place is called in facts as in errors", () => {
  const offer = { cloud: "aws", region: "us-east-1", zone: "us-east-1a", instanceType: null, usdPerHour: 0, catalog: null }
  const called = (place: object) => line(fact(7, { _tag: "PlaceChosen", numNodes: 1, offer: { ...offer, ...place } })).slice(24, -6)
  expect(called({})).toBe(refusalText({ offer, code: "Busy", message: "no" } as never).slice(0, -4))
  expect(called({})).toBe("AWS us-east-1a")
  expect(called({ cloud: "ssh", region: "rack", zone: null })).toBe("ssh/rack")
  expect(called({ cloud: "local", region: null, zone: null })).toBe("local")
})

it("a place that was passed over is called by all that its refusal reaches, as in the error", () => {
  const offer = { cloud: "aws", region: "us-east-1", zone: "us-east-1a", instanceType: "p4d.24xlarge" }
  const passedOver = (scope: object) =>
    line(fact(7, { _tag: "PlacePassedOver", offer, code: "NoQuota", message: "none", ...scope })).slice(13)
  expect(passedOver({})).toBe('passed over: AWS us-east-1a, NoQuota, "none"')
  expect(passedOver({ scope: "region" })).toBe('passed over: AWS us-east-1, NoQuota, "none"')
  expect(passedOver({ scope: "cloud" })).toBe('passed over: AWS, NoQuota, "none"')
})

it("what was refused is told apart: machines, the start of one, and the end of what a purge gave up on", () => {
  const token = "01HZZZZZZZZZZZZZZZZZZZZZT1"
  const refused = (more: object) => line(fact(7, { _tag: "NodeRefused", token, code: "NoRoom", message: "none left", ...more })).slice(13)
  expect(refused({})).toBe('refused: NoRoom, "none left"')
  expect(refused({ scope: "region" })).toBe('refused in all of its region: NoRoom, "none left"')
  expect(refused({ node: `${token}-1` })).toBe('the start of node 1 was refused: NoRoom, "none left"')
  expect(refused({ code: nothingLeft, message: "all has ended" })).toBe("nothing is left: all has ended")
})

it("the fact that a job ended says its exit codes once", () => {
  const ended = { _tag: "JobEnded", job: 2, status: "FAILED", returnCodes: [3], reason: "exit 3 on rank 0" }
  expect(line(fact(5, ended))).toBe("    5  TIME  job 2 FAILED: exit 3 on rank 0")
  expect(line(fact(5, { ...ended, status: "SUCCEEDED", returnCodes: [0], reason: null }))).toBe("    5  TIME  job 2 SUCCEEDED (exit 0)")
})

it("the fact that a node has an autostop setting is true of a cancelled one too", () => {
  expect(line(fact(6, { _tag: "AutostopArmed", setting: 5 }))).toBe("    6  TIME  the autostop setting has reached the node")
})

describe("why", () => {
  let dist: string
  beforeAll(async () => {
    dist = await bundle()
  })
  const why = async (...events: ReadonlyArray<object>) => {
    await using daemon = await fakeDaemon({ ...clusters("c"), events: (_, reply) => reply.result({ events }) })
    return (await sky(dist, daemon.home, ["why", "c"])).out.split("\n")
  }

  it("says of a cluster that is UP that its last launch failed, and how", async () => {
    expect((await why(asked, launch, setup, failed)).slice(0, 2)).toEqual([
      "c is UP.",
      "Its last launch failed: setup failed: exit 3 on rank 0."
    ])
  })

  it("says that its last launch was cancelled", async () => {
    const cancelled = fact(4, { _tag: "OperationCancelled", reason: "superseded by sky stop c", by: null })
    expect((await why(asked, launch, cancelled))[1]).toBe("Its last launch was cancelled: superseded by sky stop c.")
  })

  it("says what the first job waits for", async () => {
    const job = { cluster: "c", id: 2, status: "PENDING", reason: "the head does not reach node 1 (no route)" }
    await using daemon = await fakeDaemon({
      status: (_, reply) => reply.result({ clusters: [cluster("c", { jobs: { pending: 2, running: 0 } })], notFound: [] }),
      events: (_, reply) => reply.result({ events: [asked, launch] }),
      queue: (_, reply) => reply.result({ jobs: [{ ...job, id: 3, reason: "behind job 2" }, job], clusters: ["c"], notFound: [] })
    })
    expect((await sky(dist, daemon.home, ["why", "c"])).out).toContain(`c is UP.\nIts job 2 is PENDING: ${job.reason}.\n`)
  })

  it("says nothing of a failure that a later launch mended", async () => {
    const mended = fact(6, { _tag: "LaunchRequested", numNodes: 1, task: {} }, "p")
    expect((await why(asked, launch, setup, failed, mended)).join()).not.toContain("Its last")
  })
})
