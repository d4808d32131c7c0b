/** What becomes of a request for machines when answers are lost, credentials end and daemons die in between: never an instance too many, nor one forgotten. */
import { existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { expect } from "vitest"
import type { CloudError } from "../../daemon/clouds/Cloud.ts"
import { describeWithMoto } from "../tools/moto.ts"
import { tempFolder } from "../unit/sync/tree.ts"
import { awsScene } from "./aws-scene.ts"
import { inherited } from "./cloud-nodes.ts"
import { asksNoMore, refOf } from "./rented-requests.ts"

const { moto, daemonOver, one, fault, calm, live } = awsScene()

const lost = { action: "RunInstances", afterEffect: true, drop: true, times: 1 }

describeWithMoto("a request for machines of EC2", () => {
  it.live("whose answer was lost is not given up when the credentials end, and names the same machines after that", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0, 1])
      yield* Effect.promise(() => moto().strict("PUT", "visibility", { seconds: 5 }))
      yield* fault(lost)
      assert.strictEqual((yield* Effect.flip(cloud.provision(asked))).kind, "Transient")
      yield* calm
      for (const code of ["ExpiredToken", "UnauthorizedOperation", "AuthFailure", "InvalidParameterValue"]) {
        for (const action of ["RunInstances", "DescribeInstances", "*"]) {
          yield* fault({ action, code })
          const error = yield* Effect.flip(cloud.provision(asked))
          assert.strictEqual(error.kind, "Transient", `${code} of ${action}`)
          yield* calm
        }
      }
      const nodes = yield* cloud.provision(asked)
      const instances = yield* live
      assert.sameMembers(
        nodes.map(({ host }) => host),
        instances.map(({ instanceId }) => instanceId)
      )
    }).pipe(Effect.scoped)
  )

  it.live("from an image that a parameter names has that image's own root disk, and the next one what the parameter names then", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const images = { "us-east-1": "resolve:ssm:/team/image" }
      const names = (image: string) => Effect.promise(() => moto().parameter("us-east-1", "/team/image", image))
      const started = Effect.promise(async () => {
        const { params } = (await moto().calls("RunInstances")).at(-1)!
        return ["ImageId", "BlockDeviceMapping.1.DeviceName", "BlockDeviceMapping.1.Ebs.VolumeSize"].map((name) => params[name])
      })
      yield* names("ami-0amazonlinux2023")
      yield* cloud.provision(request([0], { machine: { images, diskGib: 20 } }))
      assert.deepStrictEqual(yield* started, ["ami-0amazonlinux2023", "/dev/xvda", "20"])
      yield* names("ami-0ubuntu2404amd64")
      yield* cloud.provision(request([0], { machine: { images } }))
      assert.deepStrictEqual(yield* started, ["ami-0ubuntu2404amd64", "/dev/sda1", "256"])
      const missing = { "us-east-1": "resolve:ssm:/team/none" }
      const refused = yield* Effect.flip(cloud.provision(request([0], { machine: { images: missing } })))
      assert.deepInclude(refused, { kind: "Refused", message: "there is no parameter '/team/none' in us-east-1" })
      yield* fault({ action: "GetParameters", code: "AccessDeniedException" })
      const denied = yield* Effect.flip(cloud.provision(request([0], { machine: { images } })))
      assert.deepInclude(denied, { kind: "Refused", code: "AccessDeniedException" })
      assert.match(
        denied.message,
        /\(AccessDeniedException, GetParameters in us-east-1\): allow them ssm:GetParameters; all that they may not: sky check aws$/
      )
    }).pipe(Effect.scoped)
  )

  it.live("from an image or a disk that is larger than what is usual says how large its disks are, to the next daemon as well", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const large = (gib: number) =>
        `<DescribeImagesResponse><imagesSet><item><imageId>ami-0amazonlinux2023</imageId><rootDeviceName>/dev/xvda</rootDeviceName><blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeSize>${gib}</volumeSize></ebs></item></blockDeviceMapping></item></imagesSet></DescribeImagesResponse>`
      yield* fault({ action: "DescribeImages", body: large(300) })
      const images = { "us-east-1": "ami-0amazonlinux2023" }
      const asked = request([0, 1], { machine: { images } })
      const sizes = (nodes: ReadonlyArray<{ readonly diskGib?: number }>) => nodes.map(({ diskGib }) => diskGib)
      assert.deepStrictEqual(sizes(yield* cloud.provision(asked)), [300, 300])
      const next = yield* daemonOver(home)
      assert.deepStrictEqual(sizes(yield* next.provision(inherited(asked))), [300, 300])
      // What was asked for, and what is usual, is said already.
      assert.deepStrictEqual(sizes(yield* cloud.provision(request([0], { machine: { images, diskGib: 400 } }))), [undefined])
      const small = yield* Effect.flip(cloud.provision(request([0], { machine: { images, diskGib: 299 } })))
      assert.deepInclude(small, {
        kind: "Refused",
        scope: "everywhere",
        message: "the image ami-0amazonlinux2023 needs 300 GiB, disk_size is 299"
      })
      yield* calm
      assert.deepStrictEqual(sizes(yield* cloud.provision(request([0]))), [undefined])
    }).pipe(Effect.scoped)
  )

  it.live("is found by the next daemon, whatever the user has changed meanwhile", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1])
      yield* fault(lost)
      yield* Effect.flip(cloud.provision(asked))
      writeFileSync(join(home, "config.yaml"), "aws: {instance_tags: {team: red}}\n")
      // Not listed to who looks first: then EC2 says that it knows the token, with other words.
      yield* fault({ action: "DescribeInstances", code: "Unavailable", times: 1 })
      const next = yield* daemonOver(home)
      const nodes = yield* next.provision(inherited(asked))
      assert.lengthOf(nodes, 2)
      assert.lengthOf(yield* live, 2)
      rmSync(join(home, "config.yaml"))
    }).pipe(Effect.scoped)
  )

  it.live("whose config.yaml is wrong meanwhile is waited for, and goes on by itself", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const file = join(home, "config.yaml")
      writeFileSync(file, "aws: {vpcname: lab}\n")
      const wrong = { kind: "Transient", code: "Config", goesOn: true } as const
      const error = yield* Effect.flip(cloud.provision(request([0])))
      assert.deepInclude(error, wrong)
      assert.include(error.message, "aws has no key 'vpcname'")
      rmSync(file)
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      writeFileSync(file, "aws: {vpcname: lab}\n")
      const { region, zone } = asked.offer
      assert.deepInclude(yield* Effect.flip(cloud.installAgent({ ...node!, tags: asked.tags, region, zone })), wrong)
      rmSync(file)
    }).pipe(Effect.scoped)
  )

  it.live("that EC2 knows under other words is looked for among what there is", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0])
      yield* Effect.promise(() => moto().strict("PUT", "visibility", { seconds: 3 }))
      yield* fault(lost)
      yield* Effect.flip(cloud.provision(asked))
      writeFileSync(join(home, "config.yaml"), "aws: {instance_tags: {team: red}}\n")
      const next = yield* daemonOver(home)
      const error = yield* Effect.flip(next.provision(inherited(asked)))
      assert.deepInclude(error, { kind: "Transient", code: "NotListedYet" })
      const until = { while: ({ code }: CloudError) => code === "NotListedYet", schedule: Schedule.spaced("100 millis") }
      assert.lengthOf(yield* Effect.retry(next.provision(inherited(asked)), until), 1)
      assert.lengthOf(yield* live, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("that EC2 knows under other words, and of which it lists nothing for a minute, is refused", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      yield* fault({ action: "RunInstances", code: "IdempotentParameterMismatch" })
      assert.deepInclude(yield* Effect.flip(cloud.provision(asked)), { kind: "Transient", code: "NotListedYet" })
      yield* TestClock.adjust("1 minutes")
      assert.deepInclude(yield* Effect.flip(cloud.provision(asked)), {
        kind: "Refused",
        code: "IdempotentParameterMismatch",
        scope: "zone"
      })
    }).pipe(Effect.scoped)
  )

  it.effect("that EC2 knows and does not list for a minute is refused, in EC2's words", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0])
      yield* Effect.promise(() => moto().strict("PUT", "visibility", { seconds: 600 }))
      yield* fault(lost)
      yield* Effect.flip(cloud.provision(asked))
      writeFileSync(join(home, "config.yaml"), "aws: {instance_tags: {team: red}}\n")
      const next = yield* daemonOver(home)
      assert.deepInclude(yield* Effect.flip(next.provision(inherited(asked))), { kind: "Transient", code: "NotListedYet" })
      yield* TestClock.adjust("61 seconds")
      const error = yield* Effect.flip(next.provision(inherited(asked)))
      assert.deepInclude(error, { kind: "Refused", code: "IdempotentParameterMismatch", scope: "zone" })
      assert.include(error.message, "RunInstances in us-east-1")
    }).pipe(Effect.scoped)
  )

  it.live("by who ends its cluster is made of nothing: no machine, and no copy of a disk; what was asked for is still found", () =>
    asksNoMore(one, { cloud: "aws", region: "us-east-1" })
  )

  it.live("that are off are started where EC2 wants it slower first", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      yield* cloud.stop(refOf(asked, node!))
      yield* fault({ action: "StartInstances", code: "RequestLimitExceeded", status: 503, times: 2 })
      // Nobody is behind it, to be reached.
      yield* Effect.forkScoped(Effect.ignore(cloud.start(refOf(asked, node!))))
      const started = async () => (await moto().calls("StartInstances")).map(({ status }) => status)
      yield* Effect.promise(() => expect.poll(started, { timeout: 20_000 }).toEqual([503, 503, 200]))
    }).pipe(Effect.scoped)
  )

  it.live("that is refused at once keeps nothing but ports that the next place needs, and says how far the refusal reaches", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const { tags } = request([0])
      for (const [code, scope] of [
        ["InsufficientInstanceCapacity", "zone"],
        ["VcpuLimitExceeded", "region"],
        ["UnauthorizedOperation", "cloud"]
      ] as const) {
        yield* fault({ action: "RunInstances", code, times: 1 })
        const error = yield* Effect.flip(cloud.provision(request([0], { tags, machine: { ports: ["8080", "9000-9010"] } })))
        assert.deepInclude(error, { kind: "Refused", code, scope })
      }
      assert.lengthOf(yield* live, 0)
      const made = (action: string) =>
        Effect.promise(async () => (await moto().calls(action)).filter(({ status }) => status === 200).map(({ region }) => region))
      assert.deepStrictEqual([yield* made("CreateSecurityGroup"), yield* made("DeleteSecurityGroup")], [["us-east-1", "us-east-1"], []])
      // The group of a region goes with the search when that leaves it.
      const { offers } = yield* cloud.offers({ resources: { infra: "aws/us-west-2/us-west-2a" } })
      const next = { tags, offer: offers[0]!, machine: { ports: ["8080"] }, leftRegions: ["us-east-1"] }
      yield* fault({ action: "RunInstances", code: "InsufficientInstanceCapacity", times: 2 })
      for (const _ of [1, 2]) yield* Effect.flip(cloud.provision(request([0], next)))
      assert.deepStrictEqual(yield* made("DeleteSecurityGroup"), ["us-east-1"])
      yield* cloud.clear!(tags, ["us-east-1", "us-west-2"])
      assert.deepStrictEqual(yield* made("DeleteSecurityGroup"), ["us-east-1", "us-west-2"])
    }).pipe(Effect.scoped)
  )

  it.live("of which one machine ends as it begins is refused by AWS's reason, and names those that are left, also to the next daemon", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1, 2])
      yield* Effect.promise(() => moto().strict("PUT", "visibility", { pendingSeconds: 60 }))
      // Not even who may not end machines loses sight of one.
      yield* fault({ action: "TerminateInstances", code: "UnauthorizedOperation" })
      const provisioning = yield* Effect.forkChild(Effect.flip(cloud.provision(asked)))
      const [first] = yield* Effect.repeat(live, { until: (all) => all.length === 3, schedule: Schedule.spaced("100 millis") })
      yield* Effect.promise(() =>
        moto().strict("POST", `instances/${first!.instanceId}/fail`, { code: "Server.InsufficientInstanceCapacity" })
      )
      const error = yield* Fiber.join(provisioning)
      assert.deepInclude(error, { kind: "Refused", code: "InsufficientInstanceCapacity", scope: "zone" })
      const left = yield* live
      assert.lengthOf(left, 2)
      assert.sameMembers(
        error.left!.map(({ host }) => host),
        left.map(({ instanceId }) => instanceId)
      )
      const next = yield* daemonOver(home)
      assert.deepStrictEqual((yield* Effect.flip(next.provision(inherited(asked)))).left, error.left)
      yield* calm
      yield* Effect.promise(() => moto().strict("PUT", "visibility", {}))
      for (const node of error.left!) yield* next.terminate(refOf(asked, node))
      assert.lengthOf(yield* live, 0)
    }).pipe(Effect.scoped)
  )

  it.live("of which all machines end as they begin is refused by AWS's reason, also to the next daemon", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1])
      yield* fault({ action: "RunInstances", stateReason: "Client.VolumeLimitExceeded", times: 1 })
      assert.deepInclude(yield* Effect.flip(cloud.provision(asked)), { kind: "Refused", code: "VolumeLimitExceeded", scope: "region" })
      assert.lengthOf(yield* live, 0)
      const next = yield* daemonOver(home)
      assert.deepInclude(yield* Effect.flip(next.provision(inherited(asked))), { kind: "Refused" })
      assert.lengthOf(yield* live, 0)
    }).pipe(Effect.scoped)
  )

  it.effect("and its machine that AWS lists no more is not known, and gone only when it is missing a minute later as well", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0])
      // Its waits are over at once.
      const [node] = yield* TestClock.withLive(cloud.provision(asked))
      const ref = refOf(asked, node!)
      yield* Effect.promise(() =>
        moto()
          .client("us-east-1")
          .terminateInstances({ InstanceIds: [node!.host!] })
      )
      yield* Effect.promise(() => moto().strict("POST", `instances/${node!.host}/forget`))
      const state = Effect.map(cloud.query([ref]), ([found]) => found!.state)
      assert.strictEqual(yield* state, "unknown")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* state, "unknown")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* state, "missing")
      yield* cloud.terminate(ref)
    }).pipe(Effect.scoped)
  )

  it.live("is not made where the account's quota is known to be zero, and is tried wherever that is not known", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const { offer } = request([0])
      const why = Effect.map(cloud.noQuota!(offer), (said) => said?.message ?? "")
      const spot = cloud.noQuota!({ ...offer, useSpot: true })
      const elsewhere = cloud.noQuota!({ ...offer, region: "us-west-2" })
      const asked = Effect.map(
        Effect.promise(() => moto().calls("GetServiceQuota")),
        (calls) => calls.length
      )
      yield* fault({ action: "GetServiceQuota", code: "AccessDeniedException", status: 400 })
      assert.strictEqual((yield* Effect.flip(cloud.noQuota!(offer))).code, "AccessDeniedException")
      yield* calm
      yield* Effect.promise(() => moto().strict("PUT", "quotas", { "us-east-1": { "L-1216C47A": 0, "L-34B43A08": 5 } }))
      assert.strictEqual(yield* why, "the account's quota of standard instances is 0 in us-east-1 (L-1216C47A)")
      assert.isNull(yield* spot)
      const before = yield* asked
      assert.include(yield* why, "is 0")
      assert.isNull(yield* spot)
      assert.strictEqual(yield* asked, before)
      assert.strictEqual((yield* Effect.flip(elsewhere)).code, "NoSuchResourceException")
      // Who was granted some has it looked at anew by a check.
      yield* Effect.promise(() => moto().strict("PUT", "quotas", { "us-east-1": { "L-1216C47A": 32 } }))
      assert.include(yield* why, "is 0")
      cloud.doubt!()
      assert.strictEqual(yield* why, "")
    }).pipe(Effect.scoped)
  )

  it.live("leaves the SDK where it is until somebody has credentials and asks", () =>
    Effect.gen(function* () {
      const { cloud } = yield* one
      const home = yield* tempFolder
      const saved = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("AWS_") || name === "HOME"))
      for (const name of Object.keys(saved)) if (name !== "HOME") delete process.env[name]
      process.env["HOME"] = home
      assert.include(yield* cloud.whyNot!, "there are no credentials")
      assert.isTrue(cloud.isForbidden!())
      assert.isNull(yield* cloud.identity)
      assert.isFalse(existsSync(join(home, ".aws")))
      Object.assign(process.env, saved)
    }).pipe(Effect.scoped)
  )
})

describeWithMoto("what there is, under a mistake in config.yaml", () => {
  it.live.each(["aws: {labels: 5}", "aws: ["])("is told, and can be ended: %s", (mistake) =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0])
      const [node] = yield* cloud.provision(asked)
      writeFileSync(join(home, "config.yaml"), mistake)
      assert.isNotNull(yield* cloud.whyNot!)
      assert.isTrue(cloud.isMisset!())
      assert.isNotNull(yield* cloud.identity)
      const { owned, unclear } = yield* cloud.tagged!(asked.tags.log)
      assert.deepStrictEqual([owned.map(({ host }) => host), unclear], [[node!.host], []])
      yield* cloud.terminate(refOf(asked, node!))
      assert.lengthOf(yield* live, 0)
    }).pipe(Effect.scoped)
  )
})
