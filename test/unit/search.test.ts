/** The search for a first place: what is done next, what a refusal reaches, and what people read of it. */
import { assert, describe, it } from "@effect/vitest"
import { HashMap, Option } from "effect"
import * as fc from "fast-check"
import { openPlaces, placesOf } from "../../daemon/optimizer/blocks.ts"
import { unavailable } from "../../daemon/places/unavailable.ts"
import { progressOf } from "../../daemon/queries/progress.ts"
import { plan } from "../../daemon/reactors/plan.ts"
import { apply, empty } from "../../daemon/World.ts"
import { NodeId, NodeToken } from "../../events/ids.ts"
import type { Offer } from "../../events/values.ts"
import type { Refusal } from "../../projections/ClusterRow.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import { recordError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { asked, cluster, nodeId, offer, provisioned, recorded, requested, rowAfter, type Said, token, up, worldOf } from "../fakes/facts.ts"

const at = (zone: string, changes: Partial<Offer> = {}): Offer => ({
  ...offer,
  cloud: "aws",
  region: zone.slice(0, -1),
  zone,
  instanceType: "p3.2xlarge",
  usdPerHour: 3.06,
  ...changes
})
const long =
  "We currently do not have sufficient p3.2xlarge capacity in the Availability Zone you requested (us-east-1a). Our system will be working on it."
const refusal = (place: Offer, changes: Partial<Refusal> = {}): Refusal => ({
  offer: place,
  code: "InsufficientInstanceCapacity",
  message: long,
  scope: "zone",
  anyKind: false,
  want: "room",
  owner: null,
  ...changes
})

const launching = (changes = {}): ReadonlyArray<Said> => [...asked({ numNodes: 2, ...changes }), chosen(at("us-east-1a"))]
const chosen = (place: Offer): Said => [{ _tag: "PlaceChosen", cluster, offer: place, numNodes: 2 }, "r-launch"]
const asking = (place = at("us-east-1a"), ranks = [0, 1]): Said => [
  { _tag: "NodeRequested", cluster, token, ranks, offer: place },
  "r-launch"
]
const saysNo = (more = {}): Said => [
  { _tag: "NodeRefused", cluster, token, code: "InsufficientInstanceCapacity", message: long, want: "room", ...more },
  "r-launch"
]
const next = (facts: ReadonlyArray<Said>) => plan(rowAfter(facts)!, worldOf(facts).jobs)

