/** What others do to machines at the console: tags that go, or are copied, or say what cannot be; machines that are ended as they begin. */
import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { TestClock } from "effect/testing"
import type { Cloud, NodeRef, Provisioned } from "../../daemon/clouds/Cloud.ts"
import { describeWithMoto } from "../tools/moto.ts"
import { awsScene } from "./aws-scene.ts"
import { refOf } from "./rented-requests.ts"

const { moto, one, fault, calm, live } = awsScene()

const console = () => moto().client("us-east-1")
const stateOf = (cloud: Cloud, ref: NodeRef) => Effect.map(cloud.query([ref]), ([state]) => state!)
const made = (ranks: ReadonlyArray<number> = [0]) =>
  Effect.gen(function* () {
    const { cloud, request } = yield* one
    const asked = request(ranks)
    const nodes = yield* TestClock.withLive(cloud.provision(asked))
    return { cloud, asked, refs: nodes.map((node: Provisioned) => refOf(asked, node)) }
  })
const untag = ({ host }: NodeRef, ...keys: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const { tags } = (await moto().instances()).find(({ instanceId }) => instanceId === host)!
    await console().deleteTags({ Resources: [host!], Tags: (keys.length > 0 ? keys : Object.keys(tags)).map((Key) => ({ Key })) })
  })
/** "Launch more like this". */
const likeThis = ({ host }: NodeRef) =>
  Effect.promise(async () => {
    const { Reservations } = await console().describeInstances({ InstanceIds: [host!] })
    const { ImageId, InstanceType, Tags } = Reservations![0]!.Instances![0]!
    const { Instances } = await console().runInstances({
      MinCount: 1,
      MaxCount: 1,
      ImageId: ImageId!,
      InstanceType: InstanceType!,
      TagSpecifications: [{ ResourceType: "instance", Tags: Tags! }]
    })
    return Instances![0]!.InstanceId!
  })

