/** What config.yaml names in EC2: whether it is there is said before a launch. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describeWithMoto } from "../tools/moto.ts"
import { awsScene } from "./aws-scene.ts"

const { moto, one, fault, calm } = awsScene()

const vpcIn = (region: string, name: string) =>
  Effect.promise(async () => {
    const TagSpecifications = [{ ResourceType: "vpc" as const, Tags: [{ Key: "Name", Value: name }] }]
    const { Vpc } = await moto().client(region).createVpc({ CidrBlock: "10.0.0.0/16", TagSpecifications })
    return Vpc!.VpcId!
  })
const groupIn = (region: string, VpcId: string, GroupName: string) =>
  Effect.promise(() => moto().client(region).createSecurityGroup({ GroupName, Description: "own", VpcId }))
const checked = Effect.fnUntraced(function* ({ cloud, home }: Effect.Success<typeof one>, config: string) {
  writeFileSync(join(home, "config.yaml"), `aws: ${config}\n`)
  cloud.doubt!()
  const why = yield* cloud.whyNot!
  return { why, isMisset: cloud.isMisset!(), warnings: yield* cloud.warnings! }
})
/** A region that does not answer in time counts as having it: asked until all have. */
const misset = (scene: Effect.Success<typeof one>, config: string) =>
  Effect.repeat(checked(scene, config), { until: ({ isMisset }) => isMisset, times: 8 })

describeWithMoto("EC2 with names in config.yaml", () => {
  it.live("is not had in a VPC that no region has, and is at once when one has it: which have it not is said", () =>
    Effect.gen(function* () {
      const scene = yield* one
      const nowhere = { isMisset: true, warnings: [] }
      const here = "us-east-1 has no VPC of the name 'lab' (aws.vpc_name in config.yaml)"
      const { why = "", ...more } = yield* misset(scene, "{vpc_name: lab}")
      assert.strictEqual(why?.replace(/\d+ more/, "many more"), `${here}; nor can many more regions be used`)
      assert.deepStrictEqual(more, nowhere)
      yield* vpcIn("us-west-2", "lab")
      // Who has mended it is not told to do so, and need not ask for a check before.
      assert.isNull(yield* scene.cloud.whyNot!)
      const found = yield* Effect.repeat(checked(scene, "{vpc_name: lab}"), {
        until: ({ warnings: [one = ""] }) => one.includes("; only "),
        times: 8
      })
      assert.deepStrictEqual(found, { why: null, isMisset: false, warnings: [`${here}; only us-west-2 can be used`] })
    }).pipe(Effect.scoped)
  )

  it.live("has no places in regions that lack it, and names those that can be used or cannot, whichever are fewer", () =>
    Effect.gen(function* () {
      const scene = yield* one
      const some = "{us-east-1: gate, us-east-2: gate, us-west-1: gate, us-west-2: gate, eu-west-1: gate}"
      const config = `{ssh_proxy_command: ${some}, vpc_name: lab}`
      const regionsFor = (infra: object) =>
        Effect.map(scene.cloud.offers({ resources: { cpus: 2, ...infra } }), ({ offers, ...more }) => ({
          regions: [...new Set(offers.map(({ region }) => region))].sort(),
          more
        }))
      yield* vpcIn("us-west-2", "lab")
      const lack = (region: string) => `${region} has no VPC of the name 'lab' (aws.vpc_name in config.yaml)`
      assert.deepStrictEqual((yield* checked(scene, config)).warnings, [`${lack("us-east-1")}; only us-west-2 can be used`])
      assert.deepStrictEqual(yield* regionsFor({}), { regions: ["us-west-2"], more: { reason: null } })
      const hint = "Mend it there, or name another region: which can be used says sky check aws"
      const refused = { regions: [], more: { reason: lack("us-east-2"), isMistaken: true, hint } }
      assert.deepStrictEqual(yield* regionsFor({ region: "us-east-2" }), refused)
      for (const region of ["us-east-1", "us-east-2"]) yield* vpcIn(region, "lab")
      // Who has mended it just now and goes there is not told to.
      assert.deepStrictEqual((yield* regionsFor({ region: "us-east-2" })).regions, ["us-east-2"])
      assert.deepStrictEqual((yield* checked(scene, config)).warnings, [`${lack("eu-west-1")}; nor can us-west-1 be used`])
      assert.deepStrictEqual((yield* regionsFor({})).regions, ["us-east-1", "us-east-2", "us-west-2"])
      yield* fault({ action: "DescribeVpcs", code: "AuthFailure", status: 403 })
      scene.cloud.doubt!()
      assert.lengthOf((yield* regionsFor({})).regions, 5, "what nobody says, a launch finds out")
    }).pipe(Effect.scoped)
  )

  it.live("says of the only region that may be used what a launch there says", () =>
    Effect.gen(function* () {
      const scene = yield* one
      const config = (more: string) => `{ssh_proxy_command: {us-east-1: ssh gate nc %h %p}, ${more}}`
      const { why } = yield* checked(scene, config("vpc_name: lab"))
      assert.strictEqual(why, "us-east-1 has no VPC of the name 'lab' (aws.vpc_name in config.yaml)")
      assert.strictEqual((yield* Effect.flip(scene.cloud.provision(scene.request([0])))).message, why)
      yield* vpcIn("us-west-2", "lab")
      assert.strictEqual((yield* checked(scene, config("vpc_name: lab"))).why, why)
      const vpc = yield* vpcIn("us-east-1", "lab")
      assert.deepStrictEqual(yield* checked(scene, config("vpc_name: lab")), { why: null, isMisset: false, warnings: [] })
      const grouped = yield* checked(scene, config("vpc_name: lab, security_group_name: web"))
      assert.strictEqual(
        grouped.why,
        `us-east-1 has no security group of the name 'web' in ${vpc} (aws.security_group_name in config.yaml)`
      )
    }).pipe(Effect.scoped)
  )

  it.live("is not had by a security group that no region's VPC has, also where the default one is meant", () =>
    Effect.gen(function* () {
      const scene = yield* one
      const { why } = yield* misset(scene, "{security_group_name: web}")
      const words =
        /^\S+ has no security group of the name 'web' in vpc-\w+ \(aws\.security_group_name in config\.yaml\); nor can \d+ more /
      assert.match(why ?? "", words)
      const vpc = yield* vpcIn("us-west-2", "lab")
      yield* groupIn("us-west-2", vpc, "web")
      yield* misset(scene, "{security_group_name: web}")
      assert.isNull((yield* checked(scene, "{vpc_name: lab, security_group_name: web}")).why)
    }).pipe(Effect.scoped)
  )

  it.live("is not refused for what nobody says: a launch finds out", () =>
    Effect.gen(function* () {
      const scene = yield* one
      assert.isNull(yield* scene.cloud.whyNot!)
      yield* fault({ action: "DescribeVpcs", code: "AuthFailure", status: 403 })
      writeFileSync(join(scene.home, "config.yaml"), "aws: {vpc_name: lab}\n")
      assert.isNull(yield* scene.cloud.whyNot!)
      yield* calm
      assert.isNotNull(yield* scene.cloud.whyNot!)
    }).pipe(Effect.scoped)
  )
})