describe("the plan after a refusal", () => {
  it("is the next place, whether or not the user waits it out", () => {
    for (const retryUntilUp of [false, true])
      assert.deepStrictEqual(next([...launching({ retryUntilUp }), asking(), saysNo()]), { _tag: "NextPlace", tried: 1 })
  })
  it("is to ask the place that was chosen next", () => {
    assert.deepStrictEqual(next([...launching(), asking(), saysNo(), chosen(at("us-east-1b"))]), { _tag: "RequestNodes", ranks: [0, 1] })
  })
  it("is first to release what the place gave", () => {
    const half = [...launching(), ...provisioned(1), asking(at("us-east-1a"), [1]), saysNo()]
    assert.deepStrictEqual(next(half), { _tag: "ClearPlace", ranks: [0] })
    const released: Said = { _tag: "NodeReleased", cluster, rank: 0, node: nodeId(0), reason: null }
    assert.deepStrictEqual(next([...half, released]), { _tag: "NextPlace", tried: 1 })
  })
  it("is the end when the wish itself is wrong, also for who waits it out", () => {
    const wrong = [...launching({ retryUntilUp: true }), asking(), saysNo({ scope: "everywhere" })]
    assert.deepStrictEqual(next(wrong), { _tag: "GiveUpPlace" })
  })
  it("is carried out with what is known of all regions that were asked, whatever is wanted since: something may be left there", () => {
    const [far, down]: ReadonlyArray<Said> = [
      chosen(at("us-west-2a")),
      [{ _tag: "DownRequested", cluster, purge: false, lastUse: "sky down" }, "r-down"]
    ]
    const asks = [...launching(), asking(), saysNo(), chosen(at("us-east-1b")), asking(at("us-east-1b")), saysNo(), far!]
    const regions = [
      { cloud: "aws", region: "us-east-1", owner: null, isLeft: false },
      { cloud: "aws", region: "us-west-2", owner: null, isLeft: false }
    ]
    assert.deepStrictEqual(rowAfter([...asks, asking(at("us-west-2a")), down!])!.asked, regions)
    assert.deepStrictEqual(rowAfter([...asks, down!])!.asked, regions.slice(0, 1))
  })
  it("knows of a region in a cloud that the search left only that something may still be there, where that was said", () => {
    const there = at("us-central1-a", { cloud: "gcp", region: "us-central1" })
    const leaving = (...left: ReadonlyArray<Said>) =>
      rowAfter([...launching(), asking(), saysNo(), ...left, chosen(there), asking(there)])!.asked.map(({ cloud, isLeft }) => [
        cloud,
        isLeft
      ])
    assert.deepStrictEqual(leaving(), [["gcp", false]])
    assert.deepStrictEqual(leaving({ _tag: "RestLeft", cluster, cloud: "aws", message: "not now" }), [
      ["aws", true],
      ["gcp", false]
    ])
  })
  it("is to wait, and then all places again, when none is left and the user waits it out", () => {
    const waits: Said = [{ _tag: "PlacesExhausted", cluster, round: 1, message: "1 gave nothing", retryAtMs: 99_000 }, "r-launch"]
    const facts = [...launching({ retryUntilUp: true }), asking(), saysNo(), waits]
    assert.deepStrictEqual(next(facts), { _tag: "NextRound", atMs: 99_000 })
    assert.deepInclude(rowAfter(facts)!, { refusals: [], rounds: 1 })
    assert.deepInclude(conditionOf(rowAfter(facts)!), { status: "INIT", reason: "all places are asked again soon: 1 gave nothing" })
    const { retryAtMs } = rowAfter(facts)!.waiting!
    const at = (nowMs: number) => conditionOf(rowAfter(facts)!, nowMs).reason
    assert.strictEqual(at(retryAtMs - 32_500), "all places are asked again in 33 s: 1 gave nothing")
    assert.strictEqual(at(retryAtMs + 1), "all places are asked again now: 1 gave nothing")
  })
  it("is the same where what refused as in the round before is told by the request that follows, or by the end of the round", () => {
    const [first, second] = [NodeToken.make(`${token.slice(0, -1)}2`), NodeToken.make(`${token.slice(0, -1)}3`)]
    const [a, b] = [at("us-east-1a"), at("us-east-1b")]
    const ends = (more = {}): Said => [
      { _tag: "PlacesExhausted", cluster, round: 1, message: "2 gave nothing", retryAtMs: 99_000, ...more },
      "r-launch"
    ]
    const asks = (offer: Offer, own: NodeToken, more = {}): Said => [
      { _tag: "NodeRequested", cluster, token: own, ranks: [0, 1], offer, ...more },
      "r-launch"
    ]
    const round = [...launching({ retryUntilUp: true }), asking(), saysNo(), chosen(b), asking(b), saysNo(), ends()]
    const again = [...round, asks(a, first), asks(b, second, { refusedAgain: first })]
    assert.deepStrictEqual(next(again), { _tag: "Provision", token: second })
    const row = rowAfter(again)!
    assert.deepInclude(row, { offer: b, waiting: null, rounds: 1 })
    assert.deepStrictEqual(
      row.pending.map((one) => one.token),
      [second]
    )
    assert.deepStrictEqual(
      row.refusals.map(({ code, offer }) => [offer.zone, code]),
      [["us-east-1a", "InsufficientInstanceCapacity"]]
    )
    const over = [...again, ends({ round: 2, refusedAgain: second })]
    assert.deepStrictEqual(next(over), { _tag: "NextRound", atMs: 99_000 })
    assert.lengthOf(rowAfter(over)!.refusedBefore, 2)
    const costs = [again, over].map((facts) => Option.getOrThrow(HashMap.get(worldOf(facts).costs.rows, cluster)).asked.length)
    assert.deepStrictEqual(costs, [1, 0])
  })
  it("start-03: is no other place for a start, nor for a cluster that was up once, nor for one whose nodes are stopped", () => {
    const start: Said = [
      { _tag: "StartRequested", cluster, idleMinutes: null, down: false, force: false, retryUntilUp: false, lastUse: "" },
      "r-start"
    ]
    const cancelled: Said = [{ _tag: "OperationCancelled", reason: "", by: null }, "r-launch"]
    assert.deepStrictEqual(next([...launching(), cancelled, requested("start"), start, asking(), saysNo()]), { _tag: "GiveUpPlace" })
    const lost: Said = { _tag: "NodeReleased", cluster, rank: 1, node: nodeId(1), reason: null }
    const again = [...up(2), lost, ...launching().slice(1, 3), asking(at("us-east-1a"), [1]), saysNo()]
    assert.deepStrictEqual(next(again), { _tag: "GiveUpPlace" })
    const stopped: Said = { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null }
    const half = [...launching(), ...provisioned(1), stopped, asking(at("us-east-1a"), [1]), saysNo()]
    assert.deepStrictEqual(next(half), { _tag: "GiveUpPlace" })
  })
  it("is bounded: a row keeps one refusal of each place, however often it refuses", () => {
    const row = rowAfter([...launching(), asking(), saysNo(), asking(), saysNo(), asking(), saysNo()])!
    assert.lengthOf(row.refusals, 1)
    assert.strictEqual(row.refused?.times, 3)
  })
  it("comes to an end where alternatives are put into machines of one type", () => {
    const kinds = ["V100", "T4"].map((name) => at("us-central1-a", { cloud: "gcp", accelerators: { name, count: 1 } }))
    const facts = kinds.flatMap((place) => [chosen(place), asking(place), saysNo()])
    assert.deepStrictEqual(openPlaces(kinds, rowAfter([...launching(), ...facts])!.refusals), [])
  })
})