describeWithMoto("a node whose machine has lost its tags", () => {
  for (const lost of [["skyd-token"], ["skyd-ranks"], ["skyd-log"], ["skyd-cluster"], []])
    it.effect(`(${lost.join() || "all of them"}) is the same machine, by its id: it runs, is stopped and started, and ends`, () =>
      Effect.gen(function* () {
        const { cloud, refs } = yield* made()
        yield* untag(refs[0]!, ...lost)
        for (let looks = 0; looks < 3; looks++) {
          assert.strictEqual((yield* stateOf(cloud, refs[0]!)).state, "running")
          yield* TestClock.adjust("2 minutes")
        }
        yield* TestClock.withLive(cloud.stop(refs[0]!))
        assert.strictEqual((yield* live)[0]!.state, "stopped")
        assert.strictEqual((yield* stateOf(cloud, refs[0]!)).state, "stopped")
        yield* TestClock.withLive(cloud.terminate(refs[0]!))
        assert.isEmpty(yield* live)
      }).pipe(Effect.scoped)
    )

  it.effect("is listed among what there is, with what is lost, and can be ended by that", () =>
    Effect.gen(function* () {
      const { asked, cloud, refs } = yield* made()
      yield* untag(refs[0]!, "skyd-token", "skyd-ranks")
      const { owned } = yield* TestClock.withLive(cloud.tagged!(asked.tags.log))
      assert.lengthOf(owned, 1)
      assert.deepInclude(owned[0], { host: refs[0]!.host, tags: asked.tags, state: "running" })
      assert.strictEqual(owned[0]!.odd, "it has lost its tags skyd-token, skyd-ranks")
      yield* TestClock.withLive(cloud.terminate(owned[0]!))
      assert.isEmpty(yield* live)
    }).pipe(Effect.scoped)
  )

  it.effect("is found by its id alone where a purge gave up on it, listed as the node that it was, and ended by that", () =>
    Effect.gen(function* () {
      const { asked, cloud, refs } = yield* made()
      for (const lost of [["skyd-cluster"], []]) {
        yield* untag(refs[0]!, ...lost)
        const found = yield* TestClock.withLive(cloud.tagged!(asked.tags.log, { had: [], dropped: refs }))
        assert.deepStrictEqual([found.owned.length, found.unclear], [1, []])
        assert.deepInclude(found.owned[0], { ...refs[0]!, state: "running" as const, offer: asked.offer })
        assert.isUndefined(found.owned[0]!.odd)
      }
      yield* TestClock.withLive(cloud.terminate(refs[0]!))
      assert.isEmpty(yield* live)
      assert.deepStrictEqual((yield* TestClock.withLive(cloud.tagged!(asked.tags.log, { had: [], dropped: refs }))).owned, [])
    }).pipe(Effect.scoped)
  )

  it.effect("is the cluster's that has it by its id, whichever tag is lost", () =>
    Effect.gen(function* () {
      const { asked, cloud, refs } = yield* made()
      yield* untag(refs[0]!, "skyd-cluster")
      const { owned, unclear } = yield* TestClock.withLive(cloud.tagged!(asked.tags.log, { had: refs, dropped: [] }))
      assert.deepStrictEqual([owned.map(({ node, tags }) => [node, tags]), unclear], [[[refs[0]!.node, asked.tags]], []])
    }).pipe(Effect.scoped)
  )

  it.effect("is another's where another's tags are on it: nothing is done to it", () =>
    Effect.gen(function* () {
      const { cloud, refs } = yield* made()
      yield* Effect.promise(() => console().createTags({ Resources: [refs[0]!.host!], Tags: [{ Key: "skyd-log", Value: "another" }] }))
      yield* untag(refs[0]!, "skyd-token")
      assert.include((yield* stateOf(cloud, refs[0]!)).reason, "of log another")
      assert.strictEqual((yield* Effect.flip(TestClock.withLive(cloud.terminate(refs[0]!)))).code, "NotOurs")
      assert.lengthOf(yield* live, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("is gone where it was ended at the console, whosever tags are on it", () =>
    Effect.gen(function* () {
      const { cloud, refs } = yield* made()
      const Tags = [{ Key: "skyd-cluster", Value: "another" }]
      yield* Effect.promise(() => console().createTags({ Resources: [refs[0]!.host!], Tags }))
      yield* Effect.promise(() => console().terminateInstances({ InstanceIds: [refs[0]!.host!] }))
      assert.strictEqual((yield* stateOf(cloud, refs[0]!)).state, "missing")
      yield* TestClock.withLive(cloud.terminate(refs[0]!))
    }).pipe(Effect.scoped)
  )

  it.effect("is gone only by EC2's word on its id", () =>
    Effect.gen(function* () {
      const { cloud, refs } = yield* made()
      yield* Effect.promise(() => console().terminateInstances({ InstanceIds: [refs[0]!.host!] }))
      yield* Effect.promise(() => moto().strict("POST", `instances/${refs[0]!.host}/forget`))
      assert.strictEqual((yield* stateOf(cloud, refs[0]!)).state, "unknown")
      yield* TestClock.adjust("2 minutes")
      const asked = (calls: ReadonlyArray<{ readonly code: string | null }>) =>
        calls.filter(({ code }) => code === "InvalidInstanceID.NotFound")
      assert.isEmpty(asked(yield* Effect.promise(() => moto().calls("DescribeInstances"))))
      assert.strictEqual((yield* stateOf(cloud, refs[0]!)).state, "missing")
      assert.lengthOf(asked(yield* Effect.promise(() => moto().calls("DescribeInstances"))), 1)
    }).pipe(Effect.scoped)
  )
})

describeWithMoto("a machine that was launched like a node's", () => {
  it.effect("is not the node: that one is told of, ended and gone, and the other is left and listed", () =>
    Effect.gen(function* () {
      const { asked, cloud, refs } = yield* made()
      const twin = yield* likeThis(refs[0]!)
      yield* Effect.promise(() => console().stopInstances({ InstanceIds: [twin] }))
      assert.strictEqual((yield* stateOf(cloud, refs[0]!)).state, "running")
      yield* TestClock.withLive(cloud.terminate(refs[0]!))
      assert.deepStrictEqual(
        (yield* live).map(({ instanceId }) => instanceId),
        [twin]
      )
      assert.strictEqual((yield* stateOf(cloud, refs[0]!)).state, "missing")
      const { owned } = yield* TestClock.withLive(cloud.tagged!(asked.tags.log))
      assert.deepStrictEqual(
        owned.map(({ host }) => host),
        [twin]
      )
      yield* TestClock.withLive(cloud.terminate(owned[0]!))
      assert.isEmpty(yield* live)
    }).pipe(Effect.scoped)
  )
})

describeWithMoto("a tag that says more ranks than any cluster has", () => {
  for (const ranks of ["0-4000000000", "5000000", "0-1024", "x", "1-0"])
    it.effect(`(${ranks}) is not believed: the machine is listed with it, and its node is known by its id`, () =>
      Effect.gen(function* () {
        const { asked, cloud, refs } = yield* made()
        yield* Effect.promise(() => console().createTags({ Resources: [refs[0]!.host!], Tags: [{ Key: "skyd-ranks", Value: ranks }] }))
        assert.strictEqual((yield* stateOf(cloud, refs[0]!)).state, "running")
        const { owned } = yield* TestClock.withLive(cloud.tagged!(asked.tags.log))
        assert.strictEqual(owned[0]!.odd, `its tag skyd-ranks is no rank of a cluster's: ${ranks}`)
      }).pipe(Effect.scoped)
    )
})

describeWithMoto("a machine that a user ends at the console as it begins", () => {
  for (const how of ["stop", "terminate"] as const)
    it.live(`(${how}) is the end of its launch, with that as its reason, and none is asked for elsewhere`, () =>
      Effect.gen(function* () {
        const { cloud, request } = yield* one
        const asked = request([0])
        yield* Effect.promise(() => moto().strict("PUT", "visibility", { pendingSeconds: 0.2 }))
        yield* fault({ action: "DescribeInstances", code: "UnauthorizedOperation" })
        assert.strictEqual((yield* Effect.flip(cloud.provision(asked))).kind, "Transient")
        yield* calm
        const [there] = yield* Effect.repeat(live, {
          until: ([first]) => first?.state === "running",
          schedule: Schedule.spaced("50 millis")
        })
        const InstanceIds = [there!.instanceId]
        yield* Effect.promise(() =>
          how === "stop" ? console().stopInstances({ InstanceIds }) : console().terminateInstances({ InstanceIds })
        )
        const error = yield* Effect.flip(cloud.provision(asked))
        assert.deepInclude(error, { kind: "Refused", code: "UserInitiatedShutdown", scope: "everywhere", anyKind: true })
        assert.include(error.message, `${there!.instanceId} ${how === "stop" ? "stopped" : "terminated"}: by a call to AWS`)
        // What is stopped is paid for, and of no use.
        assert.isUndefined(error.left)
        assert.isEmpty(yield* live)
      }).pipe(Effect.scoped)
    )
})

describeWithMoto("a subnet that is replaced", () => {
  it.live("is not asked for again: the same request goes to the one that stands in its place", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      yield* cloud.provision(request([0]))
      const [first] = yield* live
      yield* Effect.promise(() => console().terminateInstances({ InstanceIds: [first!.instanceId] }))
      const AvailabilityZone = "us-east-1a"
      const Filters = [{ Name: "availability-zone", Values: [AvailabilityZone] }]
      const { Subnets = [] } = yield* Effect.promise(() => console().describeSubnets({ Filters }))
      const [{ CidrBlock, SubnetId, VpcId }] = Subnets as [NonNullable<(typeof Subnets)[number]>]
      yield* Effect.promise(() => console().deleteSubnet({ SubnetId: SubnetId! }))
      const { Subnet } = yield* Effect.promise(() => console().createSubnet({ AvailabilityZone, CidrBlock: CidrBlock!, VpcId: VpcId! }))
      const MapPublicIpOnLaunch = { Value: true }
      yield* Effect.promise(() => console().modifySubnetAttribute({ SubnetId: Subnet!.SubnetId!, MapPublicIpOnLaunch }))
      const [node] = yield* cloud.provision(request([0]))
      const { Reservations } = yield* Effect.promise(() => console().describeInstances({ InstanceIds: [node!.host!] }))
      assert.strictEqual(Reservations![0]!.Instances![0]!.SubnetId, Subnet!.SubnetId)
    }).pipe(Effect.scoped)
  )
})

describeWithMoto("an image that is withdrawn", () => {
  it.live("is not asked for again: the next one is looked for, in the same launch", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const imageIn = (host: string | null) =>
        Effect.map(
          Effect.promise(() => console().describeInstances({ InstanceIds: [host!] })),
          ({ Reservations }) => Reservations![0]!.Instances![0]!.ImageId!
        )
      const [first] = yield* cloud.provision(request([0]))
      const withdrawn = yield* imageIn(first!.host)
      yield* Effect.promise(() => console().deregisterImage({ ImageId: withdrawn }))
      const notThere = { action: "RunInstances", code: "InvalidAMIID.NotFound", times: 1 }
      yield* fault(notThere)
      const [second] = yield* cloud.provision(request([0]))
      const next = yield* imageIn(second!.host)
      assert.notStrictEqual(next, withdrawn)
      // That of which there is no other is looked for anew and refused.
      const named = () => request([0], { machine: { images: { "us-east-1": next } } })
      yield* cloud.provision(named())
      const looks = Effect.map(
        Effect.promise(() => moto().calls("DescribeImages")),
        ({ length }) => length
      )
      const before = yield* looks
      yield* fault(notThere)
      assert.deepInclude(yield* Effect.flip(cloud.provision(named())), { kind: "Refused", code: "InvalidAMIID.NotFound", scope: "region" })
      assert.isAbove(yield* looks, before)
      yield* cloud.provision(named())
    }).pipe(Effect.scoped)
  )
})

