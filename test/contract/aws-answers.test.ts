/** Answers that are not AWS's own: of a proxy, a gateway or a login page in its place. They say nothing of what AWS has done, or has. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { describeWithMoto } from "../tools/moto.ts"
import { awsScene } from "./aws-scene.ts"
import { refOf } from "./rented-requests.ts"

const { one, fault, calm, live } = awsScene()

const page = "<html><body>Welcome to the hotel</body></html>"
const notAnswers = [
  { body: page },
  { body: "" },
  { body: "<html><p>log in" },
  { body: '{"message": "Forbidden"}' },
  { body: "<RunInstancesResponse><reservationId>r-1</reservationId><instancesSet/></RunInstancesResponse>" },
  { body: "<DescribeInstancesResponse/>" },
  { body: page, status: 403 },
  { body: '{"message": "Forbidden"}', status: 403 },
  { body: "", status: 404 },
  { body: "", status: 400 },
  { body: page, status: 502 }
]

describeWithMoto("an answer that is not EC2's own", () => {
  it.live("to a request for machines leaves it unsure, and the next one names those that were made", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      for (const how of notAnswers) {
        const asked = request([0, 1])
        yield* fault({ action: "RunInstances", afterEffect: true, times: 1, ...how })
        const error = yield* Effect.flip(cloud.provision(asked))
        assert.strictEqual(error.kind, "Transient", JSON.stringify(how))
        assert.notInclude(error.message, "Deserialization", JSON.stringify(how))
        const nodes = yield* cloud.provision(asked)
        const made = (yield* live).map(({ instanceId }) => instanceId)
        assert.sameMembers(
          nodes.map(({ host }) => host),
          made,
          JSON.stringify(how)
        )
        for (const node of nodes) yield* cloud.terminate(refOf(asked, node))
      }
    }).pipe(Effect.scoped)
  )

  it.effect("to a list is no list: its machines are not known, however long, and never gone", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* TestClock.withLive(cloud.provision(asked))
      const ref = refOf(asked, node!)
      for (const how of notAnswers.filter(({ status }) => status !== 502)) {
        yield* fault({ action: "DescribeInstances", ...how })
        for (let looks = 0; looks < 3; looks++) {
          const [state] = yield* cloud.query([ref])
          assert.strictEqual(state!.state, "unknown", JSON.stringify(how))
          assert.include(state!.reason, "not AWS", JSON.stringify(how))
          yield* TestClock.adjust("2 minutes")
        }
        for (const deed of [cloud.stop(ref), cloud.terminate(ref)])
          assert.strictEqual((yield* Effect.flip(deed)).kind, "Transient", JSON.stringify(how))
        yield* calm
      }
      assert.lengthOf(yield* live, 1)
    }).pipe(Effect.scoped)
  )

  it.live("to the question what there is, is said: nothing is taken for nothing, and no account can be used by it", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      yield* cloud.provision(asked)
      yield* fault({ action: "DescribeInstances", body: page })
      const { unclear } = yield* cloud.tagged!(asked.tags.log)
      assert.lengthOf(unclear, 1)
      assert.match(unclear[0]!, /more regions are not looked at: .*not AWS/)
      assert.isNotEmpty((yield* cloud.owned(asked.tags.log)).unclear)
      yield* calm
      yield* fault({ action: "DescribeVolumes", body: page })
      assert.include((yield* cloud.tagged!(asked.tags.log)).unclear.join(), "not AWS")
      yield* calm
      yield* fault({ body: page })
      assert.include((yield* Effect.flip(cloud.tagged!(asked.tags.log))).message, "not AWS")
      assert.strictEqual((yield* Effect.flip(cloud.owned(asked.tags.log))).kind, "Transient")
      assert.include((yield* Effect.flip(cloud.identity)).message, "not AWS")
      assert.include(yield* cloud.whyNot!, "not AWS")
      assert.isFalse(cloud.isForbidden!())
    }).pipe(Effect.scoped)
  )
})
