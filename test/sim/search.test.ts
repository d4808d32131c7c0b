/** A new cluster whose place gives nothing: where it goes on, in which order, what it leaves behind, and what is said. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Exit } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { PlacesExhausted } from "../../events/launch.ts"
import type { Offer } from "../../events/values.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import type { Plan } from "../../sdk/protocol/launch.ts"
import { boot } from "./SimDaemon.ts"
import { asked, checkSearch, noRoom, places, recordedIn, refused, roomIn, search, spot, told, zones } from "./search.ts"
import { check, makeWorld, pass, settle, started } from "./world.ts"

const named = { clusterName: "a" }
const launch = { ...named, task: { run: "1 0", num_nodes: 2 } }
const retrying = { ...launch, retryUntilUp: true }

describe("a new cluster whose place has no room", () => {
  it.effect("goes on zone by zone, region by region and cloud by cloud, in the order of the plan, until it is up", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-west-2a")
        yield* ask("l", "launch", launch)
        assert.deepStrictEqual(asked(disk), zones)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.strictEqual(statusOf(row()!), "UP")
        assert.deepStrictEqual(row()!.offer, places.at(-1))
        assert.lengthOf([...world.machines], 2)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("launch-47: is told of each zone's refusal, in order, when none has; the record is gone and the name free", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => noRoom
        yield* ask("l", "launch", launch)
        const history = places.map(({ cloud, zone }) => ({
          tag: "InsufficientInstanceCapacity",
          message: "We have none: InsufficientInstanceCapacity.",
          place: `${cloud.toUpperCase()} ${zone}`
        }))
        assert.deepNestedInclude(outcome("l"), {
          _tag: "failed",
          "error.tag": "ResourcesUnavailableError",
          "error.exitCode": 7,
          "error.fields": { failoverHistory: history, noFailover: false }
        })
        assert.include(
          JSON.stringify(outcome("l")),
          String.raw`asked for:\n  GCP us-central1-a, us-central1-b: We have none: InsufficientInstanceCapacity\n  AWS us-east-1a, us-east-1b, us-east-1c and 1 more: We`
        )
        assert.isUndefined(row())
        check(daemon, world, disk)
      })
    )
  )
  it.effect(
    "leaves out what a refusal reaches: a region, or a cloud; and no other kind of machine, unless it is of the place as such",
    () =>
      Effect.forEach(
        [
          [refused("VcpuLimitExceeded", "region"), ["us-central1-a", "us-east-1a", "us-west-2a", "us-east-1a", "us-west-2a"]],
          [refused("UnauthorizedOperation", "cloud", true), ["us-central1-a", "us-east-1a"]]
        ] as const,
        ([error, expected]) => {
          const other = places.filter(({ cloud }) => cloud === "aws").map((one) => ({ ...one, instanceType: "p4", usdPerHour: 9 }))
          return search(
            ({ ask, disk, world }) =>
              Effect.gen(function* () {
                world.lackAt = () => error
                yield* ask("l", "launch", launch)
                assert.deepStrictEqual(asked(disk), expected)
              }),
            [...places, ...other]
          )
        },
        { discard: true }
      )
  )
  it.effect("goes on to on-demand machines where spot machines are all taken, in the very zones", () =>
    search(
      ({ ask, disk, row, world }) =>
        Effect.gen(function* () {
          world.lackAt = ({ useSpot }) => (useSpot ? refused("MaxSpotInstanceCountExceeded", "region") : null)
          yield* ask("l", "launch", { ...launch, down: true })
          assert.deepStrictEqual(asked(disk), ["us-east-1a", "us-central1-a"])
          assert.isFalse(row()!.offer!.useSpot)
        }),
      [...spot, ...places]
    )
  )
  it.effect("runs nothing of a launch that waited meanwhile and asks for another place than it found", () =>
    search(
      ({ ask, daemon, outcome, row, send, world }) =>
        Effect.gen(function* () {
          world.lackAt = ({ useSpot }) => (useSpot ? noRoom : null)
          world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("5 seconds") : Effect.void)
          const wishing = (useSpot: boolean) => ({ ...named, task: { run: "1 0", resources: { use_spot: useSpot } } })
          const either = { any_of: [{ use_spot: true }, { use_spot: false }] }
          yield* send("one", "launch", { ...named, task: { ...launch.task, resources: either } })
          yield* pass(daemon, "1 seconds")
          yield* send("spot", "launch", wishing(true))
          yield* pass(daemon, "11 seconds")
          yield* ask("demand", "launch", wishing(false))
          yield* settle(daemon, 8)
          assert.isFalse(row()!.offer!.useSpot)
          for (const id of ["one", "demand"]) assert.deepInclude(outcome(id), { _tag: "succeeded" })
          assert.deepNestedInclude(outcome("spot"), { _tag: "failed", "error.tag": "ResourcesMismatchError" })
          assert.strictEqual(statusOf(row()!), "UP")
        }),
      [...spot, ...places]
    )
  )
  it.effect("ends at once when the wish itself is wrong, also for who waits it out", () =>
    search(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => refused("InvalidParameterValue", "everywhere")
        yield* ask("l", "launch", retrying)
        assert.deepStrictEqual(asked(disk), zones.slice(0, 1))
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "ResourcesUnavailableError" })
        assert.isUndefined(row())
      })
    )
  )
  it.effect("says in its status what was refused and where it asks now", () =>
    search(({ daemon, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-east-1a")
        world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("5 seconds") : Effect.void)
        yield* send("l", "launch", launch)
        yield* pass(daemon, "6 seconds")
        assert.deepInclude(conditionOf(row()!), {
          status: "INIT",
          phase: "provision",
          reason:
            "waiting for 2 nodes from GCP us-central1-b, after 1 refusal: GCP us-central1-a: We have none: InsufficientInstanceCapacity"
        })
        world.at = () => Effect.void
        yield* settle(daemon, 8)
        assert.deepStrictEqual(row()!.refusals, [], "kept for a cluster that is up")
      })
    )
  )
})

describe("a cloud that cannot be used any more", () => {
  it.effect("is said beside what was refused before; who waits it out is told why nothing is asked, until it can be used again", () =>
    Effect.forEach(
      [false, true],
      (retryUntilUp) =>
        search(({ ask, daemon, disk, outcome, row, world }) =>
          Effect.gen(function* () {
            world.lackAt = () => {
              world.whyNot = "the token has expired"
              return noRoom
            }
            yield* ask("l", "launch", { ...launch, retryUntilUp })
            assert.deepStrictEqual(asked(disk), zones.slice(0, 1))
            if (!retryUntilUp) {
              const { error } = outcome("l") as { readonly error: { readonly message: string } }
              assert.match(error.message, /: GCP us-central1-a: We have none: \w+\. GCP is not enabled any more: the token has expired$/)
              return
            }
            yield* pass(daemon, "1 minutes")
            assert.include(conditionOf(row()!).reason, "GCP is not enabled any more: the token has expired")
            world.whyNot = null
            world.lackAt = () => null
            yield* settle(daemon, 100)
            assert.strictEqual(statusOf(row()!), "UP")
          })
        ),
      { discard: true }
    )
  )
})

describe("a cloud that does not say what it has", () => {
  it.effect("is not waited for for ever: the launch ends, and says what it was at", () =>
    search(({ daemon, outcome, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => {
          world.offersAre = Effect.never
          return noRoom
        }
        yield* send("l", "launch", launch)
        for (let tries = 0; tries < 12; tries++) yield* pass(daemon, "1 minutes")
        yield* settle(daemon, 8)
        assert.include(
          JSON.stringify(outcome("l")),
          "a: looking for another place failed: a cloud did not answer 'offers' within 2 minutes"
        )
        yield* send("d", "down", named)
        yield* settle(daemon, 8)
      })
    )
  )
})

describe("a quota that is known to be zero", () => {
  it.effect("passes over its region unasked, and is in the history", () =>
    search(({ ask, daemon, disk, outcome, world }) =>
      Effect.gen(function* () {
        world.noQuotaAt = ({ region }: Offer) => (region === "us-east-1" ? "the quota for P instances is 0 in us-east-1" : null)
        world.lackAt = () => noRoom
        yield* ask("l", "launch", launch)
        assert.deepStrictEqual(asked(disk), ["us-central1-a", "us-central1-b", "us-west-2a"])
        assert.include(JSON.stringify(outcome("l")), '"tag":"NoQuota","message":"the quota for P instances is 0 in us-east-1"')
        check(daemon, world, disk)
      })
    )
  )
  it.effect("in all of its cloud is told once, in a dry run and by a launch, which asks no other region there", () =>
    search(({ ask, daemon, disk, outcome, world }) =>
      Effect.gen(function* () {
        let questions = 0
        world.noQuotaAt = ({ cloud }: Offer) => {
          if (cloud === "gcp") questions++
          return cloud === "gcp" ? { message: "the quota of GPUs is 0", scope: "cloud" } : null
        }
        const found = (yield* daemon.send("launch", "dry", { ...launch, dryrun: true })) as Exit.Success<{
          readonly result: { plan: Plan }
        }>
        assert.include(found.value.result.plan.notes, "Left out, for the account has no quota there: GCP.")
        questions = 0
        world.lackAt = () => noRoom
        yield* ask("l", "launch", launch)
        assert.deepStrictEqual(asked(disk), ["us-east-1a", "us-east-1b", "us-east-1c", "us-west-2a"])
        assert.strictEqual(questions, 1)
        assert.include(JSON.stringify(outcome("l")), "GCP: the quota of GPUs is 0")
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is left out of a dry run, which says so; where there is none anywhere it is told as a launch tells it", () =>
    search(({ daemon, disk, world }) =>
      Effect.gen(function* () {
        const dry = (id: string) => daemon.send("launch", id, { ...launch, dryrun: true })
        world.noQuotaAt = ({ cloud, region }: Offer) => (cloud === "gcp" || region === "us-west-2" ? `the quota is 0 in ${region}` : null)
        const found = (yield* dry("one")) as Exit.Success<{ readonly result: { readonly plan: Plan } }>
        const { plan } = found.value.result
        assert.deepStrictEqual(
          [plan.offer, ...plan.next].map(({ zone }) => zone),
          ["us-east-1a", "us-east-1b", "us-east-1c"]
        )
        assert.include(plan.notes, "Left out, for the account has no quota there: GCP us-central1, AWS us-west-2.")
        world.noQuotaAt = () => "the quota is 0"
        const refusal = JSON.stringify(yield* dry("other"))
        assert.include(refusal, "ResourcesUnavailableError")
        assert.include(refusal, "Ask the cloud for more quota, or for other machines or regions.")
        assert.deepStrictEqual(asked(disk), [])
      })
    )
  )
  it.effect("is not taken from a question that fails or hangs: the place is asked", () =>
    Effect.forEach(
      [Effect.fail(noRoom), Effect.never, Effect.die("broken")],
      (answer) =>
        search(({ daemon, row, send, world }) =>
          Effect.gen(function* () {
            world.noQuotaAt = () => answer
            yield* send("l", "launch", launch)
            yield* pass(daemon, "5 seconds")
            yield* settle(daemon, 8)
            assert.strictEqual(statusOf(row()!), "UP")
          })
        ),
      { discard: true }
    )
  )
})

describe("a place that is not to be asked", () => {
  it.effect("launch-47: is passed over, at the first choice and later, and stands in the history before the refusals", () =>
    search(
      ({ ask, disk, outcome, world }) =>
        Effect.gen(function* () {
          world.lackAt = () => noRoom
          yield* ask("l", "launch", { ...launch, idleMinutesToAutostop: 5 })
          assert.deepStrictEqual(asked(disk), zones)
          const failed = outcome("l") as { error: { fields: { failoverHistory: ReadonlyArray<{ tag: string }> } } }
          assert.deepStrictEqual(
            failed.error.fields.failoverHistory.map(({ tag }) => tag),
            ["NotSupportedError", ...zones.map(() => "InsufficientInstanceCapacity")]
          )
        }),
      [...spot, ...places],
      ({ useSpot }) => useSpot
    )
  )
  it.effect("autostop is armed where the cluster came to be, if it can be stopped there, and only there", () =>
    search(
      ({ ask, disk, row, world }) =>
        Effect.gen(function* () {
          world.lackAt = roomIn("us-east-1a")
          yield* ask("l", "launch", { ...launch, idleMinutesToAutostop: 5, down: true })
          assert.isTrue(row()!.offer!.useSpot)
          assert.deepStrictEqual(
            told(disk, "AutostopSet").map(({ down, idleMinutes }) => [idleMinutes, down]),
            [
              [5, false],
              [-1, false],
              [5, true]
            ]
          )
        }),
      [...places.slice(0, 1), ...spot.map((one) => ({ ...one, usdPerHour: 5 }))]
    )
  )
})

describe("a place that a task must not get", () => {
  const blocked = [{ region: "us-central1" }, { zone: "us-east-1b" }]
  const isClosed = ({ region, zone }: Offer) => region === "us-central1" || zone === "us-east-1b"
  it.effect("task-22: is neither the first nor a later one", () =>
    search(
      ({ ask, disk, outcome, row, world }) =>
        Effect.gen(function* () {
          world.lackAt = roomIn("us-west-2a")
          yield* ask("l", "launch", { ...launch, blocked })
          assert.deepStrictEqual(asked(disk), ["us-east-1a", "us-east-1c", "us-west-2a"])
          assert.deepInclude(outcome("l"), { _tag: "succeeded" })
          assert.strictEqual(row()!.offer!.zone, "us-west-2a")
        }),
      places,
      isClosed
    )
  )
  it.effect("is not taken where there is no other: nothing begins", () =>
    search(({ ask, disk, row }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...launch, blocked: [{ cloud: "gcp" }, { cloud: "aws" }] })
        assert.isUndefined(row())
        assert.deepStrictEqual(asked(disk), [])
      })
    )
  )
})

describe("autostop of a task's alternatives", () => {
  const settings = [
    { cloud: "gcp", autostop: 10 },
    { cloud: "aws", autostop: { idle_minutes: 20, down: true } }
  ]
  const either = { ...named, task: { run: "1 0", resources: { any_of: settings } } }
  const set = (disk: MemoryDisk) => told(disk, "AutostopSet").map(({ down, idleMinutes }) => [idleMinutes, down])
  it.effect("is that of the place where the cluster came to be", () =>
    search(({ ask, disk, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-east-1b")
        yield* ask("l", "launch", either)
        assert.deepStrictEqual(set(disk), [
          [10, false],
          [20, false],
          [20, true]
        ])
      })
    )
  )
  it.effect("yields to what the launch itself said, wherever it went", () =>
    search(({ ask, disk, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-east-1b")
        yield* ask("l", "launch", { ...either, idleMinutesToAutostop: 10 })
        assert.deepStrictEqual(set(disk), [
          [10, false],
          [10, true]
        ])
      })
    )
  )
  it.effect("is not set over what was set meanwhile", () =>
    search(({ daemon, disk, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-east-1a")
        world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("5 seconds") : Effect.void)
        yield* send("l", "launch", { ...launch, idleMinutesToAutostop: 10 })
        yield* pass(daemon, "1 seconds")
        yield* send("again", "launch", { ...launch, idleMinutesToAutostop: 30 })
        yield* settle(daemon, 8)
        assert.deepStrictEqual(set(disk), [
          [10, false],
          [30, false]
        ])
        assert.strictEqual(row()!.autostop!.idleMinutes, 30)
      })
    )
  )
})

describe("who waits for a cluster that is looking for its place", () => {
  it.effect("is refused when it comes to be where it lacks what was asked for, and leaves no autostop behind", () =>
    search(
      ({ daemon, disk, outcome, row, send, world }) =>
        Effect.gen(function* () {
          world.lackAt = ({ useSpot }) => (useSpot ? null : noRoom)
          world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("5 seconds") : Effect.void)
          yield* send("l", "launch", launch)
          yield* pass(daemon, "1 seconds")
          yield* send("stops", "launch", { ...launch, idleMinutesToAutostop: 5 })
          yield* send("goes", "launch", { ...launch, idleMinutesToAutostop: 7, down: true })
          yield* settle(daemon, 8)
          assert.isTrue(row()!.offer!.useSpot)
          for (const id of ["l", "goes"]) assert.deepInclude(outcome(id), { _tag: "succeeded" })
          assert.deepNestedInclude(outcome("stops"), { _tag: "failed", "error.tag": "NotSupportedError" })
          assert.deepStrictEqual(
            told(disk, "AutostopSet").map(({ down, idleMinutes }) => [idleMinutes, down]),
            [
              [5, false],
              [7, false],
              [-1, false],
              [7, true]
            ]
          )
        }),
      [...places.slice(0, 1), ...spot.map((one) => ({ ...one, usdPerHour: 5 }))]
    )
  )
})

describe("a place that has no answer, or not now", () => {
  const busy = new CloudError({ kind: "Transient", code: "ServiceUnavailable", message: "ask later" })
  const busyIn = ({ zone }: Offer) => (zone === zones[0] ? busy : null)
  const passed = (disk: MemoryDisk) => told(disk, "PlacePassedOver").map(({ code, message, offer }) => [offer.zone, code, message])
  it.effect("is waited for a minute, then the next one is asked; that it was passed over is a fact, with the cloud's words", () =>
    search(({ daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = busyIn
        yield* send("l", "launch", launch)
        yield* settle(daemon, 50)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.deepStrictEqual(passed(disk), [[zones[0]!, "NoAnswer", "ask later"]])
        assert.strictEqual(row()!.offer!.zone, zones[1]!)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("and gave all the same: what it gave is ended, and the cluster is in one place only", () =>
    search(({ daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        world.lostAt = busyIn
        yield* send("l", "launch", launch)
        yield* settle(daemon, 50)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.lengthOf(told(disk, "NodeReleased"), 2)
        assert.strictEqual(statusOf(row()!), "UP")
        assert.lengthOf([...world.machines], 2)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("and gave all the same, and the cluster is gone before that is known: it is ended", () =>
    search(({ daemon, disk, send, world }) =>
      Effect.gen(function* () {
        world.lostAt = busyIn
        yield* send("l", "launch", launch)
        while (passed(disk).length === 0) yield* pass(daemon, "2 seconds")
        yield* send("d", "down", named)
        yield* settle(daemon, 50)
        assert.lengthOf([...world.machines], 0)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is asked again in the next round by who waits it out", () =>
    search(({ daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = (offer) => busyIn(offer) ?? noRoom
        yield* send("l", "launch", retrying)
        while (told(disk, "PlacesExhausted").length === 0) yield* pass(daemon, "2 seconds")
        assert.deepStrictEqual(asked(disk), zones)
        world.lackAt = roomIn(zones[0]!)
        yield* settle(daemon, 50)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.strictEqual(row()!.offer!.zone, zones[0]!)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is not found by asking all of them: the launch fails in the cloud's words, with each place in its history", () =>
    search(({ daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => busy
        yield* send("l", "launch", launch)
        yield* settle(daemon, 50)
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "ResourcesUnavailableError", "error.exitCode": 7 })
        assert.include(JSON.stringify(outcome("l")), "us-central1-b: ask later")
        assert.deepStrictEqual(asked(disk), zones)
        assert.isUndefined(row())
        check(daemon, world, disk)
      })
    )
  )
  it.effect("holds up nobody whose cluster is bound to it: who waits it out is asked there on", () =>
    search(({ ask, daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const lost = [...world.machines.keys()].find((node) => node.endsWith("-1"))!
        world.machines.get(lost)!.agent.die()
        world.machines.delete(lost)
        yield* settle(daemon, 8)
        world.lackAt = () => busy
        yield* send("again", "launch", retrying)
        yield* pass(daemon, "5 minutes")
        world.lackAt = () => null
        yield* settle(daemon, 50)
        assert.deepInclude(outcome("again"), { _tag: "succeeded" })
        assert.deepStrictEqual(passed(disk), [])
        assert.strictEqual(row()!.offer!.zone, zones[0]!)
        check(daemon, world, disk)
      })
    )
  )
})

describe("a gang of which a place gave only a part", () => {
  /** Its second node ends before its agent answers, and there is no other. */
  const half = (play: Parameters<typeof search>[0]) =>
    search((stage) =>
      Effect.gen(function* () {
        const { world } = stage
        let isLost = false
        world.at = (point) =>
          Effect.sync(() => {
            if (point !== "cloud.installAgent:before" || isLost) return
            isLost = true
            world.machines.delete([...world.machines.keys()].find((node) => node.endsWith("-1"))!)
          })
        world.lackAt = (_, nodes) => (nodes === 1 ? noRoom : null)
        yield* play(stage)
      })
    )
  it.effect("is released, and made as a whole in the next place", () =>
    half(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.deepStrictEqual(asked(disk), ["us-central1-a", "us-central1-a", "us-central1-b"])
        assert.strictEqual(row()!.offer!.zone, "us-central1-b")
        assert.lengthOf([...world.machines], 2)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is StopFailoverError when it cannot be released: no other place is asked, the record stays and the nodes are named", () =>
    half(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("terminate", new CloudError({ kind: "Transient", code: "Busy", message: "not now" }))
        yield* ask("l", "launch", launch)
        yield* settle(daemon, 20)
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "StopFailoverError" })
        assert.deepStrictEqual(asked(disk), ["us-central1-a", "us-central1-a"])
        const [left] = world.machines.keys()
        assert.include(
          JSON.stringify(outcome("l")),
          `GCP us-central1-a did not give all nodes, and what it gave could not be released: vm-${left}`
        )
        assert.strictEqual(statusOf(row()!), "INIT")
        world.faults.clear()
        yield* ask("d", "down", named)
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.strictEqual(world.machines.size, 0)
        check(daemon, world, disk)
      })
    )
  )
})

