/**
 * Whether AWS can be used: whose the credentials are, which regions the account has, and what it may do there, by calls that change
 * nothing.
 */
import { existsSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import type { EC2 } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { portOfSsh } from "../../remote/Target.ts"
import { keptIdentity } from "../../rented/identity.ts"
import { makeSight } from "../../rented/sight.ts"
import type { CloudError } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import { isThrottled } from "./errors.ts"
import { denied } from "./way-on.ts"

const variables = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CONFIG_FILE"
]

/** A machine of EC2's own has credentials by its role. */
const isOnEc2 = () => {
  try {
    return readFileSync("/sys/class/dmi/id/sys_vendor", "utf8").startsWith("Amazon EC2")
  } catch {
    return false
  }
}

/** Whether it is worth asking: the SDK is not loaded, and nobody waits, where there is no sign of an account. */
const hasSigns = () => {
  const folder = join(process.env["HOME"] || homedir(), ".aws")
  return (
    variables.some((name) => Boolean(process.env[name])) ||
    ["credentials", "config"].some((name) => existsSync(join(folder, name))) ||
    isOnEc2()
  )
}

type Try = (ec2: EC2, asked: { readonly abortSignal: AbortSignal }) => Promise<unknown>
const DryRun = true
const instance = { InstanceIds: ["i-00000000000000000"], DryRun }
const image = { ImageId: "ami-00000000000000000", DryRun }
const group = { GroupId: "sg-00000000000000000", DryRun }
/** What a cluster's life takes; the name of each is the permission's, after `ec2:`. Those that only read come first. */
export const permissions: Readonly<Record<string, Try>> = {
  DescribeRegions: (ec2, asked) => ec2.describeRegions({ DryRun }, asked),
  DescribeAvailabilityZones: (ec2, asked) => ec2.describeAvailabilityZones({ DryRun }, asked),
  DescribeInstances: (ec2, asked) => ec2.describeInstances({ DryRun }, asked),
  DescribeInstanceTypes: (ec2, asked) => ec2.describeInstanceTypes({ InstanceTypes: ["t3.nano"], DryRun }, asked),
  DescribeImages: (ec2, asked) => ec2.describeImages({ DryRun, Owners: ["self"] }, asked),
  DescribeVpcs: (ec2, asked) => ec2.describeVpcs({ DryRun }, asked),
  DescribeSubnets: (ec2, asked) => ec2.describeSubnets({ DryRun }, asked),
  DescribeRouteTables: (ec2, asked) => ec2.describeRouteTables({ DryRun }, asked),
  DescribeSecurityGroups: (ec2, asked) => ec2.describeSecurityGroups({ DryRun }, asked),
  CreateSecurityGroup: (ec2, asked) => ec2.createSecurityGroup({ GroupName: "skyd-dry-run", Description: "skyd", DryRun }, asked),
  AuthorizeSecurityGroupIngress: (ec2, asked) =>
    ec2.authorizeSecurityGroupIngress({ ...group, IpProtocol: "tcp", FromPort: portOfSsh, ToPort: portOfSsh, CidrIp: "0.0.0.0/0" }, asked),
  DeleteSecurityGroup: (ec2, asked) => ec2.deleteSecurityGroup(group, asked),
  CreateTags: (ec2, asked) => ec2.createTags({ Resources: instance.InstanceIds, Tags: [{ Key: "skyd-log", Value: "" }], DryRun }, asked),
  RunInstances: (ec2, asked) =>
    ec2.runInstances({ MinCount: 1, MaxCount: 1, InstanceType: "t3.nano", ImageId: "ami-00000000000000000", DryRun }, asked),
  StartInstances: (ec2, asked) => ec2.startInstances(instance, asked),
  StopInstances: (ec2, asked) => ec2.stopInstances(instance, asked),
  TerminateInstances: (ec2, asked) => ec2.terminateInstances(instance, asked),
  ModifyInstanceAttribute: (ec2, asked) =>
    ec2.modifyInstanceAttribute(
      { InstanceId: instance.InstanceIds[0]!, InstanceInitiatedShutdownBehavior: { Value: "stop" }, DryRun },
      asked
    ),
  DescribeVolumes: (ec2, asked) => ec2.describeVolumes({ DryRun }, asked),
  DeleteVolume: (ec2, asked) => ec2.deleteVolume({ VolumeId: "vol-00000000000000000", DryRun }, asked),
  CreateImage: (ec2, asked) => ec2.createImage({ InstanceId: instance.InstanceIds[0]!, Name: "skyd-dry-run", DryRun }, asked),
  CopyImage: (ec2, asked) =>
    ec2.copyImage({ SourceRegion: "us-east-1", SourceImageId: image.ImageId, Name: "skyd-dry-run", DryRun }, asked),
  DeregisterImage: (ec2, asked) => ec2.deregisterImage(image, asked),
  DescribeSnapshots: (ec2, asked) => ec2.describeSnapshots({ OwnerIds: ["self"], DryRun }, asked),
  DeleteSnapshot: (ec2, asked) => ec2.deleteSnapshot({ SnapshotId: "snap-00000000000000000", DryRun }, asked)
}
/** Clusters can be had without these: what is lost with them is said. */
const forMore = ["DescribeVolumes", "DeleteVolume", "CreateImage", "CopyImage", "DeregisterImage", "DescribeSnapshots", "DeleteSnapshot"]
const dryRunsAtOnce = 6

