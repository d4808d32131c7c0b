/** Ports of a cluster that is there: opened on its machines by a group of its own, whatever is cut short, and gone with it. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { expect } from "vitest"
import type { ProvisionRequest } from "../../daemon/clouds/ProvisionRequest.ts"
import { describeWithMoto } from "../tools/moto.ts"
import { awsScene } from "./aws-scene.ts"
import { opensOnAll, refOf } from "./rented-requests.ts"

const { moto, daemonOver, one, fault, calm } = awsScene()

/** Of the cluster's own group, if there is one. */
const open = ({ tags }: ProvisionRequest) =>
  Effect.promise(async () => {
    const Filters = [{ Name: "tag:skyd-cluster", Values: [tags.cluster] }]
    const { SecurityGroups = [] } = await moto().client("us-east-1").describeSecurityGroups({ Filters })
    return SecurityGroups.map(({ GroupId, IpPermissions = [] }) => ({
      id: GroupId!,
      ports: IpPermissions.map(({ FromPort, IpProtocol, IpRanges, ToPort }) =>
        [IpProtocol, FromPort, ToPort, IpRanges?.[0]?.CidrIp].join(" ")
      ).sort()
    }))
  })
const groupsOf = (host: string | null) =>
  Effect.promise(async () => {
    const { Reservations = [] } = await moto()
      .client("us-east-1")
      .describeInstances({ InstanceIds: [host!] })
    return Reservations[0]!.Instances![0]!.SecurityGroups!.map(({ GroupId }) => GroupId!)
  })
const from = (port: number, to = port) => `tcp ${port} ${to} 0.0.0.0/0`