describe("a gang that fell short while it was made", () => {
  const refusing = new CloudError({ kind: "Refused", code: "UnauthorizedOperation", message: "you may not end machines" })
  it.effect("what is left of it is known, then released, and it is made as a whole in the next place", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-central1-b")
        world.leftAt = () => 1
        yield* ask("l", "launch", launch)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.deepStrictEqual(asked(disk), ["us-central1-a", "us-central1-b"])
        assert.strictEqual(row()!.offer!.zone, "us-central1-b")
        assert.lengthOf(told(disk, "NodeProvisioned"), 3)
        assert.lengthOf([...world.machines], 2)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("and may not be ended is StopFailoverError: it is named, in the log and paid for until down ends it", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-central1-b")
        world.leftAt = () => 1
        world.faults.set("terminate", refusing)
        yield* ask("l", "launch", launch)
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "StopFailoverError" })
        const [left] = world.machines.keys()
        assert.include(JSON.stringify(outcome("l")), `${left}: you may not end machines`)
        assert.deepStrictEqual(asked(disk), ["us-central1-a"])
        assert.deepStrictEqual(
          row()!.nodes.map(({ node }) => node as string),
          [left]
        )
        const { reason, status } = conditionOf(row()!)
        assert.strictEqual(status, "INIT")
        assert.match(reason!, /^only 1 of 2 nodes is there and could not be released \(you may not end machines\)\. To end it: sky down a;/)
        // Nobody tries again, and nobody says so.
        assert.deepStrictEqual(
          told(disk, "ActionFailed").map(({ action, retryAtMs }) => [action, retryAtMs]),
          [["ClearPlace", undefined]]
        )
        world.faults.clear()
        yield* ask("d", "down", named)
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.strictEqual(world.machines.size, 0)
        check(daemon, world, disk)
      })
    )
  )
})

