/** What clusters have cost: a meter for each node that runs, by the price that was recorded when it was asked for. */
import { assert, describe, it } from "@effect/vitest"
import { HashMap } from "effect"
import fc from "fast-check"
import { rootDiskUsdPerHour } from "../../daemon/clouds/aws/disk.ts"
import { clusterView } from "../../daemon/queries/cluster-view.ts"
import { costsOf } from "../../daemon/queries/costs.ts"
import { machineWish } from "../../daemon/reactors/machine-wish.ts"
import * as World from "../../daemon/World.ts"
import { ClusterId, ClusterName, NodeId, NodeToken } from "../../events/ids.ts"
import type { Recorded } from "../../events/Recorded.ts"
import type { Offer } from "../../events/values.ts"
import { rowOf } from "../../projections/clusters.ts"
import { costs } from "../../projections/costs.ts"
import { machineNow } from "../../projections/machine-now.ts"
import { fold } from "../../projections/Projection.ts"
import { offAgain } from "../../projections/refusals.ts"
import {
  asked,
  cluster,
  created,
  worldOf as factsWorld,
  journal,
  asked as launchAsked,
  launchRequested,
  name,
  nodeId,
  offer,
  recorded,
  requested,
  type Said,
  token
} from "../fakes/facts.ts"
import { histories } from "../fakes/histories.ts"

const hourMs = 3_600_000
/** A fact, and the hour of its clock. */
type Timed = readonly [atHours: number, Said]

const timed = (facts: ReadonlyArray<Timed>): ReadonlyArray<Recorded> =>
  recorded(facts.map(([, said]) => said)).map((one, i) => ({ ...one, atMs: facts[i]![0] * hourMs }))
const worldOf = (facts: ReadonlyArray<Timed>) => timed(facts).reduce(World.apply, World.empty)
const reportAt = (facts: ReadonlyArray<Timed>, atHours: number) => costsOf(worldOf(facts), {}, atHours * hourMs)
const costOf = (facts: ReadonlyArray<Timed>, atHours: number) => reportAt(facts, atHours).costs[0]!

const priced: Offer = { ...offer, cloud: "aws", region: "us-east-1", instanceType: "m6i.large", usdPerHour: 2, catalog: "2026-07-20" }
const chosen = (numNodes = 1, place = priced): Said => ({ _tag: "PlaceChosen", cluster, offer: place, numNodes })
const wanted = (numNodes = 1, place = priced, under = token): Said => ({
  _tag: "NodeRequested",
  cluster,
  token: under,
  ranks: Array.from({ length: numNodes }, (_, rank) => rank),
  offer: place
})
const given = (rank = 0, under = token): Said => ({
  _tag: "NodeProvisioned",
  cluster,
  token: under,
  rank,
  node: NodeId.make(`${under}-${rank}`),
  address: "10.0.0.4"
})
const stopped = (rank = 0): Said => ({ _tag: "NodeStopped", cluster, rank, node: nodeId(rank), reason: null })
const starting = (rank = 0): Said => ({ _tag: "NodeStarting", cluster, rank, node: nodeId(rank) })
const startedAgain = (rank = 0): Said => ({ _tag: "NodeStarted", cluster, rank, node: nodeId(rank), address: "10.0.0.5" })
const released = (rank = 0): Said => ({ _tag: "NodeReleased", cluster, rank, node: nodeId(rank), reason: null })
const gone: Said = { _tag: "ClusterGone", cluster, name, reason: "asked" }
const fired = (observedAtMs: number): Said => ({
  _tag: "AutostopFired",
  cluster,
  entry: 1,
  observedAtMs,
  idleMinutes: 5,
  down: false,
  idleSinceMs: 0
})

/** From the first hour on, on machines for 2 $ an hour: what is asked for is there at once. */
const runs = (numNodes = 1): ReadonlyArray<Timed> => [
  [0, created],
  [0, requested("launch")],
  [0, launchRequested()],
  [0, chosen(numNodes)],
  [1, wanted(numNodes)],
  ...Array.from({ length: numNodes }, (_, rank) => [1, given(rank)] as const)
]

/** As a machine is adopted whose type no list has. */
const unlisted: Offer = { ...priced, instanceType: "m99.huge", cpus: 0, memoryGib: 0, usdPerHour: 0, catalog: null }