describeWithMoto("ports of machines of EC2 that are there", () => {
  it.live("are opened on each, beside those that are and by a group that it has beside its others, and go with the last of them", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0, 1])
      const nodes = yield* cloud.provision(asked)
      const refs = nodes.map((node) => refOf(asked, node))
      const before = yield* groupsOf(nodes[0]!.host)
      yield* cloud.openPorts!(refs, ["8080", "9000-9010"])
      const [group] = yield* open(asked)
      assert.deepStrictEqual(group!.ports, [from(8080), from(9000, 9010)])
      for (const { host } of nodes) assert.deepStrictEqual(yield* groupsOf(host), [...before, group!.id])
      yield* cloud.openPorts!(refs, ["8080-8081", "9000-9010"])
      yield* Effect.promise(() => moto().strict("DELETE", "calls"))
      yield* cloud.openPorts!(refs, ["8080-8081", "9000-9010"])
      const asks = (yield* Effect.promise(() => moto().calls())).map(({ action }) => action)
      assert.deepStrictEqual([...new Set(asks)].sort(), ["DescribeInstances", "DescribeSecurityGroups"])
      assert.deepStrictEqual(yield* open(asked), [{ id: group!.id, ports: [from(8080), from(8081), from(9000, 9010)] }])
      assert.deepStrictEqual(
        (yield* cloud.query(refs)).map(({ state }) => state),
        ["running", "running"]
      )
      yield* cloud.terminate(refs[0]!)
      assert.lengthOf(yield* open(asked), 1)
      yield* cloud.terminate(refs[1]!)
      assert.deepStrictEqual(yield* open(asked), [])
    }).pipe(Effect.scoped)
  )

  it.live("are opened beside those that they were made with, by the same group", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0], { machine: { ports: ["8080"] } })
      const [node] = yield* cloud.provision(asked)
      const before = yield* groupsOf(node!.host)
      yield* cloud.openPorts!([refOf(asked, node!)], ["22", "8080"])
      assert.deepStrictEqual(
        (yield* open(asked)).map(({ ports }) => ports),
        [[from(22), from(8080)]]
      )
      assert.deepStrictEqual(yield* groupsOf(node!.host), before)
      yield* cloud.terminate(refOf(asked, node!))
      assert.deepStrictEqual(yield* open(asked), [])
    }).pipe(Effect.scoped)
  )

  for (const action of ["CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "CreateTags", "ModifyInstanceAttribute"])
    it.live(
      `are open in the end where the answer of ${action} was lost, or a daemon was killed before it; and are closed where none came after it`,
      () =>
        Effect.gen(function* () {
          const { cloud, home, request } = yield* one
          const ports = ["8080"]
          for (const rule of [
            { afterEffect: true, drop: true, times: 1 },
            { code: "UnauthorizedOperation", times: 1 }
          ]) {
            const asked = request([0, 1])
            const nodes = yield* cloud.provision(asked)
            const refs = nodes.map((node) => refOf(asked, node))
            yield* fault({ action, ...rule })
            const cut = yield* Effect.exit(cloud.openPorts!(refs, ports))
            assert.strictEqual(cut._tag, "drop" in rule ? "Success" : "Failure")
            if (cut._tag === "Failure") yield* (yield* daemonOver(home)).openPorts!(refs, ports)
            yield* calm
            const [group] = yield* open(asked)
            assert.deepStrictEqual(group?.ports, [from(8080)])
            for (const { host } of nodes) assert.include(yield* groupsOf(host), group!.id)
            yield* Effect.forEach(refs, cloud.terminate, { concurrency: 2 })
            assert.deepStrictEqual(yield* open(asked), [])
          }
          const asked = request([0])
          const [node] = yield* cloud.provision(asked)
          yield* fault({ action, code: "UnauthorizedOperation", times: 1 })
          assert.deepInclude(yield* Effect.flip(cloud.openPorts!([refOf(asked, node!)], ports)), { kind: "Refused" })
          yield* cloud.terminate(refOf(asked, node!))
          yield* cloud.clear!(asked.tags, ["us-east-1"])
          assert.deepStrictEqual(yield* open(asked), [])
        }).pipe(Effect.scoped)
    )

  it.live("are told as open once they are on all machines, and not before", () => {
    const steps = ["ModifyInstanceAttribute", "AuthorizeSecurityGroupIngress"]
    const refused = steps.map((action) => fault({ action, code: "UnauthorizedOperation", times: 1 }))
    return opensOnAll(one, "us-east-1", refused, calm)
  })

  it.live("are all opened where one of them is, and was not listed yet", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0], { machine: { ports: ["8080"] } })
      const [node] = yield* cloud.provision(asked)
      yield* fault({ action: "AuthorizeSecurityGroupIngress", code: "InvalidPermission.Duplicate", times: 1 })
      yield* cloud.openPorts!([refOf(asked, node!)], ["22", "80", "8080"])
      assert.deepStrictEqual(
        (yield* open(asked)).map(({ ports }) => ports),
        [[from(22), from(80), from(8080)]]
      )
    }).pipe(Effect.scoped)
  )

  it.live("are waited for where their group is not known everywhere yet", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      for (const action of ["ModifyInstanceAttribute", "AuthorizeSecurityGroupIngress"]) {
        yield* fault({ action, code: "InvalidGroup.NotFound", times: 1 })
        assert.strictEqual((yield* Effect.flip(cloud.openPorts!([refOf(asked, node!)], ["8080"]))).kind, "Transient")
      }
      yield* cloud.openPorts!([refOf(asked, node!)], ["8080"])
      assert.include(yield* groupsOf(node!.host), (yield* open(asked))[0]!.id)
    }).pipe(Effect.scoped)
  )

  it.live("are opened on those that are left", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0, 1])
      const nodes = yield* cloud.provision(asked)
      const refs = nodes.map((node) => refOf(asked, node))
      yield* Effect.promise(() =>
        moto()
          .client("us-east-1")
          .terminateInstances({ InstanceIds: [nodes[0]!.host!] })
      )
      yield* cloud.openPorts!(refs, ["8080"])
      const [group] = yield* open(asked)
      assert.include(yield* groupsOf(nodes[1]!.host), group!.id)
      yield* cloud.terminate(refs[0]!)
      yield* cloud.terminate(refs[1]!)
      assert.deepStrictEqual(yield* open(asked), [])
    }).pipe(Effect.scoped)
  )

  it.live("are closed with a cluster that is ended while they are opened: what is on its way is waited for", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      yield* Effect.promise(() => moto().strict("DELETE", "calls"))
      yield* fault({ action: "CreateSecurityGroup", delaySeconds: 1 })
      const opening = yield* Effect.forkChild(cloud.openPorts!([refOf(asked, node!)], ["8080"]), { startImmediately: true })
      const onItsWay = async () => ((await moto().strict("GET", "faults")) as ReadonlyArray<{ readonly hits: number }>)[0]!.hits
      yield* Effect.promise(() => expect.poll(onItsWay, { timeout: 10_000 }).toBe(1))
      yield* Fiber.interrupt(opening)
      yield* cloud.clear!(asked.tags, ["us-east-1"])
      yield* Effect.promise(() => expect.poll(async () => (await moto().calls("CreateSecurityGroup")).length, { timeout: 10_000 }).toBe(1))
      assert.deepStrictEqual(yield* open(asked), [])
    }).pipe(Effect.scoped)
  )

  it.live("take no group with them that is another's, whatever the tags of a machine say", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      const ec2 = moto().client("us-east-1")
      const { Vpcs = [] } = yield* Effect.promise(() => ec2.describeVpcs({}))
      const { GroupId } = yield* Effect.promise(() =>
        ec2.createSecurityGroup({ GroupName: "mine", Description: "of somebody", VpcId: Vpcs[0]!.VpcId! })
      )
      yield* Effect.promise(() => ec2.createTags({ Resources: [node!.host!], Tags: [{ Key: "skyd-group", Value: GroupId! }] }))
      yield* cloud.terminate(refOf(asked, node!))
      const { SecurityGroups = [] } = yield* Effect.promise(() => ec2.describeSecurityGroups({ GroupIds: [GroupId!] }))
      assert.lengthOf(SecurityGroups, 1)
    }).pipe(Effect.scoped)
  )
})
