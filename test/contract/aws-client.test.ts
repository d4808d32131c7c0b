/** Calls of AWS's SDK that nobody waits for any more, and whose they are. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { makeAccess } from "../../daemon/clouds/aws/access.ts"
import { makeAws } from "../../daemon/clouds/aws/client.ts"
import { describeWithMoto, Moto } from "../tools/moto.ts"
import { givenUpUnsent } from "./given-up.ts"

describeWithMoto("a call of EC2", () => {
  let moto: Moto
  beforeAll(async () => {
    moto = await Moto.start()
    Object.assign(process.env, moto.env)
  })
  afterAll(() => moto.end())

  it.live("that is given up before it was sent is not sent, and ends nothing but itself", () =>
    Effect.gen(function* () {
      const aws = makeAws()
      yield* givenUpUnsent<Parameters<Parameters<typeof aws.once<unknown>>[2]>>(
        (call) => aws.once("us-east-1", "CreateSecurityGroup", (...client) => call(client)),
        ([ec2, asked]) => ec2.createSecurityGroup({ GroupName: "late", Description: "late" }, asked)
      )
      const { SecurityGroups = [] } = yield* Effect.promise(() => moto.client("us-east-1").describeSecurityGroups({}))
      assert.notInclude(
        SecurityGroups.map(({ GroupName }) => GroupName),
        "late"
      )
    })
  )

  it.live("is signed by what a process hands out now, and the identity is that one's: no file has changed", () => {
    const home = mkdtempSync(join(tmpdir(), "aws-"))
    const file = join(home, "handed-out.json")
    const handOut = (AccessKeyId: string, SecretAccessKey: string, SessionToken?: string) => {
      // So soon that it is asked with each call.
      const Expiration = new Date(Date.now() + 60_000).toISOString()
      writeFileSync(file, JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey, SessionToken, Expiration }))
    }
    const before = { ...process.env }
    mkdirSync(join(home, ".aws"))
    writeFileSync(join(home, ".aws/config"), `[default]\nregion = us-east-1\ncredential_process = /bin/cat ${file}\n`)
    Object.assign(process.env, { HOME: home })
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) delete process.env[name]
    return Effect.gen(function* () {
      handOut("testing", "testing")
      const { identity } = makeAccess(makeAws(), () => Effect.void)
      const [, account] = (yield* identity) ?? []
      assert.strictEqual(account, "123456789012")
      const { STS } = createRequire(import.meta.url)("@aws-sdk/client-sts")
      const sts = new STS({ endpoint: moto.url, region: "us-east-1", credentials: { accessKeyId: "testing", secretAccessKey: "testing" } })
      const role = { RoleArn: "arn:aws:iam::222222222222:role/x", RoleSessionName: "y" }
      const { Credentials } = yield* Effect.promise<{ readonly Credentials: Record<string, string> }>(() => sts.assumeRole(role))
      const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials
      handOut(AccessKeyId!, SecretAccessKey!, SessionToken)
      const [, other] = (yield* identity) ?? []
      assert.strictEqual(other, "222222222222")
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          Object.assign(process.env, before)
          rmSync(home, { recursive: true })
        })
      )
    )
  })
})