describe("a cluster that was up once", () => {
  it.effect("is not looked for elsewhere, and never released, when its place has no room for a node that it lost", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const lost = [...world.machines.keys()].find((node) => node.endsWith("-1"))!
        world.machines.get(lost)!.agent.die()
        world.machines.delete(lost)
        yield* settle(daemon, 8)
        world.lackAt = () => noRoom
        yield* ask("again", "launch", launch)
        assert.deepNestedInclude(outcome("again"), { _tag: "failed", "error.fields.noFailover": true })
        assert.deepStrictEqual(new Set(asked(disk)), new Set(["us-central1-a"]))
        assert.lengthOf([...world.machines], 1)
        assert.isDefined(row())
      })
    )
  )
})

describe("retryUntilUp", () => {
  it.effect("launch-10: asks all places again, round after round, the best first, until one gives", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => noRoom
        yield* ask("l", "launch", retrying)
        assert.deepInclude(outcome("l"), { _tag: "running" })
        assert.include(conditionOf(row()!).reason, "all places are asked again soon: 6 gave nothing, the last of them AWS us-west-2a: ")
        for (let i = 0; i < 60 && told(disk, "PlacesExhausted").length < 2; i++) yield* pass(daemon, "2 seconds")
        world.lackAt = roomIn("us-east-1b")
        yield* settle(daemon, 60)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.deepStrictEqual(asked(disk), [...zones, ...zones, ...zones.slice(0, 4)])
        assert.deepStrictEqual(
          told(disk, "PlacesExhausted").map(({ round }) => round),
          [1, 2]
        )
        check(daemon, world, disk)
      })
    )
  )
  it.effect("ends with the round where no place can ever have what is asked for: an image that is nowhere", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        const missing = ({ cloud }: Offer) =>
          cloud === "aws" ? refused("InvalidAMIID.NotFound", "region") : refused("IMAGE_NOT_FOUND", "cloud")
        world.lackAt = missing
        yield* ask("l", "launch", retrying)
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "ResourcesUnavailableError", "error.exitCode": 2 })
        assert.deepStrictEqual(asked(disk), ["us-central1-a", "us-east-1a", "us-west-2a"])
        assert.isUndefined(row())
        // Where one has it, and no room, that is waited for.
        world.lackAt = (offer) => (offer.region === "us-east-1" ? noRoom : missing(offer))
        yield* ask("more", "launch", retrying)
        assert.deepInclude(outcome("more"), { _tag: "running" })
        yield* ask("end", "down", named)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("tells of a later round one fact for each place, and more only of what is news", () =>
    search(({ ask, daemon, disk, outcome, world }) =>
      Effect.gen(function* () {
        const rounds = () => told(disk, "PlacesExhausted").length
        const factsOfRound = (round: number) => {
          const ends = recordedIn(disk).filter(({ event }) => event._tag === "PlacesExhausted")
          return recordedIn(disk).filter(({ seq }) => seq > ends[round - 2]!.seq && seq <= ends[round - 1]!.seq)
        }
        const quota = refused("VcpuLimitExceeded", "region", undefined, "quota")
        world.lackAt = ({ region }) => (rounds() === 2 && region === "us-west-2" ? quota : noRoom)
        yield* ask("l", "launch", retrying)
        for (let i = 0; i < 200 && rounds() < 3; i++) yield* pass(daemon, "2 seconds")
        const tags = (round: number) => factsOfRound(round).map(({ event }) => event._tag)
        assert.deepStrictEqual(tags(2), [...zones.map(() => "NodeRequested"), "PlacesExhausted"])
        assert.deepStrictEqual(tags(3), [...zones.map(() => "NodeRequested"), "NodeRefused", "PlacesExhausted"])
        assert.deepStrictEqual(asked(disk), [...zones, ...zones, ...zones])
        // Who gives up hears of all places all the same, and for each attempt there is one request.
        yield* ask("again", "launch", { ...launch, task: { run: "x", num_nodes: 2 } })
        assert.strictEqual(new Set(told(disk, "NodeRequested").map(({ token }) => token)).size, 18)
        yield* ask("end", "down", named)
        assert.deepInclude(outcome("end"), { _tag: "succeeded" })
        check(daemon, world, disk)
      })
    )
  )
  it.effect("waits longer after each round, up to five minutes", () =>
    search(({ ask, daemon, disk, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => noRoom
        yield* ask("l", "launch", retrying)
        for (let i = 0; i < 900 && told(disk, "PlacesExhausted").length < 7; i++) yield* pass(daemon, "2 seconds")
        const waits = recordedIn(disk).flatMap(({ atMs, event }) => (event._tag === "PlacesExhausted" ? [event.retryAtMs - atMs] : []))
        for (const [i, seconds] of [30, 60, 120, 240, 300, 300].entries()) {
          assert.isAtLeast(waits[i]!, seconds * 600, `round ${i + 1}`)
          assert.isAtMost(waits[i]!, seconds * 1400, `round ${i + 1}`)
        }
        yield* ask("end", "down", named)
      })
    )
  )
  it.effect("waits from 18 to 42 seconds before the second round, and a crash in between makes that no longer and no shorter", () =>
    Effect.gen(function* () {
      const disk: MemoryDisk = []
      const world = yield* makeWorld
      world.offered = places
      world.lackAt = () => noRoom
      const first = (yield* started(boot(disk, world)))!
      yield* Effect.forkDetach(first.send("launch", "l", retrying), { startImmediately: true })
      yield* settle(first, 4)
      yield* first.kill
      const [exhausted] = recordedIn(disk).filter(({ event }) => event._tag === "PlacesExhausted")
      const { retryAtMs } = exhausted!.event as typeof PlacesExhausted.Type
      assert.isAtLeast(retryAtMs - exhausted!.atMs, 18_000)
      assert.isAtMost(retryAtMs - exhausted!.atMs, 42_000)
      const second = (yield* started(boot(disk, world)))!
      for (let i = 0; i < 50 && asked(disk).length === zones.length; i++) yield* pass(second, "1 seconds")
      const next = recordedIn(disk).find(({ event, seq }) => event._tag === "NodeRequested" && seq > exhausted!.seq)
      assert.isAtLeast(next!.atMs, retryAtMs)
      assert.isAtMost(next!.atMs, retryAtMs + 1000)
      checkSearch(disk, places)
      yield* second.kill
    })
  )
})

