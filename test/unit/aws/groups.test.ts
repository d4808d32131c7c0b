/** Groups of machines are made one at a time, so that none is made twice, and a region that does not answer keeps no other waiting. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { Aws } from "../../../daemon/clouds/aws/client.ts"
import { makeGroups } from "../../../daemon/clouds/aws/groups.ts"

const silent = "us-west-2"
const groupsOf = () => {
  const made: Array<string> = []
  const ec2 = (region: string) => ({
    describeSecurityGroups: async () => ({}),
    createSecurityGroup: async ({ GroupName }: { readonly GroupName: string }) => {
      made.push(`${region} ${GroupName}`)
      return { GroupId: `sg-${made.length}` }
    },
    authorizeSecurityGroupIngress: async () => ({})
  })
  const ask = (region: string, _: string, call: (ec2: never, asked: never) => Promise<unknown>) =>
    region === silent ? Effect.never : Effect.promise(() => call(ec2(region) as never, {} as never))
  return { made, groups: makeGroups({ ask } as unknown as Aws) }
}

it.live("a region that does not answer keeps no other region's machines waiting", () =>
  Effect.gen(function* () {
    const { groups, made } = groupsOf()
    const waiting = yield* Effect.forkChild(groups.ofFolder(silent, "vpc-1", "f"), { startImmediately: true })
    assert.strictEqual(yield* Effect.timeout(groups.ofFolder("us-east-1", "vpc-1", "f"), "2 seconds"), "sg-1")
    assert.deepStrictEqual(made, ["us-east-1 skyd-f"])
    yield* Fiber.interrupt(waiting)
  })
)
it.effect("of one region they are made one at a time: who comes second has the same one", () =>
  Effect.gen(function* () {
    const { groups, made } = groupsOf()
    const both = Effect.all([groups.ofFolder("us-east-1", "vpc-1", "f"), groups.ofFolder("us-east-1", "vpc-1", "f")], { concurrency: 2 })
    assert.deepStrictEqual(yield* both, ["sg-1", "sg-1"])
    assert.lengthOf(made, 1)
  })
)