describe("what a refusal reaches", () => {
  const [a, b, west] = [at("us-east-1a"), at("us-east-1b"), at("us-west-2a")]
  const central = at("us-central1-a", { cloud: "gcp", region: "us-central1" })
  const left = (changes: Partial<Refusal>, places = [a, b, west, central]) =>
    openPlaces(places, [refusal(a, changes)]).map(({ zone }) => zone)
  it("is its zone, its region, its cloud or all there is", () => {
    assert.deepStrictEqual(left({}), ["us-east-1b", "us-west-2a", "us-central1-a"])
    assert.deepStrictEqual(left({ scope: "region" }), ["us-west-2a", "us-central1-a"])
    assert.deepStrictEqual(left({ scope: "cloud" }), ["us-central1-a"])
    assert.deepStrictEqual(left({ scope: "everywhere" }), [])
  })
  it("is one kind of machine, on demand or spot apart, unless it is of the place as such", () => {
    const others = [
      at("us-east-1a", { useSpot: true }),
      at("us-east-1a", { instanceType: "g5.xlarge" }),
      at("us-east-1a", { accelerators: { name: "T4", count: 1 } })
    ]
    for (const scope of ["zone", "region", "cloud"] as const) {
      assert.deepStrictEqual(openPlaces(others, [refusal(a, { scope })]), others)
      assert.deepStrictEqual(openPlaces(others, [refusal(a, { scope, anyKind: true })]), [])
    }
  })
  it("is a pool of machines, which has no zones", () => {
    const [rack, shelf] = ["rack", "shelf"].map((region) => at("x", { cloud: "ssh", region, zone: null, instanceType: null }))
    assert.deepStrictEqual(openPlaces([rack!, shelf!], [refusal(rack!)]), [shelf!])
  })
  it("is never chosen again, and the order of the others stays", () => {
    const place = fc.record({ zone: fc.constantFrom("r-1a", "r-1b", "r-2a"), cloud: fc.constantFrom("aws", "gcp"), useSpot: fc.boolean() })
    const refusals = fc.array(fc.tuple(fc.nat(9), fc.constantFrom("zone", "region", "cloud"), fc.boolean()), { maxLength: 5 })
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 10 }), refusals, (some, nos) => {
        const places = some.map(({ zone, ...rest }) => at(zone, rest))
        const made = nos.map(([i, scope, anyKind]) => refusal(places[i % places.length]!, { scope, anyKind } as Partial<Refusal>))
        const open = openPlaces(places, made)
        const isSame = (x: Offer, y: Offer) => x.cloud === y.cloud && x.zone === y.zone && x.useSpot === y.useSpot
        assert.isFalse(open.some((one) => made.some((no) => isSame(no.offer, one))))
        assert.deepStrictEqual(
          open,
          places.filter((one) => open.includes(one))
        )
        // One by one or all together.
        assert.deepStrictEqual(
          made.reduce((rest, no) => openPlaces(rest, [no]), places as ReadonlyArray<Offer>),
          open
        )
      })
    )
  })
  it("a region that is asked as a whole is asked zone by zone, a cloud without zones as it is", () => {
    const whole = { ...a, zone: null }
    assert.deepStrictEqual(
      placesOf([
        { offer: whole, zones: ["us-east-1a", "us-east-1b"] },
        { offer: central, zones: ["us-central1-a"] }
      ]),
      [a, b, central]
    )
    assert.deepStrictEqual(placesOf([{ offer: whole, zones: [] }]), [whole])
  })
})

