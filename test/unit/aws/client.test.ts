/** AWS's SDK that could not be loaded: who asks is told, and it is loaded by who asks next. */
import { Effect } from "effect"
import { expect, it, vi } from "vitest"

let loads = 0
vi.mock("../../../daemon/clouds/aws/sdk.ts", () => ({
  get defaultProvider() {
    loads++
    throw new Error("no such module")
  }
}))

it("is no defect, and not kept", async () => {
  const { makeAws } = await import("../../../daemon/clouds/aws/client.ts")
  const aws = makeAws()
  const ask = () => Effect.runPromise(Effect.flip(aws.ask("us-east-1", "DescribeRegions", async () => {})))
  expect((await ask()).message).toContain("no such module")
  expect((await ask()).message).toContain("no such module")
  expect(loads).toBe(2)
  expect(await Effect.runPromise(aws.home)).toBe("us-east-1")
  expect(await Effect.runPromise(aws.keyNow)).toMatch(/^ /)
})
