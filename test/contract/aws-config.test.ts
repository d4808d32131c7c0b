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
      const why = /^[a-z]+(-[a-z]+)+-\d has no VPC of the name 'lab' \(aws\.vpc_name in config\.yaml\); nor can \d+ more regions be used$/
      const { why: told, ...more } = yield* misset(scene, "{vpc_name: lab}")
      assert.match(told ?? "", why)
      assert.deepStrictEqual(more, nowhere)
      yield* vpcIn("us-west-2", "lab")
      // Who has mended it is not told to do so, and need not ask for a check before.
      assert.isNull(yield* scene.cloud.whyNot!)
      const found = yield* checked(scene, "{vpc_name: lab}")
      assert.deepInclude(found, { why: null, isMisset: false })
      assert.lengthOf(found.warnings, 1)
      assert.match(found.warnings[0]!, why)
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