describe("the error when no place gave it", () => {
  const row = (refusals: ReadonlyArray<Refusal>) => ({ ...rowAfter(launching())!, refusals, refused: null })
  const many = Array.from({ length: 1000 }, (_, i) => refusal(at(`region-${i >> 2}a`), { message: "ü".repeat(1024) }))
  it("says why in short, a line for each reason with the first places that gave it; each in its own words stands in the history", () => {
    const quota = refusal(at("us-west-2a"), { code: "VcpuLimitExceeded", message: `${long} vCPU limit`, want: "quota" })
    const { failoverHistory, message, hint } = unavailable(
      row([...["a", "b", "c", "d"].map((zone) => refusal(at(`us-east-1${zone}`))), quota]),
      false
    )
    assert.strictEqual(
      message,
      [
        "train: no place gave what was asked for:",
        "AWS us-east-1a, us-east-1b, us-east-1c and 1 more: no capacity (InsufficientInstanceCapacity)",
        "AWS us-west-2a: no quota (VcpuLimitExceeded)"
      ].join("\n  ")
    )
    assert.lengthOf(failoverHistory, 5)
    assert.deepStrictEqual(failoverHistory[0], { tag: "InsufficientInstanceCapacity", message: long, place: "AWS us-east-1a" })
    assert.include(hint, "--retry-until-up")
    assert.match(hint ?? "", / Each of the 5 attempts: sky why train$/)
  })
  it("has one line for one reason, though each zone's words name the zone", () => {
    const none = (zone: string) =>
      refusal(
        { ...at(zone), cloud: "gcp", region: "us-central1" },
        { code: "Odd", want: null, message: `it will not (Odd), insert in ${zone}` }
      )
    const { message } = unavailable(row(["a", "b", "c", "f"].map((letter) => none(`us-central1-${letter}`))), false)
    assert.strictEqual(
      message.split("\n  ").slice(1).join(),
      "GCP us-central1-a, us-central1-b, us-central1-c and 1 more: it will not (Odd), insert in us-central1-a"
    )
  })
  it("has one line for one reason, though each region's words name the region", () => {
    const none = (region: string) =>
      refusal(
        { ...at(`${region}a`), region },
        { code: "InvalidVpcID.NotFound", scope: "region", anyKind: true, want: null, message: `${region} has no VPC of the name 'lab'` }
      )
    const { message } = unavailable(row(["us-east-2", "eu-west-1", "ap-south-1", "us-west-2"].map(none)), false)
    assert.strictEqual(
      message.split("\n  ").slice(1).join(),
      "AWS us-east-2, eu-west-1, ap-south-1 and 1 more: us-east-2 has no VPC of the name 'lab'"
    )
  })
  it("names all that a refusal reaches", () => {
    const told = (changes: Partial<Refusal>) => unavailable(row([refusal(at("us-east-1a"), { message: "no", ...changes })]), false).message
    assert.match(told({}), /: AWS us-east-1a: no$/)
    assert.match(told({ scope: "region" }), /: AWS us-east-1: no$/)
    assert.match(told({ scope: "cloud" }), /: AWS: no$/)
  })
  it("names the quota and how much there is of it, where the cloud does", () => {
    const message = `Quota 'NVIDIA_T4_GPUS' exceeded.  Limit: 1.0 in region us-central1 (QUOTA_EXCEEDED), insert in us-central1-a, ${long}`
    const { message: said } = unavailable(
      row([refusal({ ...at("us-central1-a"), cloud: "gcp" }, { code: "QUOTA_EXCEEDED", message, want: "quota" })]),
      false
    )
    assert.include(said, "GCP us-central1-a: no quota (QUOTA_EXCEEDED: NVIDIA_T4_GPUS has a limit of 1)")
  })
  it("points to what helps", () => {
    const hint = (changes: Partial<Refusal>) => unavailable(row([refusal(at("us-east-1a"), changes)]), false).hint
    assert.include(hint({ want: "quota" }), "more quota")
    assert.notInclude(hint({ want: "quota" }), "sky check")
    // By what was said of it before, and not by a refusal.
    assert.include(hint({ want: "quota", code: "NoQuota" }), "Granted a moment ago? It is looked at anew after: sky check aws")
    const rights = { code: "UnauthorizedOperation", scope: "cloud", anyKind: true } as const
    assert.include(hint(rights), "sky check aws")
    const code = (...all: ReadonlyArray<Partial<Refusal>>) =>
      unavailable(row(all.map((changes) => refusal(at("us-east-1a"), changes))), false).exitCode
    assert.strictEqual(code(rights), exitCodes.credentials)
    assert.strictEqual(code({ code: "VPC_NOT_FOUND", scope: "cloud", anyKind: true, want: "mending" }), exitCodes.failed)
    assert.strictEqual(code({ code: "InvalidParameterValue", scope: "everywhere", want: null }), exitCodes.usage)
    const region = { code: "OptInRequired", scope: "region", anyKind: true, want: null } as const
    assert.strictEqual(code(region, { ...rights, want: null }), exitCodes.failed)
    assert.strictEqual(code(region, { scope: "zone", want: "room" }), exitCodes.capacity)
    assert.strictEqual(code({ scope: "region", want: "quota" }), exitCodes.capacity)
    const unknown = { code: "SomethingNew", message: "it will not", scope: "zone", want: null } as const
    assert.strictEqual(code(unknown), exitCodes.failed)
    assert.notMatch(hint(unknown) ?? "", /retry-until-up|try again later|less/)
    assert.include(hint(unknown), "waiting may be of no help")
    assert.strictEqual(code(unknown, { ...unknown, want: "room" }), exitCodes.capacity)
    assert.strictEqual(code(unknown, { code: "NoAnswer", want: "answer" }), exitCodes.capacity)
    assert.strictEqual(code(unknown, region), exitCodes.failed)
    const start = { ...row([]), offer: at("us-east-1a"), refused: { ...unknown, times: 1, credentials: null } }
    assert.deepInclude(unavailable(start, true), { exitCode: exitCodes.failed })
    assert.notInclude(unavailable(start, true).hint, "retry-until-up")
    const stopped = {
      ...row([]),
      offer: at("us-east-1a"),
      refused: { code: "UnauthorizedOperation", message: "no", scope: "cloud", want: null, credentials: null, times: 1 } as const
    }
    assert.deepInclude(unavailable(stopped, true), { exitCode: exitCodes.credentials })
    assert.include(unavailable(stopped, true).hint, "sky check aws. To end it")
    assert.include(unavailable(row([]), false).hint, "sky check")
    assert.include(hint({ code: "DefaultVpcDoesNotExist", scope: "region", anyKind: true, want: null }), "name a region where it is not so")
    assert.include(hint({ code: "InvalidAMIID.NotFound", scope: "region", want: null }), "name a region where it is not so")
    assert.include(hint({ code: "InvalidParameterValue", scope: "everywhere" }), "Mend that first")
    assert.include(hint({ want: "mending", scope: "region" }), "Mend that first")
    assert.include(hint({ code: "Client.UserInitiatedShutdown", scope: "everywhere", anyKind: true }), "Launch again when that is settled")
    const image = { code: "IMAGE_NOT_FOUND", scope: "cloud", want: null } as const
    assert.strictEqual(hint(image), "Mend that first: neither less nor later is of any help.")
    assert.strictEqual(code(image), exitCodes.usage)
    const ofRegion = { code: "InvalidAMIID.NotFound", scope: "region", want: null } as const
    assert.strictEqual(code(ofRegion), exitCodes.usage)
    assert.strictEqual(code(ofRegion, image), exitCodes.usage)
    assert.strictEqual(code(ofRegion, { scope: "zone", want: "room" }), exitCodes.capacity)
    assert.include(hint({ code: "REGION_RESOURCE_POOL_EXHAUSTED", scope: "region", want: "room" }), "or try again later")
    assert.include(hint({ want: "answer" }), "What may still come of what was asked for")
    const notReady = { code: "RESOURCE_NOT_READY", message: "its network is not ready", scope: "zone", want: "time" } as const
    assert.strictEqual(hint(notReady), "Wait it out with sky launch --retry-until-up, or try again later, or in another place.")
    assert.strictEqual(code(notReady), exitCodes.capacity)
    assert.include(unavailable(row([refusal(at("us-east-1a"), notReady)]), false).message, "us-east-1a: its network is not ready")
    const kept = unavailable({ ...start, refused: { ...notReady, times: 1, credentials: null } }, true)
    assert.deepInclude(kept, { exitCode: exitCodes.capacity })
    assert.include(kept.hint, "sky start --retry-until-up")
  })
  it("tells of a place that gives nothing of any kind in its cloud's words, and to wait, for less is of no help", () => {
    const verifying = `Your request for accessing resources in this region is being validated. ${long}`
    const unverified = { code: "PendingVerification", message: verifying, scope: "region", anyKind: true, want: "room" } as const
    const error = unavailable(row([refusal(at("us-east-1a"), unverified)]), false)
    assert.include(error.message, "AWS us-east-1: Your request for accessing resources in this region is being validated")
    assert.match(error.hint ?? "", /^Wait it out with sky launch --retry-until-up, /)
    assert.notInclude(`${error.message} ${error.hint}`, "no capacity")
    assert.strictEqual(error.exitCode, exitCodes.capacity)
  })
  it("guesses at nothing by a code: what its cloud does not say of a refusal is told in the cloud's words", () => {
    const told = refusal(at("us-east-1a"), { code: "SomeLimitOfCapacityExceeded", want: null })
    assert.include(unavailable(row([told]), false).message, long.replace(/\.$/, ""))
  })
  it("fits a fact, however many there were, and says how many more", () => {
    const error = unavailable(row(many), false)
    assert.isBelow(Buffer.byteLength(JSON.stringify(recordError(error))), 200 * 1024)
    assert.strictEqual(error.failoverHistory.length + (error.more ?? 0), 1000)
  })
  it("the last of thousands of places is still asked, and what is kept of the others is little", () => {
    const kinds = Array.from({ length: 3000 }, (_, i) => at("us-east-1a", { instanceType: `m${i}` }))
    const facts = kinds
      .slice(0, -1)
      .flatMap(
        (place): ReadonlyArray<Said> => [
          [{ _tag: "PlacePassedOver", cluster, offer: place, code: "NoQuota", message: long.repeat(20) }, "r-launch"]
        ]
      )
    const { refusals } = rowAfter([...launching(), ...facts])!
    assert.deepStrictEqual(openPlaces(kinds, refusals), kinds.slice(-1))
    assert.isBelow(JSON.stringify(refusals).length, 2_000_000)
  })
})