/** Of a call that comes too fast, or has no answer. Who goes on being told the one may do it, as far as is known. */
const slower = { times: 3, schedule: Schedule.spaced("500 millis") }

/** What EC2 says of things that are not there, or of calls that come too fast, is an answer. */
const isUnanswered = ({ code, kind }: CloudError) => kind === "Transient" && !isThrottled(code) && !/^(Invalid|Incorrect)/.test(code)

const none: ReadonlyArray<string> = []

const named = (permissions: ReadonlyArray<string>) => permissions.map((name) => `ec2:${name}`).join(", ")

const noCredentials =
  "there are no credentials: run aws configure, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and restart the daemon (sky daemon restart)"

/** `learn`: called with the regions that can be used, when they were looked at. */
export const makeAccess = (aws: Aws, learn: (regions: ReadonlyArray<string>) => Effect.Effect<void>) => {
  const { identity, identityNow } = keptIdentity({
    hasSigns,
    fingerprint: aws.keyNow,
    ask: Effect.map(
      aws.sts((sts, asked) => sts.getCallerIdentity({}, asked)),
      ({ Account, UserId }) => [UserId, Account].flatMap((name) => name || [])
    )
  })

  const lacking = Effect.fn("Access.lacking")(function* (region: string) {
    const codes = yield* Effect.forEach(
      Object.entries(permissions),
      ([name, call]) =>
        Effect.matchEffect(
          Effect.retry(aws.once(region, name, call), { while: (error) => isThrottled(error.code) || isUnanswered(error), ...slower }),
          {
            onSuccess: () => Effect.succeed(null),
            onFailure: (error) => {
              // That nobody has answered allows nothing.
              if (isUnanswered(error) && !forMore.includes(name)) return Effect.fail(error)
              return Effect.succeed(denied.includes(error.code) ? name : null)
            }
          }
        ),
      { concurrency: dryRunsAtOnce }
    )
    return codes.filter((name) => name !== null)
  })

  const see = Effect.gen(function* () {
    const region = yield* aws.home
    const [{ Regions = [] }, lacks] = yield* Effect.all(
      [aws.ask(region, "DescribeRegions", (ec2, asked) => ec2.describeRegions({}, asked)), lacking(region)],
      { concurrency: "unbounded" }
    ).pipe(
      // Who may not even list them is told of all that he may not.
      Effect.catch((error) =>
        denied.includes(error.code) ? Effect.map(lacking(region), (names) => [{ Regions: [] }, names] as const) : Effect.fail(error)
      )
    )
    const regions = Regions.flatMap(({ RegionName }) => RegionName ?? [])
    const needed = lacks.filter((name) => !forMore.includes(name))
    const why = needed.length === 0 ? null : `its credentials may not ${named(needed)} (${region})`
    if (why === null) yield* learn(regions)
    return { why, found: { regions, lacks: lacks.filter((name) => forMore.includes(name)) } }
  })
  const {
    doubt,
    doubting,
    found: lastSeen,
    isForbidden,
    isSilent,
    whyNot
  } = makeSight<{ readonly regions: ReadonlyArray<string>; readonly lacks: ReadonlyArray<string> }>({
    name: "AWS",
    hasSigns,
    noCredentials,
    fingerprint: aws.fingerprint,
    see: Effect.andThen(identity, see),
    isAnswer: ({ code, kind }) => kind === "Refused" && code !== "CredentialsProviderError"
  })

  return {
    hasSigns,
    identity,
    identityNow,
    doubt,
    doubting,
    warnings: Effect.sync(() => {
      const lacks = lastSeen()?.lacks ?? none
      return lacks.length === 0 ? [] : [`its credentials may not ${named(lacks)}: sky leaks does not see all, or no disk can be cloned`]
    }),
    /** Those that the account has; none before it was looked at. */
    regions: () => lastSeen()?.regions ?? none,
    isForbidden,
    isSilent,
    whyNot
  }
}
export type Access = ReturnType<typeof makeAccess>