describe("a cluster", () => {
  it("costs an hour what nobody knows where no list has its type, and nothing on a machine of the user's own", () => {
    assert.isNull(costOf([...runs().slice(0, 3), [0, chosen(1, unlisted)]], 1).usdPerHour)
    assert.isNull(costOf([...runs().slice(0, 3), [0, chosen(1, unlisted)], [1, wanted(1, unlisted)], [1, given()]], 9).usdPerHour)
    assert.strictEqual(costOf([...runs().slice(0, 3), [0, chosen(1, offer)], [1, wanted(1, offer)], [1, given()]], 9).usdPerHour, 0)
  })
  it("has paid for a machine of a place that refused it and gave it all the same, from when that was asked to its end as a leak, once", () => {
    const [first, second] = ["01HZZZZZZZZZZZZZZZZZZZZZT7", "01HZZZZZZZZZZZZZZZZZZZZZT8"].map((id) => NodeToken.make(id)) as [
      NodeToken,
      NodeToken
    ]
    const refused: Said = { _tag: "NodeRefused", cluster, token: first, code: "NoCapacity", message: "no room" }
    const ended = (under: NodeToken, kind: "disk" | "machine" = "machine"): Said => {
      const about = { cluster, cloud: "aws", kind, id: "i-1", region: "us-east-1" } as const
      return { _tag: "LeakEnded", ...about, ...(kind === "machine" && { node: NodeId.make(`${under}-0`) }) }
    }
    const before: ReadonlyArray<Timed> = [
      [0, created],
      [0, requested("launch")],
      [0, launchRequested()],
      [0, chosen()],
      [1, wanted(1, { ...priced, usdPerHour: 5 }, first)],
      [2, refused],
      [2, wanted()],
      [2, given()]
    ]
    assert.strictEqual(costOf(before, 4).totalUsd, 4)
    assert.strictEqual(costOf([...before, [4, ended(second)], [4, ended(first, "disk")]], 4).totalUsd, 4)
    const live: ReadonlyArray<Timed> = [...before, [4, ended(first)], [4, ended(first)]]
    assert.strictEqual(costOf(live, 4).totalUsd, 4 + 15)
    assert.strictEqual(costOf(live, 5).totalUsd, 6 + 15)
    const over: ReadonlyArray<Timed> = [...before, [4, released()], [4, gone], [7, ended(first)], [7, ended(first)]]
    assert.deepInclude(costOf(over, 8), { totalUsd: 4 + 30, abandoned: 0 })
  })
  describe("that no place gave anything, and whose machine ran all the same until it was ended as a leak,", () => {
    const refused: Said = { _tag: "NodeRefused", cluster, token, code: "NoCapacity", message: "no room" }
    const ended: Said = { _tag: "LeakEnded", cluster, cloud: "aws", kind: "machine", id: "i-1", region: "us-east-1", node: nodeId(0) }
    const before: ReadonlyArray<Timed> = [...runs().slice(0, 5), [1, refused]]
    const second = NodeToken.make("01HZZZZZZZZZZZZZZZZZZZZZT8")
    const unanswered: ReadonlyArray<Timed> = [
      [1, wanted(1, priced, second)],
      [1, { _tag: "RequestAbandoned", cluster, token: second, ranks: [0], reason: "no answer" }]
    ]
    const nothingLeft: Said = { _tag: "NodeRefused", cluster, token: second, code: "NothingLeft", message: "all has ended" }
    const paid = { name, totalUsd: 10, abandoned: 0 }

    it("has paid for it, whether it was gone before or went after", () => {
      assert.deepInclude(costOf([...before, [1, gone], [6, ended]], 9), paid)
      assert.deepInclude(costOf([...before, [6, ended], [7, gone]], 9), paid)
    })
    it("has paid for it beside what was never answered for, in whatever order that is known", () => {
      const both: ReadonlyArray<Timed> = [...before, ...unanswered, [1, gone]]
      assert.deepInclude(costOf([...both, [6, ended], [7, nothingLeft]], 9), paid)
      assert.deepInclude(costOf([...both, [5, nothingLeft], [6, ended]], 9), paid)
    })
    it("is in no answer before it has, and has paid once where it was adopted meanwhile", () => {
      assert.deepStrictEqual(reportAt([...before, [1, gone]], 9).costs, [])
      const adopted: Said = { _tag: "ClusterAdopted", cluster, name, offer: priced, numNodes: 1 }
      assert.deepInclude(costOf([...before, [1, gone], [2, adopted], [6, ended], [7, gone], [8, ended]], 9), paid)
    })
    it("is in the sum of the older ones once many others have gone since, and is no longer waited for after as many like it", () => {
      const clusterOf = (i: number) => ClusterId.make(`01HZZZZZZZZZZZZZZZZZ${String(i).padStart(6, "0")}`)
      const others = (facts: ReadonlyArray<Timed>) =>
        Array.from({ length: 1000 }, (_, i) => facts.map(([at, said]): Timed => [at, { ...said, cluster: clusterOf(i) } as Said])).flat()
      const foldOf = (facts: ReadonlyArray<Timed>) => timed(facts).reduce(costs.apply, costs.empty)
      const ran = others([
        [6, created],
        [6, chosen()],
        [6, wanted()],
        [6, given()],
        [6, gone]
      ])
      const paidFor = foldOf([...before, [1, gone], [6, ended], ...ran])
      assert.deepStrictEqual([HashMap.size(paidFor.rows), paidFor.older], [1000, { clusters: 1, usd: 10 }])
      const alike = others([
        [1, created],
        [1, chosen()],
        [1, wanted()],
        [1, refused],
        [1, gone]
      ])
      assert.strictEqual(HashMap.size(foldOf([...before, [1, gone], ...alike, [6, ended]]).rows), 0)
    })
  })
  it("costs nothing before a machine is given, then what its nodes cost, up to now", () => {
    assert.deepInclude(costOf(runs().slice(0, 5), 9), {
      totalUsd: 0,
      durationMs: 0,
      usdPerHour: 2,
      runningUsdPerHour: 0,
      usageIntervals: []
    })
    const three = costOf(runs(3), 2.5)
    assert.deepInclude(three, { name, status: "INIT", totalUsd: 9, durationMs: 1.5 * hourMs, usdPerHour: 6, runningUsdPerHour: 6 })
    assert.deepStrictEqual(three.usageIntervals, [{ startedAtMs: hourMs, endedAtMs: null }])
  })

  it("costs from when its machines were asked for, whenever it is heard that there are any", () => {
    const heard: ReadonlyArray<Timed> = [...runs(2).slice(0, 5), [50, given(0)], [60, given(1)], [61, released(0)], [61, released(1)]]
    assert.deepInclude(costOf(heard.slice(0, 7), 60), { totalUsd: 2 * 2 * 59, durationMs: 59 * hourMs })
    assert.deepInclude(costOf(heard, 99), { totalUsd: 2 * 2 * 60, durationMs: 60 * hourMs })
    assert.deepStrictEqual(costOf(heard, 99).usageIntervals, [{ startedAtMs: hourMs, endedAtMs: 61 * hourMs }])
  })

  it("says what it was asked for and has not been answered yet, as status does, and no more once it is", () => {
    const shown = (facts: ReadonlyArray<Timed>) => {
      const { askedFor } = costOf(facts, 9)
      assert.deepStrictEqual(clusterView(rowOf(worldOf(facts).clusters, cluster)!, worldOf(facts).jobs, 9 * hourMs).askedFor, askedFor)
      return askedFor
    }
    assert.isUndefined(shown(runs(3).slice(0, 4)))
    assert.deepStrictEqual(shown(runs(3).slice(0, 5)), { machines: 3, usdPerHour: 6 })
    assert.deepStrictEqual(shown(runs(3).slice(0, 6)), { machines: 2, usdPerHour: 4 })
    assert.isUndefined(shown(runs(3)))
    const no: Said = { _tag: "NodeRefused", cluster, token, code: "Insufficient", message: "no room" }
    assert.isUndefined(shown([...runs(3).slice(0, 6), [3, no]]))
  })

  it("costs nothing for what was refused, however late, and asked for again", () => {
    const other = NodeToken.make("01HZZZZZZZZZZZZZZZZZZZZZT2")
    const third = NodeToken.make("01HZZZZZZZZZZZZZZZZZZZZZT3")
    const no: Said = { _tag: "NodeRefused", cluster, token, code: "Insufficient", message: "no room" }
    const alike = { ...(wanted(1, priced, third) as object), refusedAgain: other } as Said
    const facts: ReadonlyArray<Timed> = [
      ...runs().slice(0, 5),
      [20, no],
      [30, wanted(1, priced, other)],
      [40, alike],
      [41, given(0, third)]
    ]
    assert.deepInclude(costOf(facts.slice(0, 8), 40), { totalUsd: 0, durationMs: 0 })
    assert.deepInclude(costOf(facts, 42), { totalUsd: 4, durationMs: 2 * hourMs })
  })

  it("tells no time twice, where a machine was asked for before the last one had ended", () => {
    const other = NodeToken.make("01HZZZZZZZZZZZZZZZZZZZZZT2")
    const asking: ReadonlyArray<Timed> = [...runs(), [2, wanted(1, priced, other)], [4, released()]]
    const during = costOf([...asking, [5, given(0, other)]], 6)
    assert.deepInclude(during, { totalUsd: 6 + 8, durationMs: 5 * hourMs })
    assert.deepStrictEqual(during.usageIntervals, [
      { startedAtMs: hourMs, endedAtMs: 4 * hourMs },
      { startedAtMs: 4 * hourMs, endedAtMs: null }
    ])
    const again: ReadonlyArray<Timed> = [
      ...runs(),
      [2, stopped()],
      [3, wanted(1, priced, other)],
      [4, startedAgain()],
      [5, given(1, other)]
    ]
    assert.deepInclude(costOf(again, 6), { totalUsd: 2 + 4 + 6, durationMs: 4 * hourMs })
  })

  it("stop-03: the instances cost nothing from the stop on, and again from the start", () => {
    const off: ReadonlyArray<Timed> = [...runs(2), [2, stopped(0)], [3, stopped(1)]]
    assert.deepInclude(costOf(off, 50), { totalUsd: 6, durationMs: 2 * hourMs, usdPerHour: 4, runningUsdPerHour: 0 })
    const again: ReadonlyArray<Timed> = [...off, [10, starting(0)], [10, starting(1)], [10, startedAgain(0)], [10, startedAgain(1)]]
    assert.deepInclude(costOf(again, 11), { totalUsd: 10, durationMs: 3 * hourMs, runningUsdPerHour: 4 })
    assert.deepStrictEqual(costOf(again, 11).usageIntervals, [
      { startedAtMs: hourMs, endedAtMs: 3 * hourMs },
      { startedAtMs: 10 * hourMs, endedAtMs: null }
    ])
  })

  it("down-03: all billing stops with its end, and what it has cost stays known", () => {
    const over: ReadonlyArray<Timed> = [...runs(2), [2, released(0)], [3, released(1)], [3, gone]]
    assert.deepInclude(costOf(over, 1000), {
      status: null,
      goneAtMs: 3 * hourMs,
      numNodes: 2,
      totalUsd: 6,
      usdPerHour: 4,
      runningUsdPerHour: 0,
      abandoned: 0
    })
  })

  it("that was told to start and refused has cost nothing by that", () => {
    const refused: Said = { _tag: "NodeRefused", cluster, token, node: nodeId(0), code: "Insufficient", message: "no room" }
    const tries = [10, 20, 30].flatMap(
      (hour): ReadonlyArray<Timed> => [
        [hour, starting()],
        [hour + 5, refused]
      ]
    )
    const tried = costOf([...runs(), [2, stopped()], ...tries], 50)
    assert.deepInclude(tried, { totalUsd: 2, durationMs: hourMs, runningUsdPerHour: 0 })
    assert.lengthOf(tried.usageIntervals, 1)
  })

  it("that was started, ran, and was off again before its agent answered has cost what it ran", () => {
    const refused: Said = { _tag: "NodeRefused", cluster, token, node: nodeId(0), code: offAgain, message: "it is off again" }
    const tries = [10, 20, 30].flatMap(
      (hour): ReadonlyArray<Timed> => [
        [hour, starting()],
        [hour + 5, refused]
      ]
    )
    const tried = costOf([...runs(), [2, stopped()], ...tries], 50)
    assert.deepInclude(tried, { totalUsd: 32, durationMs: 16 * hourMs, runningUsdPerHour: 0 })
    assert.lengthOf(tried.usageIntervals, 4)
  })

  it("costs by node, where its nodes were had in several places, and by what was recorded, whatever lists say since", () => {
    const spot: Offer = { ...priced, zone: "us-east-1b", useSpot: true, usdPerHour: 0.5 }
    const other = NodeToken.make("01HZZZZZZZZZZZZZZZZZZZZZT2")
    const moved: ReadonlyArray<Timed> = [
      ...runs(),
      [2, released()],
      [2, chosen(1, spot)],
      [2, wanted(1, spot, other)],
      [3, given(0, other)],
      // Another price where it is launched on again: what runs was had for the old one.
      [4, chosen(1, priced)]
    ]
    assert.deepInclude(costOf(moved, 7), { totalUsd: 2 + 2.5, usdPerHour: 0.5, durationMs: 6 * hourMs })
  })

  it("that stopped by itself has cost up to then, whenever that was heard", () => {
    const slept: ReadonlyArray<Timed> = [...runs(2), [30, fired(3 * hourMs)], [30, stopped(0)], [31, stopped(1)]]
    assert.deepInclude(costOf(slept, 50), { totalUsd: 8, durationMs: 2 * hourMs })
    const again: ReadonlyArray<Timed> = [...slept, [40, startedAgain(0)], [40, startedAgain(1)], [41, fired(3 * hourMs)], [42, stopped(0)]]
    assert.deepInclude(costOf(again, 42), { totalUsd: 8 + 8 })
  })

  it("that stopped by itself has cost up to then, also where that is heard only once it runs again", () => {
    const heard: Timed = [41, { ...(fired(3 * hourMs) as object), past: true } as Said]
    const again: ReadonlyArray<Timed> = [
      ...runs(2),
      [30, stopped(0)],
      [31, stopped(1)],
      [40, startedAgain(0)],
      [40, startedAgain(1)],
      heard
    ]
    assert.deepInclude(costOf(again, 41), { totalUsd: 8 + 4, durationMs: 3 * hourMs })
    assert.deepInclude(costOf([...again, heard], 41), { totalUsd: 8 + 4, durationMs: 3 * hourMs })
  })

  it("whose machines ended earlier than that was seen has cost up to then, where the cloud says when", () => {
    const earlier = (said: Said, atHours: number) => ({ ...said, endedAtMs: atHours * hourMs }) as Said
    const seen: ReadonlyArray<Timed> = [...runs(2), [30, earlier(stopped(0), 3)], [31, earlier(released(1), 4)]]
    assert.deepInclude(costOf(seen, 50), { totalUsd: 4 + 6, durationMs: 3 * hourMs })
    // What is of a former run, or of a clock that goes wrong, says nothing of this one.
    assert.deepInclude(costOf([...runs(), [3, earlier(stopped(0), 0.5)]], 50), { totalUsd: 4 })
    assert.deepInclude(costOf([...runs(), [3, earlier(stopped(0), 9)]], 50), { totalUsd: 4 })
  })

  it("that was stopped without its cloud's word may cost more, and says so", () => {
    const unsure = { ...(stopped() as object), confirmed: false } as Said
    assert.deepInclude(costOf([...runs(), [3, unsure]], 50), { totalUsd: 4, abandoned: 1, runningUsdPerHour: 0 })
  })

  it("whose machine was given up on says that no more is known of it, where it is paid for", () => {
    const left: Said = { _tag: "NodeAbandoned", cluster, rank: 0, node: nodeId(0), reason: "no answer" }
    const unanswered: Said = { _tag: "RequestAbandoned", cluster, token, ranks: [0, 1], reason: "no answer" }
    assert.deepInclude(costOf([...runs(), [3, left], [3, gone]], 9), { totalUsd: 4, abandoned: 1, runningUsdPerHour: 0 })
    assert.deepInclude(costOf([...runs(2).slice(0, 5), [1, unanswered], [1, gone]], 9), { totalUsd: 0, abandoned: 2 })
    const here: ReadonlyArray<Timed> = [
      ...asked().map((said) => [0, said] as const),
      [1, wanted(1, offer)],
      [1, given()],
      [2, left],
      [2, gone]
    ]
    assert.deepInclude(costOf(here, 9), { totalUsd: 0, usdPerHour: 0, abandoned: 0, durationMs: hourMs })
  })

  describe("whose machines were given up on", () => {
    const dropped: Said = { _tag: "RequestAbandoned", cluster, token, ranks: [0, 1], reason: "no answer" }
    const left = (rank = 0): Said => ({ _tag: "NodeAbandoned", cluster, rank, node: nodeId(rank), reason: "no answer" })
    const adopted: Said = { _tag: "ClusterAdopted", cluster, name, offer: priced, numNodes: 2 }
    const ended: Said = {
      _tag: "LeakEnded",
      cluster,
      cloud: "aws",
      kind: "machine",
      id: "i-1",
      region: "us-east-1",
      node: nodeId(0)
    }

    it("has cost what they ran meanwhile too, once they are adopted, and no more is unknown", () => {
      const lost: ReadonlyArray<Timed> = [...runs(2).slice(0, 5), [2, dropped], [2, gone]]
      const back: ReadonlyArray<Timed> = [...lost, [10, adopted], [10, given(0)], [10, given(1)]]
      assert.deepInclude(costOf(lost, 11), { abandoned: 2, totalUsd: 0 })
      assert.deepInclude(costOf(back.slice(0, -1), 11), { abandoned: 1, totalUsd: 20 })
      assert.deepInclude(costOf(back, 11), { abandoned: 0, totalUsd: 2 * 20, durationMs: 10 * hourMs, runningUsdPerHour: 4 })
      const over = costOf([...back, [12, released(0)], [12, released(1)], [12, gone]], 50)
      assert.deepInclude(over, { abandoned: 0, totalUsd: 2 * 22, status: null })
      assert.deepStrictEqual(over.usageIntervals, [{ startedAtMs: hourMs, endedAtMs: 12 * hourMs }])
    })

    it("goes on where it was, as launched when it was, at the price that it was had for", () => {
      const dearer = { ...(adopted as object), offer: { ...priced, usdPerHour: 9 } } as Said
      const facts: ReadonlyArray<Timed> = [...runs(2), [3, left(0)], [4, released(1)], [4, gone], [10, dearer], [10, given(0)]]
      assert.deepInclude(costOf(facts, 11), { abandoned: 0, totalUsd: 2 * 10 + 2 * 3, launchedAtMs: 0, goneAtMs: null, status: "INIT" })
    })

    it("has cost what they ran up to when they were ended as leaks", () => {
      const facts: ReadonlyArray<Timed> = [...runs(2), [3, left(0)], [3, left(1)], [3, gone], [8, ended]]
      assert.deepInclude(costOf(facts, 99), { abandoned: 1, totalUsd: 2 * 4 + 2 * 5 })
      assert.deepInclude(costOf([...facts, [9, ended]], 99), { abandoned: 1, totalUsd: 2 * 4 + 2 * 5 })
    })

    it("has cost nothing more for what stood still when it was given up on", () => {
      const facts: ReadonlyArray<Timed> = [...runs(), [3, stopped()], [4, left()], [4, gone], [8, ended]]
      assert.deepInclude(costOf(facts.slice(0, -1), 99), { abandoned: 1, totalUsd: 4 })
      assert.deepInclude(costOf(facts, 99), { abandoned: 0, totalUsd: 4 })
    })

    it("knows of a machine that was given all the same, where the rest of what was asked for never was", () => {
      const one: Said = { _tag: "RequestAbandoned", cluster, token, ranks: [1], reason: "no answer" }
      const nothing: Said = { _tag: "NodeRefused", cluster, token, code: "NothingLeft", message: "all has ended" }
      const facts: ReadonlyArray<Timed> = [...runs(2).slice(0, 6), [3, left(0)], [3, one], [3, gone], [4, nothing]]
      assert.deepInclude(costOf(facts, 9), { abandoned: 1, totalUsd: 4 })
    })

    it("is counted by a clock that is put right meanwhile", () => {
      const year = 24 * 365
      const facts: ReadonlyArray<Timed> = [...runs(), [year + 3, left()], [year + 3, gone], [3.1, wanted(0)], [8, ended]]
      assert.closeTo(costOf(facts, 9).totalUsd, 14, 0.5)
    })
  })

  describe("whose log was written by a clock that took a step", () => {
    const yearHours = 24 * 365
    const off = (by: number, ...facts: ReadonlyArray<Timed>) => facts.map(([at, said]): Timed => [at + by, said])
    it.each([
      ["ended", [[3, released()] as const, [3, gone] as const]],
      ["stopped", [[3, stopped()] as const]]
    ])("has cost what it ran, when the clock was a year ahead for the moment in which it %s", (_, ending) => {
      const facts: ReadonlyArray<Timed> = [...runs(), [2.9, wanted(0)], ...off(yearHours, ...ending)]
      const after = costOf([...facts, [3.1, wanted(0)]], 50)
      assert.closeTo(after.totalUsd, 4, 0.5)
      assert.closeTo(after.durationMs, 2 * hourMs, hourMs / 4)
      assert.isBelow(after.usageIntervals[0]!.endedAtMs!, 4 * hourMs)
      // What was known before is known as it was.
      assert.closeTo(costOf(facts, 50).totalUsd, 2 * yearHours, 5)
    })
    it("has cost what it ran, when the clock was a year ahead for the moment in which it began", () => {
      const facts: ReadonlyArray<Timed> = [...runs().slice(0, -1), ...off(yearHours, [1, given()]), [1.1, wanted(0)]]
      assert.closeTo(costOf(facts, 3).totalUsd, 4, 0.5)
      assert.closeTo(costOf([...facts, [5, released()]], 50).totalUsd, 8, 0.5)
    })
    it("has cost what it ran, when the clock was a year behind for a moment", () => {
      const began: ReadonlyArray<Timed> = [...runs(), [2, stopped()], ...off(-yearHours, [4, starting()], [4.01, startedAgain()])]
      const since = off(yearHours, ...began)
      assert.closeTo(costOf([...since, [yearHours + 5, wanted(0)], [yearHours + 6, stopped()]], 3 * yearHours).totalUsd, 2 + 4, 4.1)
      const ended = off(yearHours, ...runs(), ...off(-yearHours, [4, stopped()]), [4.1, wanted(0)])
      assert.closeTo(costOf(ended, 3 * yearHours).totalUsd, 6, 6)
      const through = off(yearHours, ...runs(), [2, wanted(0)], ...off(-yearHours, [3, wanted(0)]), [3.1, wanted(0)], [4, stopped()])
      assert.closeTo(costOf(through, 3 * yearHours).totalUsd, 6, 2.2)
    })
    it("has cost what it ran since it was asked for, when the clock was a year ahead as it was", () => {
      const facts: ReadonlyArray<Timed> = [...runs().slice(0, 4), ...off(yearHours, [1, wanted()]), [1.1, wanted(0)], [3, given()]]
      assert.closeTo(costOf(facts, 4).totalUsd, 6, 0.5)
    })
    it("has cost what it ran, when a clock that was always an hour ahead is put right", () => {
      const busy = Array.from({ length: 10 }, (_, i): Timed => [1 + (i + 1) / 5, wanted(0)])
      const facts: ReadonlyArray<Timed> = [...off(1, ...runs(), ...busy), [3, stopped()]]
      assert.closeTo(costOf(facts, 50).totalUsd, 4, 0.1)
    })
    it("never costs more than by a clock that is right, but for what nobody can know: how long the wrong moment was", () => {
      const gap = fc.integer({ min: 1, max: 300 }).map((minutes) => minutes / 60)
      fc.assert(
        fc.property(
          fc.array(gap, { minLength: 8, maxLength: 16 }),
          fc.nat(),
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 24 * 30, max: yearHours }),
          (gaps, at, length, ahead) => {
            const turns = [stopped(), startedAgain(), stopped(), startedAgain()]
            const hours = gaps.map((_, i) => gaps.slice(0, i + 1).reduce((sum, wait) => sum + wait, 1))
            const real = [...runs(), ...hours.map((when, i): Timed => [when, turns[i % 4]!])]
            const end = hours.at(-1)! + 1
            const from = 6 + (at % (gaps.length - length - 1 > 0 ? gaps.length - length - 1 : 1))
            const wrong = real.map(([when, said], i): Timed => (i >= from && i < from + length ? [when + ahead, said] : [when, said]))
            const unsure = (real[from + length] ?? real.at(-1)!)[0] - real[from - 1]![0]
            const extra = costOf(wrong, end).totalUsd - costOf(real, end).totalUsd
            return Math.abs(extra) <= 2 * unsure + 0.01
          }
        ),
        { numRuns: 300 }
      )
    })
  })

  it("has nothing to pay for machines that it was not given, once that is known, and for those that it was from when they were asked for", () => {
    const dropped: Said = { _tag: "RequestAbandoned", cluster, token, ranks: [0, 1], reason: "no answer" }
    const left: Said = { _tag: "NodeRefused", cluster, token, code: "NothingLeft", message: "all has ended" }
    const other = NodeToken.make("01HZZZZZZZZZZZZZZZZZZZZZT2")
    const asking: ReadonlyArray<Timed> = [...runs(2).slice(0, 5), [1, dropped], [1, wanted(1, priced, other)], [1, given(0, other)]]
    assert.deepInclude(costOf(asking, 2), { abandoned: 2 })
    assert.deepInclude(costOf([...asking, [2, left]], 2), { abandoned: 0, totalUsd: 2 })
    assert.deepInclude(costOf([...asking, [2, released(0)], [2, left]], 2), { abandoned: 0, totalUsd: 2 + 2 })
    assert.lengthOf(reportAt([...runs(2).slice(0, 5), [1, dropped], [1, gone]], 2).costs, 1)
    assert.lengthOf(reportAt([...runs(2).slice(0, 5), [1, dropped], [1, gone], [2, left]], 2).costs, 0)
  })

  it("costs nothing by an import while it is stopped, and again once its agent answers", () => {
    const imported: Said = { _tag: "ClusterImported", cluster }
    const ready: Said = {
      _tag: "RuntimeReady",
      cluster,
      rank: 0,
      node: nodeId(0),
      journal: "01HZZZZZZZZZZZZZZZZZZZZZJ1" as never,
      build: "b"
    }
    const slept: ReadonlyArray<Timed> = [...runs(2), [2, stopped(0)], [10, imported]]
    assert.deepInclude(costOf(slept, 11), { totalUsd: 2 + 20, runningUsdPerHour: 2 })
    assert.deepInclude(costOf([...slept, [11, ready]], 12), { totalUsd: 2 + 22 + 2, runningUsdPerHour: 4 })
  })

  it("costs nothing less when the clock is put back", () => {
    const back: ReadonlyArray<Timed> = [...runs(), [0.5, stopped()], [0.6, startedAgain()]]
    assert.deepInclude(costOf(back, 1.6), { totalUsd: 2, durationMs: hourMs })
    assert.deepInclude(costOf(runs(), 0.2), { totalUsd: 0, durationMs: 0 })
  })

  it("that never had a machine is forgotten with its end", () => {
    assert.deepStrictEqual(reportAt([...runs().slice(0, 4), [1, gone]], 2).costs, [])
  })
})