describe("a search", () => {
  const verbs = ["stop", "down"] as const
  it.effect.each(verbs.map((verb) => ({ verb })))(
    "that a $verb comes into ends: what was asked for is settled, and nothing is left",
    ({ verb }) =>
      search(({ daemon, disk, outcome, send, world }) =>
        Effect.gen(function* () {
          world.lackAt = roomIn("us-east-1a")
          let asks = 0
          world.at = (point) =>
            Effect.suspend(() => (point === "cloud.provision:after" && ++asks === 3 ? Effect.sleep("10 seconds") : Effect.void))
          yield* send("l", "launch", launch)
          yield* pass(daemon, "2 seconds")
          assert.lengthOf([...world.machines], 2)
          yield* send("e", verb, named)
          yield* settle(daemon, 8)
          assert.deepInclude(outcome("l"), { _tag: "cancelled" })
          assert.deepInclude(outcome("e"), { _tag: "succeeded" })
          assert.deepStrictEqual(
            [...world.machines.values()].map(({ state }) => state),
            verb === "down" ? [] : ["stopped", "stopped"]
          )
          check(daemon, world, disk)
        })
      )
  )
  it.effect("that is stopped before it has a machine is over, and the name free: there is nothing that could be started", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => noRoom
        yield* ask("l", "launch", retrying)
        assert.deepInclude(outcome("l"), { _tag: "running" })
        yield* ask("e", "stop", named)
        assert.deepInclude(outcome("l"), { _tag: "cancelled" })
        assert.deepStrictEqual(outcome("e"), { _tag: "succeeded", result: { gone: true } })
        assert.isUndefined(row())
        assert.lengthOf(told(disk, "ClusterStopped"), 0)
        world.lackAt = () => null
        yield* ask("again", "launch", launch)
        assert.deepInclude(outcome("again"), { _tag: "succeeded" })
        check(daemon, world, disk)
      })
    )
  )
  it.effect("goes on where it was when the cluster is launched once more meanwhile", () =>
    search(({ daemon, disk, outcome, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-west-2a")
        world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("2 seconds") : Effect.void)
        yield* send("l", "launch", launch)
        yield* pass(daemon, "5 seconds")
        yield* send("again", "launch", launch)
        yield* settle(daemon, 8)
        assert.deepStrictEqual(asked(disk), zones)
        for (const id of ["l", "again"]) assert.deepInclude(outcome(id), { _tag: "succeeded" })
        check(daemon, world, disk)
      })
    )
  )
})
