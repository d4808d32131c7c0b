/** What EC2 holds that tags tell whose it is: found in all regions, and removed. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describeWithMoto } from "../tools/moto.ts"
import { tempFolder } from "../unit/sync/tree.ts"
import { awsScene } from "./aws-scene.ts"
import { makeTags, makeToken } from "./cloud-nodes.ts"

const { moto, daemonOver, fault } = awsScene()

const made = Effect.flatMap(tempFolder, daemonOver)
const tagsOf = ({ cluster, clusterName, log }: ReturnType<typeof makeTags>) =>
  Object.entries({ "skyd-log": log, "skyd-cluster": cluster, "skyd-cluster-name": clusterName }).map(([Key, Value]) => ({ Key, Value }))
const diskIn = (region: string, tags: ReturnType<typeof makeTags>) =>
  Effect.promise(async () => {
    const TagSpecifications = [{ ResourceType: "volume" as const, Tags: tagsOf(tags) }]
    return (
      await moto()
        .client(region)
        .createVolume({ AvailabilityZone: `${region}a`, Size: 8, TagSpecifications })
    ).VolumeId!
  })

describeWithMoto("what EC2 holds", () => {
  it.live("is found in all regions, with its price and what is needed to reach it, and apart from what others have", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const [ours, theirs] = [makeTags(), makeTags()]
      const offer = (infra: string, spot: boolean) =>
        Effect.map(cloud.offers({ resources: { infra, instance_type: "m6i.large", use_spot: spot } }), ({ offers }) => offers[0]!)
      const far = yield* offer("aws/eu-west-1/eu-west-1a", true)
      const [node] = yield* cloud.provision({ tags: ours, token: makeToken(), ranks: [0], offer: far })
      const near = yield* offer("aws/us-east-1/us-east-1a", false)
      const machine = { ports: ["8080"] }
      yield* cloud.provision({ tags: theirs, token: makeToken(), ranks: [0], offer: near, machine })
      const { owned, remnants, unclear } = yield* cloud.tagged!(ours.log)
      assert.deepStrictEqual([owned.length, remnants, unclear], [1, [], []])
      assert.deepInclude(owned[0], { ...node!, region: "eu-west-1", zone: "eu-west-1a", state: "running", offer: far })
      const all = yield* cloud.tagged!(null)
      assert.sameMembers(
        all.owned.map(({ tags }) => tags.log),
        [ours.log, theirs.log]
      )
      assert.deepStrictEqual(
        all.remnants.map(({ kind, tags }) => [kind, tags]),
        [["group", theirs]]
      )
    }).pipe(Effect.scoped)
  )

  it.live("of disks is only what no machine has; it is removed, and again without harm", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const tags = makeTags()
      const { offers } = yield* cloud.offers({ resources: { infra: "aws/us-east-1/us-east-1a" } })
      yield* cloud.provision({ tags, token: makeToken(), ranks: [0], offer: offers[0]! })
      const disk = yield* diskIn("us-west-2", tags)
      const { remnants } = yield* cloud.tagged!(tags.log)
      assert.deepStrictEqual(
        remnants.map(({ id, kind, region }) => [kind, id, region]),
        [["disk", disk, "us-west-2"]]
      )
      yield* cloud.remove!(remnants[0]!)
      yield* cloud.remove!(remnants[0]!)
      assert.deepStrictEqual((yield* cloud.tagged!(tags.log)).remnants, [])
    }).pipe(Effect.scoped)
  )

  it.live("of a cluster that never had a machine is nothing once that is cleared, which may be done again", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const tags = makeTags()
      const { offers } = yield* cloud.offers({ resources: { infra: "aws/us-east-1/us-east-1a" } })
      yield* fault({ action: "RunInstances", code: "InternalError", status: 500 })
      const request = { tags, token: makeToken(), ranks: [0], offer: offers[0]!, machine: { ports: ["8080"] } }
      assert.strictEqual((yield* Effect.flip(cloud.provision(request))).kind, "Transient")
      assert.lengthOf((yield* cloud.tagged!(tags.log)).remnants, 1)
      yield* cloud.clear!(tags, ["us-east-1"])
      yield* cloud.clear!(tags, ["us-east-1"])
      assert.deepStrictEqual((yield* cloud.tagged!(tags.log)).remnants, [])
    }).pipe(Effect.scoped)
  )

  it.live("of open ports goes with its cluster in each region, where images may not be looked at", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const tags = makeTags()
      yield* fault({ action: "RunInstances", code: "InternalError", status: 500 })
      for (const region of ["us-east-1", "us-west-2"]) {
        const { offers } = yield* cloud.offers({ resources: { infra: `aws/${region}/${region}a` } })
        const request = { tags, token: makeToken(), ranks: [0], offer: offers[0]!, machine: { ports: ["8080"] } }
        yield* Effect.flip(cloud.provision(request))
      }
      yield* fault({ action: "DescribeImages", code: "UnauthorizedOperation", status: 403 })
      const groups = Effect.map(cloud.tagged!(tags.log), ({ remnants }) => remnants.filter(({ kind }) => kind === "group"))
      const refused = yield* Effect.flip(cloud.clear!(tags, ["us-east-1", "us-west-2"]))
      assert.deepInclude(refused, { kind: "Refused" })
      yield* Effect.promise(() => moto().strict("DELETE", "faults"))
      assert.deepStrictEqual(yield* groups, [])
    }).pipe(Effect.scoped)
  )

  it.live("of a disk that was copied, there or in another region, is the copy alone: what it was made by is gone", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const offer = (infra: string) => Effect.map(cloud.offers({ resources: { infra } }), ({ offers }) => offers[0]!)
      const [from, source] = [yield* offer("aws/us-east-1/us-east-1a"), makeTags()]
      const [head] = yield* cloud.provision({ tags: source, token: makeToken(), ranks: [0], offer: from })
      yield* cloud.stop({ tags: source, region: from.region, zone: from.zone, ...head! })
      const { cluster, clusterName } = source
      const clone = { cloud: "aws", region: "us-east-1", cluster, clusterName, node: head!.node, host: head!.host, gib: 256 }
      for (const infra of ["aws/us-east-1/us-east-1b", "aws/us-west-2/us-west-2a"]) {
        const tags = makeTags()
        const request = { tags, token: makeToken(), ranks: [0], offer: yield* offer(infra), machine: { clone } }
        // The copy is not made twice, whatever becomes of the launch.
        yield* fault({ action: "RunInstances", code: "InternalError", status: 500, times: 1 })
        assert.strictEqual((yield* Effect.flip(cloud.provision(request))).kind, "Transient")
        const [copy] = (yield* cloud.tagged!(tags.log)).remnants.filter(({ kind }) => kind === "image").slice(-1)
        const [node] = yield* cloud.provision(request)
        const calls = yield* Effect.promise(() => moto().calls("RunInstances"))
        assert.strictEqual(calls.at(-1)!.params["ImageId"], copy!.id)
        assert.deepStrictEqual(yield* cloud.provision(request), [node!])
        assert.deepStrictEqual((yield* cloud.tagged!(tags.log)).remnants, [])
      }
      const count = (action: string) =>
        Effect.map(
          Effect.promise(() => moto().calls(action)),
          (all) => all.length
        )
      assert.deepStrictEqual([yield* count("CreateImage"), yield* count("CopyImage")], [2, 1])
    }).pipe(Effect.scoped)
  )

  it.live("of a disk that was copied goes where nothing was had for it once another region is asked, which may be the same one later", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const offer = (region: string) =>
        Effect.map(cloud.offers({ resources: { infra: `aws/${region}/${region}a` } }), ({ offers }) => offers[0]!)
      const [source, tags] = [makeTags(), makeTags()]
      const [head] = yield* cloud.provision({ tags: source, token: makeToken(), ranks: [0], offer: yield* offer("us-east-1") })
      const { cluster, clusterName } = source
      const clone = { cloud: "aws", region: "us-east-1", cluster, clusterName, node: head!.node, host: head!.host, gib: 256 }
      const ask = (region: string, leftRegions: ReadonlyArray<string>) =>
        Effect.flatMap(offer(region), (place) =>
          Effect.flip(cloud.provision({ tags, token: makeToken(), ranks: [0], offer: place, machine: { clone }, leftRegions }))
        )
      const copies = Effect.map(cloud.tagged!(tags.log), ({ remnants }) =>
        remnants.flatMap(({ kind, region }) => (kind === "image" ? [region] : [])).sort()
      )
      yield* fault({ action: "RunInstances", code: "InsufficientInstanceCapacity", status: 500 })
      yield* ask("us-west-2", [])
      assert.deepStrictEqual(yield* copies, ["us-east-1", "us-west-2"])
      yield* ask("eu-west-1", ["us-west-2"])
      assert.deepStrictEqual(yield* copies, ["eu-west-1", "us-east-1"])
      yield* ask("us-west-2", ["eu-west-1"])
      assert.deepStrictEqual(yield* copies, ["us-east-1", "us-west-2"])
      const tokens = (yield* Effect.promise(() => moto().calls("CopyImage"))).map(({ params }) => params["ClientToken"])
      assert.lengthOf(new Set(tokens), 3, "EC2 tells what it made under a token before, which is gone")
    }).pipe(Effect.scoped)
  )

  it.live("of a copy that came to nothing is cleared with its cluster; the machine that it was to be of may be gone", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const [{ offers }, tags, source] = [yield* cloud.offers({ resources: { infra: "aws/us-east-1/us-east-1a" } }), makeTags(), makeTags()]
      const [head] = yield* cloud.provision({ tags: source, token: makeToken(), ranks: [0], offer: offers[0]! })
      const { cluster, clusterName } = source
      const clone = { cloud: "aws", region: "us-east-1", cluster, clusterName, node: head!.node, host: head!.host, gib: 256 }
      const request = { tags, token: makeToken(), ranks: [0], offer: offers[0]!, machine: { clone } }
      yield* fault({ action: "RunInstances", code: "InsufficientInstanceCapacity", status: 500, times: 1 })
      assert.strictEqual((yield* Effect.flip(cloud.provision(request))).kind, "Refused")
      assert.isNotEmpty((yield* cloud.tagged!(tags.log)).remnants)
      yield* cloud.clear!(tags, ["us-east-1", "us-west-2"])
      assert.deepStrictEqual((yield* cloud.tagged!(tags.log)).remnants, [])
      const lost = { ...request, tags: makeTags(), token: makeToken(), machine: { clone: { ...clone, host: "i-00000000000000001" } } }
      assert.deepInclude(yield* Effect.flip(cloud.provision(lost)), { kind: "Refused", scope: "everywhere" })
    }).pipe(Effect.scoped)
  )

  it.live(
    "of a thousand machines is looked at, and found, by a handful of calls",
    () =>
      Effect.gen(function* () {
        const cloud = yield* made
        const [tags, count] = [makeTags(), 250]
        const { offers } = yield* cloud.offers({ resources: { infra: "aws/us-east-1/us-east-1a" } })
        const ranks = Array.from({ length: count }, (_, rank) => rank)
        const gangs = Array.from({ length: 4 }, () => ({ tags, token: makeToken(), ranks, offer: offers[0]! }))
        const nodes = yield* Effect.forEach(gangs, cloud.provision)
        const refs = nodes.flat().map((node) => ({ tags, region: "us-east-1", zone: "us-east-1a", ...node }))
        yield* Effect.promise(() => moto().strict("DELETE", "calls"))
        // As a refresh asks: cluster by cluster, all at a time.
        const looks = Array.from({ length: count * 4 }, (_, i) => cloud.query([refs[i]!]))
        const states = yield* Effect.all(looks, { concurrency: 256 })
        assert.isTrue(states.flat().every(({ state }) => state === "running"))
        assert.isAtMost((yield* Effect.promise(() => moto().calls())).length, 12)
      }).pipe(Effect.scoped),
    120_000
  )

  it.live("in a region that does not answer is not known, and that is said beside what the others hold", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const tags = makeTags()
      const disk = yield* diskIn("us-west-2", tags)
      yield* fault(
        { action: "DescribeInstances", match: { region: "eu-west-1" }, code: "UnauthorizedOperation", status: 403 },
        { action: "DescribeVolumes", match: { region: "us-east-2" }, code: "UnauthorizedOperation", status: 403 }
      )
      const { remnants, unclear } = yield* cloud.tagged!(tags.log)
      assert.deepStrictEqual(
        remnants.map(({ id }) => id),
        [disk]
      )
      assert.lengthOf(unclear, 2)
      assert.match(unclear[0]!, /^eu-west-1 is not looked at: .*UnauthorizedOperation, DescribeInstances in eu-west-1/)
      assert.match(unclear[1]!, /^disks in us-east-2 are not looked at: .*UnauthorizedOperation, DescribeVolumes in us-east-2/)
    }).pipe(Effect.scoped)
  )

  it.live("and may not be listed anywhere is said in one sentence, with the right that is missing; the rest is told", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const tags = makeTags()
      yield* fault({ action: "RunInstances", code: "InternalError", status: 500 })
      const { offers } = yield* cloud.offers({ resources: { infra: "aws/us-east-1/us-east-1a" } })
      yield* Effect.flip(cloud.provision({ tags, token: makeToken(), ranks: [0], offer: offers[0]!, machine: { ports: ["8080"] } }))
      yield* fault({ action: "DescribeVolumes", code: "UnauthorizedOperation", message: "You may not.", status: 403 })
      const { remnants, unclear } = yield* cloud.tagged!(tags.log)
      assert.deepStrictEqual(
        remnants.map(({ kind }) => kind),
        ["group"]
      )
      assert.lengthOf(unclear, 1)
      const words =
        /^disks in [a-z0-9-]+, [a-z0-9-]+, [a-z0-9-]+ and \d+ more regions are not looked at: You may not \(UnauthorizedOperation, DescribeVolumes\): allow them ec2:DescribeVolumes; all that they may not: sky check aws$/
      assert.match(unclear[0]!, words)
    }).pipe(Effect.scoped)
  )

  it.live("cannot be told with credentials that have expired: that is said once, with the way on", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      yield* fault({ action: "Describe*", code: "ExpiredToken", message: "The token has expired.", status: 403 })
      assert.match(
        (yield* Effect.flip(cloud.tagged!(makeTags().log))).message,
        /^The token has expired \(ExpiredToken, .*: AWS_ACCESS_KEY_ID is set: /
      )
      yield* Effect.promise(() => moto().strict("DELETE", "faults"))
      yield* fault({ action: "DescribeInstances", code: "ExpiredToken", message: "The token has expired.", status: 403 })
      const { unclear } = yield* cloud.tagged!(makeTags().log)
      assert.lengthOf(unclear, 1)
      assert.match(
        unclear[0]!,
        /more regions are not looked at: The token has expired \(ExpiredToken, DescribeInstances\): AWS_ACCESS_KEY_ID is set: /
      )
    }).pipe(Effect.scoped)
  )

  it.live("may be listed less well where the account allows less: a cluster can be launched all the same", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      yield* fault({ action: "*Volume*", code: "UnauthorizedOperation", status: 403 })
      assert.isNull(yield* cloud.whyNot!)
      const warning = "its credentials may not ec2:DescribeVolumes, ec2:DeleteVolume: sky leaks does not see all, or no disk can be cloned"
      assert.deepStrictEqual(yield* cloud.warnings!, [warning])
    }).pipe(Effect.scoped)
  )

  it.live("and whether a right is there are asked again where EC2 wants it slower, or does not answer: nothing is taken for allowed", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const denied = { action: "DeleteVolume", code: "UnauthorizedOperation", status: 403 }
      yield* fault({ action: "DeleteVolume", code: "RequestLimitExceeded", status: 503, times: 2 }, denied)
      assert.isNull(yield* cloud.whyNot!)
      assert.include((yield* cloud.warnings!)[0], "ec2:DeleteVolume")
      yield* Effect.promise(() => moto().strict("DELETE", "faults"))
      yield* fault({ action: "RunInstances", drop: true })
      const other = yield* made
      assert.include(yield* other.whyNot!, "RunInstances")
    }).pipe(Effect.scoped)
  )

  it.live("is seen where no machine may be made, and what that right is for is not told as another loss", () =>
    Effect.gen(function* () {
      const cloud = yield* made
      const tags = makeTags()
      const disk = yield* diskIn("us-east-2", tags)
      yield* fault({ action: "RunInstances", code: "UnauthorizedOperation", status: 403 })
      assert.strictEqual(yield* cloud.whyNot!, "its credentials may not ec2:RunInstances (us-east-1)")
      assert.deepStrictEqual(yield* cloud.warnings!, [])
      assert.isTrue(cloud.isForbidden!())
      const { remnants, unclear } = yield* cloud.tagged!(tags.log)
      assert.deepStrictEqual([remnants.map(({ id }) => id), unclear], [[disk], []])
    }).pipe(Effect.scoped)
  )
})
