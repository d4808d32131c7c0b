/** What an account said of itself is not told to who comes with other credentials, or for another project. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeImages as makeAwsImages } from "../../../daemon/clouds/aws/images.ts"
import { makeNetwork } from "../../../daemon/clouds/aws/network.ts"
import { makeNoQuota as makeNoAwsQuota } from "../../../daemon/clouds/aws/quotas.ts"
import { makeZoneNames } from "../../../daemon/clouds/aws/zone-names.ts"
import { makeImages } from "../../../daemon/clouds/gcp/images.ts"
import { makeNetwork as makeGcpNetwork } from "../../../daemon/clouds/gcp/network.ts"
import { makeNoQuota } from "../../../daemon/clouds/gcp/quotas.ts"
import { offer as local, token } from "../../fakes/facts.ts"

const offer = { ...local, region: "us-east-1", zone: "us-east-1a", instanceType: "m6i.large", accelerators: null, useSpot: false }

/** Two accounts, and who is asked says whose it is. */
const accounts = () => {
  const now = { files: "ann", asked: 0 }
  const fingerprint = Effect.sync(() => now.files)
  const answer = async (all: Readonly<Record<string, unknown>>) => {
    now.asked++
    return all
  }
  const ec2 = {
    describeVpcs: () => answer({ Vpcs: [{ VpcId: `vpc-${now.files}`, IsDefault: true }] }),
    describeSubnets: () =>
      answer({
        Subnets: [{ SubnetId: "s", VpcId: `vpc-${now.files}`, AvailabilityZone: offer.zone, State: "available", MapPublicIpOnLaunch: true }]
      }),
    describeRouteTables: () => answer({}),
    describeImages: () => answer({ Images: [{ ImageId: "ami-1", RootDeviceName: `/dev/${now.files}` }] }),
    describeAvailabilityZones: () => answer({ AvailabilityZones: [{ ZoneId: "use1-az1", ZoneName: `us-east-1${now.files[0]}` }] })
  }
  const quotas = { getServiceQuota: () => answer({ Quota: { Value: now.files === "ann" ? 0 : 5 } }) }
  const call = (clients: unknown) => (_: string, __: unknown, work: (clients: never, options: never) => Promise<unknown>) =>
    Effect.promise(() => work(clients as never, {} as never))
  const aws = {
    fingerprint,
    ask: call(ec2),
    quotas: (region: string, work: never) => call(quotas)(region, "", work)
  }
  const google = {
    get project() {
      return now.files
    },
    images: async () => ({ get: () => answer({}).then(() => [{ name: "own", diskSizeGb: 9 }]) }),
    projects: async () => ({ get: () => answer({}).then(() => [{ quotas: [] }]) }),
    regions: async () => ({ get: () => answer({}).then(() => [{ quotas: [{ metric: "CPUS", limit: now.files === "ann" ? 0 : 5 }] }]) }),
    networks: async () => ({
      getEffectiveFirewalls: async () => [{ firewalls: [{ direction: "INGRESS", allowed: [{ IPProtocol: "tcp", ports: ["22"] }] }] }]
    }),
    subnetworks: async () => ({
      async *listAsync() {
        await answer({})
        yield { name: `subnet-of-${now.files}`, network: "networks/lab" }
      }
    })
  }
  return { now, aws: aws as never, gcp: { fingerprint, ask: call(google) } as never }
}

/** What is asked twice by the first, and once by the second after him. */
const each = [
  [
    "AWS's network",
    (aws: never) =>
      Effect.map(makeNetwork(aws), (of) =>
        of({ vpcName: null, useInternalIps: false } as never, { count: 1, region: "us-east-1", zone: offer.zone })
      )
  ],
  ["AWS's quotas", (aws: never) => Effect.map(makeNoAwsQuota(aws), (of) => of(offer))],
  [
    "AWS's images",
    (aws: never) => Effect.map(makeAwsImages(aws), ({ rootFor }) => rootFor("us-east-1", { "us-east-1": "ami-1" }, offer, "x86_64"))
  ],
  [
    "GCP's network",
    (_: never, gcp: never) =>
      Effect.map(makeGcpNetwork(gcp, {} as never), ({ placeFor }) =>
        placeFor({ vpcName: "lab", useInternalIps: false, sshProxyCommand: null }, "r", token)
      )
  ],
  ["GCP's quotas", (_: never, gcp: never) => Effect.map(makeNoQuota(gcp), (of) => of({ ...offer, instanceType: "n1-standard-4" }))],
  ["GCP's images", (_: never, gcp: never) => Effect.map(makeImages(gcp), ({ rootFor }) => rootFor("r", { r: "own" }, offer, "x86_64"))]
] as const

describe("what is kept of", () => {
  it.effect.each(each)("%s is the account's, and is asked anew of another one", ([, make]) =>
    Effect.gen(function* () {
      const { aws, gcp, now } = accounts()
      const ask = yield* (make as (aws: never, gcp: never) => Effect.Effect<Effect.Effect<unknown>>)(aws, gcp)
      const first = yield* ask
      const { asked } = now
      assert.deepStrictEqual(yield* ask, first)
      assert.strictEqual(now.asked, asked)
      now.files = "bob"
      assert.notDeepEqual(yield* ask, first)
    })
  )
  it.effect("AWS's zones is the account's, and is asked anew of another one", () =>
    Effect.gen(function* () {
      const { aws, now } = accounts()
      const zones = yield* makeZoneNames(aws)
      const names = () => zones.known().get("us-east-1")
      yield* zones.learn(["us-east-1"])
      yield* zones.learn(["us-east-1"])
      assert.deepStrictEqual([names(), now.asked], [[{ id: "use1-az1", name: "us-east-1a" }], 1])
      now.files = "bob"
      yield* zones.learn(["us-east-1"])
      assert.deepStrictEqual(names(), [{ id: "use1-az1", name: "us-east-1b" }])
    })
  )
})
