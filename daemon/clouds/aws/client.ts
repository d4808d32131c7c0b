/**
 * EC2, STS, Service Quotas and Systems Manager through AWS's own SDK, which is loaded when somebody has credentials and asks. Credentials,
 * profiles, SSO, region and endpoint are the SDK's affair. What is read may be retried by it, with full jitter; what makes machines is
 * called once, and its caller knows what that means.
 */
import { homedir } from "node:os"
import { join } from "node:path"
import type { EC2 } from "@aws-sdk/client-ec2"
import type { ServiceQuotas } from "@aws-sdk/client-service-quotas"
import type { SSM } from "@aws-sdk/client-ssm"
import type { STS } from "@aws-sdk/client-sts"
import * as Effect from "effect/Effect"
import { stampsOf } from "../../home/small-file.ts"
import type { CloudError } from "../Cloud.ts"
import { errorOf } from "./errors.ts"
import { ownAnswersOnly, ownList } from "./own-answers.ts"
import { withWayOn } from "./way-on.ts"

/** Tries of what only reads or ends. The SDK waits in between, up to 20 s, by chance. */
const attemptsMax = 8
const connectMaxMs = 5_000
const answerMaxMs = 60_000
const regionDefault = "us-east-1"

interface Asked {
  readonly abortSignal: AbortSignal
}

export interface Aws {
  /** `what` as EC2 calls it. Made again by the SDK where that may help. */
  readonly ask: <A>(region: string, what: string, call: (ec2: EC2, asked: Asked) => Promise<A>) => Effect.Effect<A, CloudError>
  /** Made once: what it may have done before an error, the caller finds out. */
  readonly once: <A>(region: string, what: string, call: (ec2: EC2, asked: Asked) => Promise<A>) => Effect.Effect<A, CloudError>
  /** What a region's quotas are. */
  readonly quotas: <A>(region: string, call: (quotas: ServiceQuotas, asked: Asked) => Promise<A>) => Effect.Effect<A, CloudError>
  /** What a region's parameters hold. */
  readonly parameters: <A>(region: string, call: (ssm: SSM, asked: Asked) => Promise<A>) => Effect.Effect<A, CloudError>
  readonly sts: <A>(call: (sts: STS, asked: Asked) => Promise<A>) => Effect.Effect<A, CloudError>
  /** Where what is of no region is asked. */
  readonly home: Effect.Effect<string>
  /** Changes when the user's credentials may be others. */
  readonly fingerprint: Effect.Effect<string>
  /** And besides by what key requests are signed now: a process that hands out credentials changes no file when it hands out others. */
  readonly keyNow: Effect.Effect<string>
}

const load = async () => {
  const sdk = await import("./sdk.ts")
  // Credentials that expire and files that are written anew: the SDK keeps what it has read of a file for as long as it runs.
  const provider = sdk.defaultProvider({ ignoreCache: true })
  const common = {
    credentials: provider,
    requestHandler: { connectionTimeout: connectMaxMs, requestTimeout: answerMaxMs, throwOnRequestTimeout: true }
  }
  const region = await new sdk.STS({}).config.region().catch(() => process.env["AWS_DEFAULT_REGION"] || regionDefault)
  const clients = new Map<string, EC2>()
  const ec2At = (at: string, maxAttempts: number): EC2 => {
    const key = `${at} ${maxAttempts}`
    const known = clients.get(key) ?? ownAnswersOnly(new sdk.EC2({ ...common, region: at, maxAttempts }))
    clients.set(key, known)
    return known
  }
  const quotas = new Map<string, ServiceQuotas>()
  const quotasAt = (at: string): ServiceQuotas => {
    const known = quotas.get(at) ?? new sdk.ServiceQuotas({ ...common, region: at, maxAttempts: attemptsMax })
    quotas.set(at, known)
    return known
  }
  const parameters = new Map<string, SSM>()
  const parametersAt = (at: string): SSM => {
    const known = parameters.get(at) ?? new sdk.SSM({ ...common, region: at, maxAttempts: attemptsMax })
    parameters.set(at, known)
    return known
  }
  /** Of those that are about to expire the SDK gives the old ones once more, while it gets itself others. */
  const keyId = async () => {
    const now = await provider()
    return (sdk.credentialsTreatedAsExpired(now) ? await provider({ forceRefresh: true }) : now).accessKeyId
  }
  const sts = ownAnswersOnly(new sdk.STS({ ...common, region, maxAttempts: attemptsMax }))
  return { keyId, region, ec2At, quotasAt, parametersAt, sts }
}

/** The files that the SDK reads, and when they were written. */
const filesNow = (): Promise<string> => {
  const folder = join(process.env["HOME"] || homedir(), ".aws")
  return stampsOf([
    process.env["AWS_SHARED_CREDENTIALS_FILE"] || join(folder, "credentials"),
    process.env["AWS_CONFIG_FILE"] || join(folder, "config"),
    join(folder, "sso", "cache")
  ])
}

export const makeAws = (): Aws => {
  let last: { readonly seen: string; readonly session: ReturnType<typeof load> } | undefined
  const session = async () => {
    const seen = await filesNow()
    if (last?.seen !== seen) {
      const next = { seen, session: load() }
      last = next
      // What failed is loaded anew by who asks next.
      next.session.catch(() => {
        if (last === next) last = undefined
      })
    }
    return last!.session
  }
  const asked = <A>(region: string, what: string, call: (asked: Asked) => Promise<A>, right?: string) =>
    Effect.tryPromise({
      try: async (abortSignal) => ownList(what, await call({ abortSignal })),
      catch: (error) => withWayOn(errorOf(error, what, region), process.env, right)
    })
  const ec2 = <A>(maxAttempts: number, region: string, what: string, call: (ec2: EC2, asked: Asked) => Promise<A>) =>
    asked(region, what, async (options) => call((await session()).ec2At(region, maxAttempts), options), `ec2:${what}`)
  return {
    ask: (region, what, call) => ec2(attemptsMax, region, what, call),
    once: (region, what, call) => ec2(1, region, what, call),
    quotas: (region, call) =>
      asked(
        region,
        "GetServiceQuota",
        async (options) => call((await session()).quotasAt(region), options),
        "servicequotas:GetServiceQuota"
      ),
    parameters: (region, call) =>
      asked(region, "GetParameters", async (options) => call((await session()).parametersAt(region), options), "ssm:GetParameters"),
    sts: (call) => asked("", "GetCallerIdentity", async (options) => call((await session()).sts, options)),
    home: Effect.promise(() =>
      session().then(
        ({ region }) => region,
        // Whoever asks there is told why nobody can be asked.
        () => regionDefault
      )
    ),
    fingerprint: Effect.promise(filesNow),
    keyNow: Effect.promise(async () => {
      const id = await session()
        .then(({ keyId }) => keyId())
        .catch(() => "")
      return `${id} ${await filesNow()}`
    })
  }
}