describeWithMoto("a machine that AWS takes the end of and does not end", () => {
  for (const [what, action] of [
    ["stop", "StopInstances"],
    ["terminate", "TerminateInstances"]
  ] as const)
    it.effect(`(${action}) is said after a while, and told again`, () =>
      Effect.gen(function* () {
        const { cloud, refs } = yield* made()
        yield* fault({ action, body: `<${action}Response><instancesSet/></${action}Response>` })
        const ending = yield* Effect.forkChild(Effect.flip(cloud[what](refs[0]!)))
        // Each look is a real call: the clock stands still while it is on its way.
        const error = yield* Effect.repeat(
          Effect.andThen(
            TestClock.adjust("1 second"),
            Effect.andThen(
              TestClock.withLive(Effect.sleep(20)),
              Effect.sync(() => ending.pollUnsafe())
            )
          ),
          { until: (exit) => exit !== undefined }
        )
        assert.include(JSON.stringify(error), "and it is running as before")
        yield* calm
        yield* TestClock.withLive(cloud[what](refs[0]!))
        assert.strictEqual((yield* stateOf(cloud, refs[0]!)).state, what === "stop" ? "stopped" : "missing")
      }).pipe(Effect.scoped)
    )

  it.effect("nor starts it where the answer is not AWS's: that is asked again", () =>
    Effect.gen(function* () {
      const { cloud, refs } = yield* made()
      yield* TestClock.withLive(cloud.stop(refs[0]!))
      yield* fault({ action: "StartInstances", afterEffect: true, body: "<html><body>hello</body></html>", times: 1 })
      assert.strictEqual((yield* Effect.flip(cloud.start(refs[0]!))).kind, "Transient")
    }).pipe(Effect.scoped)
  )
})