describe("what is told to who waits", () => {
  const linesOf = (facts: ReadonlyArray<Said>) => {
    let world = empty
    return recorded(facts).flatMap((one) => {
      world = apply(world, one)
      const progress = progressOf(one, world, "train")
      return progress?.phase === "provision" ? [`${progress.state} ${progress.detail}`] : []
    })
  }
  it("is each refusal with its place, and where it came to be, with its price", () => {
    const place = at("us-east-1b", { usdPerHour: 4 })
    const given = [0, 1].map(
      (rank): Said => [{ _tag: "NodeProvisioned", cluster, token, rank, node: nodeId(rank), address: "1.2.3.4" }, "r-launch"]
    )
    assert.deepStrictEqual(linesOf([...launching(), asking(), saysNo(), chosen(place), asking(place), ...given]), [
      "running 2 nodes on AWS us-east-1a",
      "failed AWS us-east-1a: no capacity (InsufficientInstanceCapacity)",
      "running 2 nodes on AWS us-east-1b",
      "done 2 nodes on AWS us-east-1b, $8.00 an hour"
    ])
  })
  it("is no failure of a place that lacks what is asked, and was never asked itself", () => {
    const passed = (code: string): Said => [
      { _tag: "PlacePassedOver", cluster, offer: at("us-east-1a", { useSpot: true }), code, message: "it cannot be stopped" },
      "r-launch"
    ]
    const [first] = linesOf([...launching().slice(0, -1), passed("NotSupportedError")])
    assert.strictEqual(first, "running passed over (spot): AWS us-east-1a: it cannot be stopped")
    assert.match(linesOf([...launching().slice(0, -1), passed("NoQuota")])[0]!, /^failed /)
  })
  /** Whoever follows hears of facts that were recorded together with the state after the last of them. */
  const told = (before: ReadonlyArray<Said>, group: ReadonlyArray<Said>) => {
    const world = worldOf([...before, ...group])
    return recorded([...before, ...group])
      .slice(before.length)
      .flatMap((one) => progressOf(one, world, "train")?.detail ?? [])
  }
  const gives = (rank: number, under = token): Said => [
    { _tag: "NodeProvisioned", cluster, token: under, rank, node: NodeId.make(`${under}-${rank}`), address: "1.2.3.4" },
    "r-launch"
  ]
  it("is nothing of nodes that are there where others of the gang are not", () => {
    const before = [...launching(), asking()]
    assert.deepStrictEqual(told(before, [gives(0), saysNo()]), ["AWS us-east-1a: no capacity (InsufficientInstanceCapacity)"])
    assert.deepStrictEqual(told(before, [gives(0), gives(1)]), ["2 nodes"])
  })
  it("is a node in place of another, whichever it is", () => {
    const other = NodeToken.make(`${token.slice(0, -1)}2`)
    const lost: Said = { _tag: "NodeReleased", cluster, rank: 0, node: nodeId(0), reason: null }
    const again: Said = [{ _tag: "NodeRequested", cluster, token: other, ranks: [0], offer }, "r-launch"]
    assert.deepStrictEqual(told([...up(2), lost, ...launching().slice(1, 3)], [again]), ["1 of 2 nodes on local"])
    assert.deepStrictEqual(told([...up(2), lost, ...launching().slice(1, 3), again], [gives(0, other)]), ["1 of 2 nodes"])
  })
  it("is nodes that were started, whichever they are", () => {
    const stopped: Said = { _tag: "NodeStopped", cluster, rank: 0, node: nodeId(0), reason: null }
    const started: Said = [{ _tag: "NodeStarted", cluster, rank: 0, node: nodeId(0), address: "1.2.3.4" }, "r-launch"]
    assert.deepStrictEqual(told([...up(2), stopped, ...launching().slice(1, 3)], [started]), ["1 node started"])
  })
  it("is when all are asked again", () => {
    const waits: Said = [{ _tag: "PlacesExhausted", cluster, round: 1, message: "6 gave nothing", retryAtMs: 40_000 }, "r-launch"]
    assert.deepStrictEqual(
      linesOf([...launching({ retryUntilUp: true }), asking(), saysNo(), waits]).at(-1),
      "failed 6 gave nothing; all are asked again in 32 s"
    )
  })
})
