/** Which clouds can be used, and as whom. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Cloud, CloudError } from "../../../daemon/clouds/Cloud.ts"
import { cloudAnswers } from "../../../daemon/queries/clouds.ts"

const cloud = (name: string, identity: Cloud["identity"], why: string | null = null) =>
  [name, { name, identity, whyNot: Effect.succeed(why) } as unknown as Cloud] as const
const denied = new CloudError({ kind: "Transient", code: "ExpiredToken", message: "the token has expired" })
const { check } = cloudAnswers(
  new Map([
    cloud("local", Effect.succeed(null)),
    cloud("aws", Effect.succeed(["AIDA1", "123456789012"])),
    cloud("gcp", Effect.fail(denied)),
    cloud("ssh", Effect.die("nobody asks"), "there is no file")
  ])
)

it.effect("each cloud that can be used says as whom, where that is asked, or why that cannot be told", () =>
  Effect.gen(function* () {
    const { clouds } = yield* check({ identity: true })
    const none = { enabled: true, reason: null, warnings: [] }
    assert.deepStrictEqual(clouds, [
      { cloud: "local", ...none, identity: null },
      { cloud: "aws", ...none, identity: ["AIDA1", "123456789012"] },
      { cloud: "gcp", ...none, identity: null, warnings: ["Who the credentials of GCP are cannot be told: the token has expired"] },
      { cloud: "ssh", enabled: false, reason: "there is no file", warnings: [] }
    ])
    assert.deepStrictEqual((yield* check({ clouds: ["AWS"] })).clouds, [{ cloud: "aws", ...none }])
  })
)

it.effect("who asks is told what is so now, not what was kept of the last look", () =>
  Effect.gen(function* () {
    const seen = { why: null as string | null }
    const now = "its credentials may not ec2:RunInstances"
    const aws = { name: "aws", identity: Effect.succeed(null), whyNot: Effect.sync(() => seen.why), doubt: () => (seen.why = now) }
    const { clouds } = yield* cloudAnswers(new Map([["aws", aws as unknown as Cloud]])).check({})
    assert.deepStrictEqual(clouds, [{ cloud: "aws", enabled: false, reason: now, warnings: [] }])
  })
)