describe("the report", () => {
  const named = (i: number, facts: ReadonlyArray<Timed>): ReadonlyArray<Recorded> => {
    const id = ClusterId.make(String(i).padStart(26, "0"))
    const of = (event: Recorded["event"]) =>
      ({
        ...event,
        ...("cluster" in event ? { cluster: id } : {}),
        ...("name" in event ? { name: ClusterName.make(`c-${i}`) } : {})
      }) as Recorded["event"]
    return timed(facts).map((one) => ({ ...one, stream: `cluster/${id}` as never, event: of(one.event) }))
  }
  const over: ReadonlyArray<Timed> = [...runs(), [2, released()], [2, gone]]

  it("has live clusters first, each kind newest first, and finds any by its name", () => {
    const later = over.map(([hour, said]) => [hour + 1, said] as const)
    const all = [...named(1, over), ...named(2, later), ...named(3, runs())].reduce(World.apply, World.empty)
    const report = (clusterNames?: ReadonlyArray<string>) => costsOf(all, { clusterNames: clusterNames ?? null }, 3 * hourMs)
    assert.deepStrictEqual(
      report().costs.map((cost) => cost.name),
      ["c-3", "c-2", "c-1"]
    )
    const { costs, notFound } = report(["c-1", "no-*", "[c]-3"])
    assert.deepStrictEqual([costs.map((cost) => cost.name), notFound], [["c-3", "c-1"], ["no-*"]])
  })

  it("keeps the last thousand that are gone, and of older ones their sum", () => {
    const log = Array.from({ length: 1003 }, (_, i) => named(i, over)).flat()
    const state = fold(costs, log)
    assert.strictEqual(HashMap.size(state.rows), 1000)
    assert.deepStrictEqual(state.older, { clusters: 3, usd: 6 })
    const { costs: kept } = costsOf({ ...World.empty, costs: state }, {}, 9 * hourMs)
    assert.isFalse(kept.some((cost) => ["c-0", "c-1", "c-2"].includes(cost.name)))
  })

  it("tells of one the last hundred times that it ran, and sums all of them", () => {
    const turns = Array.from(
      { length: 150 },
      (_, i): ReadonlyArray<Timed> => [
        [2 * i + 2, stopped()],
        [2 * i + 3, startedAgain()]
      ]
    ).flat()
    const cost = costOf([...runs(), ...turns], 302)
    assert.deepInclude(cost, { durationMs: 151 * hourMs, totalUsd: 302 })
    assert.lengthOf(cost.usageIntervals, 101)
  })

  it("counts nothing for a late answer of an agent whose node has stopped meanwhile", () => {
    const ready = { _tag: "RuntimeReady", cluster, rank: 0, node: nodeId(0), journal, build: "b" } as const
    assert.deepInclude(costOf([...runs(), [2, stopped()], [3, ready]], 10), { durationMs: hourMs, totalUsd: 2 })
  })

  it("meters just the nodes that the state says run, after any history", () => {
    fc.assert(
      fc.property(histories, (log) => {
        let world = World.empty
        for (const fact of log) {
          world = World.apply(world, fact)
          for (const row of HashMap.values(world.clusters.rows)) {
            const { meters } = [...HashMap.values(world.costs.rows)].find(({ id }) => id === row.id)!
            const metered = meters.filter(({ sinceMs }) => sinceMs !== null).map(({ node }) => node as string)
            const running = row.nodes.filter(({ state }) => state !== "stopped").map(({ node }) => node as string)
            // What was stopped when a log was imported is taken for running, and is not paid for before it is seen to be.
            const isImported = log.some(({ event, seq }) => event._tag === "ClusterImported" && seq <= world.at)
            if (isImported) assert.includeMembers(running, metered)
            else assert.deepStrictEqual(metered.sort(), running.sort())
          }
        }
      })
    )
  })
})

