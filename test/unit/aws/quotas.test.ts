/** Which quota of EC2's holds for a machine. */
import { expect, it } from "vitest"
import { quotaOf } from "../../../daemon/clouds/aws/quotas.ts"

it.each([
  ["m6i.2xlarge", "L-1216C47A", "L-34B43A08"],
  ["im4gn.large", "L-1216C47A", "L-34B43A08"],
  ["g4dn.xlarge", "L-DB2E81BA", "L-3819A6DF"],
  ["gr6.4xlarge", "L-DB2E81BA", "L-3819A6DF"],
  ["vt1.3xlarge", "L-DB2E81BA", "L-3819A6DF"],
  ["p4d.24xlarge", "L-417A185B", "L-7212CCBC"],
  ["p5.48xlarge", "L-417A185B", "L-C4BD4855 L-7212CCBC"],
  ["p6-b200.48xlarge", "L-417A185B", undefined],
  ["trn1.2xlarge", "L-2C3B7624", "L-6B0D517C"],
  ["inf2.xlarge", "L-1945791B", "L-B5D1601B"],
  ["u-6tb1.112xlarge", undefined, undefined],
  ["whatever", undefined, undefined]
])("%s counts for %s, and as spot for %s", (instanceType, onDemand, spot) => {
  expect(quotaOf({ instanceType, useSpot: false })?.codes.join(" ")).toBe(onDemand)
  expect(quotaOf({ instanceType, useSpot: true })?.codes.join(" ")).toBe(spot)
})
