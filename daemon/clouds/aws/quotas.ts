/**
 * What the account may have none of in a region, by Service Quotas: it holds for a class of types, on demand and spot apart. Only a known
 * zero counts; how much of another quota is free EC2 itself says best. The codes are those of AWS's user guide ("Amazon EC2 service
 * quotas", "Spot Instance quotas"), the same everywhere.
 */
import * as Effect from "effect/Effect"
import type { Offer } from "../../../events/values.ts"
import { keptOf } from "../../rented/kept.ts"
import type { CloudError } from "../Cloud.ts"
import type { NoQuota } from "../Offered.ts"
import type { Aws } from "./client.ts"

interface Class {
  readonly name: string
  /** Of what comes before the generation in a type's name. */
  readonly families: ReadonlyArray<string>
  readonly onDemand: string
  readonly spot: string
}

const classes: ReadonlyArray<Class> = [
  {
    name: "standard",
    families: ["a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"],
    onDemand: "L-1216C47A",
    spot: "L-34B43A08"
  },
  { name: "G and VT", families: ["g", "gr", "vt"], onDemand: "L-DB2E81BA", spot: "L-3819A6DF" },
  { name: "P", families: ["p"], onDemand: "L-417A185B", spot: "L-7212CCBC" },
  { name: "F", families: ["f"], onDemand: "L-74FC7D96", spot: "L-88CF9481" },
  { name: "X", families: ["x"], onDemand: "L-7295265B", spot: "L-E3A00192" },
  { name: "Inf", families: ["inf"], onDemand: "L-1945791B", spot: "L-B5D1601B" },
  { name: "Trn", families: ["trn"], onDemand: "L-2C3B7624", spot: "L-6B0D517C" },
  { name: "DL", families: ["dl"], onDemand: "L-6E869C2A", spot: "L-85EED4F7" }
]
const p5Spot = "L-C4BD4855"

/** The codes of its quotas: there is room where one of them has any. Undefined where nobody knows. */
export const quotaOf = ({
  instanceType,
  useSpot
}: Pick<Offer, "instanceType" | "useSpot">): { readonly name: string; readonly codes: ReadonlyArray<string> } | undefined => {
  const [, family, generation = ""] = /^([a-z]+)(\d+)/.exec(instanceType ?? "") ?? []
  const found = classes.find(({ families }) => families.includes(family ?? ""))
  if (found === undefined) return undefined
  const { name, onDemand, spot } = found
  if (!useSpot) return { name: `${name} instances`, codes: [onDemand] }
  if (name !== "P" || Number(generation) < 5) return { name: `${name} spot instances`, codes: [spot] }
  // Some accounts have one of their own for the fifth generation, some one for all, and of later ones it is not told.
  return generation === "5" ? { name: "P5 spot instances", codes: [p5Spot, spot] } : undefined
}

/** Who has none asks AWS for it, and is not to wait for us once he has it. */
const keptFor = (vcpus: number | null) => (vcpus === 0 ? "5 minutes" : "1 hour")

export const makeNoQuota = (aws: Aws) => {
  const lookup = Effect.fn("Quotas.lookup")(function* (key: string) {
    const [region = "", QuotaCode = ""] = key.split(" ")
    const { Quota } = yield* aws.quotas(region, (quotas, asked) => quotas.getServiceQuota({ ServiceCode: "ec2", QuotaCode }, asked))
    // With a reason why it could not be found out the value says nothing.
    return Quota?.ErrorReason === undefined ? (Quota?.Value ?? null) : null
  })
  return Effect.map(keptOf(aws.fingerprint, lookup, keptFor), ({ of: vcpusOf }) =>
    Effect.fn("Quotas.noQuota")(function* ({ instanceType, region, useSpot }: Offer): Effect.fn.Return<NoQuota | null, CloudError> {
      const quota = quotaOf({ instanceType, useSpot })
      if (quota === undefined || region === null) return null
      const vcpus = yield* Effect.forEach(quota.codes, (code) => vcpusOf(`${region} ${code}`), { concurrency: "unbounded" })
      const isNone = vcpus.every((one) => one === 0)
      const message = `the account's quota of ${quota.name} is 0 in ${region} (${quota.codes.join(", ")})`
      return isNone ? { message, scope: "region" } : null
    })
  )
}
