/** What a disk was copied by goes once its machine is there; where that fails for hours, it is said that it stays. */
import { assert, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { CloudError } from "../../../daemon/clouds/Cloud.ts"
import type { ProvisionRequest } from "../../../daemon/clouds/ProvisionRequest.ts"
import { cleanedUp } from "../../../daemon/rented/cleanup.ts"

const busy = new CloudError({ kind: "Transient", code: "Busy", message: "a machine begins from it" })

it.effect("tries for hours, and says that it stays, why, and what removes it", () => {
  const said: Array<string> = []
  const logger = Logger.make(({ message }) => void said.push(String(message)))
  let tries = 0
  const provision = cleanedUp({
    provision: () => Effect.succeed([]),
    removeCopies: () =>
      Effect.suspend(() => {
        tries++
        return Effect.fail(busy)
      })
  })
  return Effect.gen(function* () {
    yield* provision({ tags: { clusterName: "train" }, machine: { clone: {} } } as ProvisionRequest)
    yield* TestClock.adjust("1 hour")
    assert.isAbove(tries, 5)
    assert.lengthOf(said, 1)
    yield* TestClock.adjust("12 hours")
    const before = tries
    yield* TestClock.adjust("12 hours")
    assert.strictEqual(tries, before)
    assert.deepStrictEqual(said.slice(1), [
      "train: what its disk was copied by stays, and costs, until the cluster goes: a machine begins from it. At once: sky leaks --terminate"
    ])
  }).pipe(Effect.provide(Logger.layer([logger])))
})