it("says what the machines of a cluster that is there were asked to be", () => {
  const machine = { diskGib: 100, ports: ["8080"] }
  const asked: Said = [{ _tag: "NodeRequested", cluster, token, ranks: [0], offer, machine }, "r-launch"]
  const gave: Said = [{ _tag: "NodeProvisioned", cluster, token, rank: 0, node: nodeId(0), address: "127.0.1.1" }, "r-launch"]
  const [cost] = costsOf(factsWorld([...launchAsked(), asked, gave]), {}, 9).costs
  assert.deepStrictEqual(cost?.launchedMachine, machine)
})

it("a disk that came larger than was asked for is what its machines have, in status, in its cost while it is off, and in the report", () => {
  const came = { ...(given() as object), diskGib: 500 } as Said
  const world = worldOf([
    [0, created],
    [0, chosen()],
    [0, wanted()],
    [0, came]
  ])
  const row = rowOf(world.clusters, cluster)!
  assert.deepStrictEqual(clusterView(row, world.jobs, 0).handle.launchedMachine, { diskGib: 500 })
  assert.deepStrictEqual(costsOf(world, {}, 0).costs[0]?.launchedMachine, { diskGib: 500 })
  assert.strictEqual(rootDiskUsdPerHour(machineNow(row)), rootDiskUsdPerHour({ diskGib: 500 }))
  assert.isAbove(rootDiskUsdPerHour(machineNow(row))!, rootDiskUsdPerHour({})!)
})

