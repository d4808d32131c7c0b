/** A gang of which a place gives only a part, and a cluster that lost a node: what is released, and what is named. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { asked, launch, loseWorker, named, noRoom, roomIn, search, told } from "./search.ts"
import { check, settle } from "./world.ts"

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
        yield* loseWorker({ daemon, world })
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