it("a machine for a lost one is asked to be what the others were asked to be, whatever disks these came with", () => {
  const came = { ...(given() as object), diskGib: 500 } as Said
  const facts: ReadonlyArray<Timed> = [
    [0, created],
    [0, chosen()],
    [0, wanted()],
    [0, came]
  ]
  const row = rowOf(worldOf(facts).clusters, cluster)!
  assert.deepStrictEqual(machineWish(row, row.offer!), {})
  const again: Timed = [1, { _tag: "NodeRequested", cluster, token, ranks: [1], offer: priced }]
  const shown = (...more: ReadonlyArray<Timed>) => {
    const { clusters, costs, jobs } = worldOf([...facts, ...more])
    const live = clusterView(rowOf(clusters, cluster)!, jobs, 0).handle.launchedMachine
    assert.deepStrictEqual(costsOf({ clusters, costs, jobs } as never, {}, 0).costs[0]?.launchedMachine, live)
    return live
  }
  assert.deepStrictEqual(shown(again), { diskGib: 500 }, "they have them while another is asked for")
  const lost: Timed = [1, { _tag: "NodeReleased", cluster, rank: 0, node: nodeId(0), reason: "deleted" }]
  assert.strictEqual(shown(lost, again), undefined, "where none is left nothing is known of the next")
})

it("a cluster that is gone is told with the machines that it had: their disk, image, labels and what was opened later", () => {
  const clone = { cloud: "aws", region: null, cluster, clusterName: name, node: nodeId(0), host: null, gib: 99 }
  const machine = { diskGib: 99, diskTier: "high", images: { "us-east-1": "ami-1" }, labels: { team: "red" }, ports: ["80"] }
  const facts: ReadonlyArray<Timed> = [
    [0, created],
    [0, chosen()],
    [0, { _tag: "NodeRequested", cluster, token, ranks: [0], offer: priced, machine: { ...machine, clone } }],
    [0, given()],
    [1, { _tag: "PortsOpened", cluster, ports: ["8080"] }],
    [2, { _tag: "ClusterGone", cluster, name, reason: "asked" }]
  ]
  const opened = { ...machine, ports: ["80", "8080"] }
  assert.deepInclude(costOf(facts, 3), { status: null, launchedMachine: opened })
  const live = worldOf(facts.slice(0, -1))
  const handle = clusterView(rowOf(live.clusters, cluster)!, live.jobs, 0).handle.launchedMachine
  assert.deepStrictEqual(costOf(facts.slice(0, -1), 3).launchedMachine, handle)
})
