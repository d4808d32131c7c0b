/** The copy of a large disk is told as that, before its call is given up as one without an answer. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { patientCloud } from "../../daemon/clouds/patient.ts"
import { whileCopying } from "../../daemon/rented/copying.ts"

it.effect("says that the disk is still being copied", () =>
  Effect.gen(function* () {
    const cloud = {
      name: "aws",
      provision: () =>
        whileCopying({}, { clusterName: "train" } as never, {
          root: Effect.never,
          known: Effect.succeed(undefined),
          isThere: Effect.succeed(false)
        })
    }
    const asked = yield* Effect.forkChild(Effect.flip(patientCloud(cloud as never).provision({} as never)))
    yield* TestClock.adjust("20 minutes")
    const { code, goesOn, kind, message } = yield* Fiber.join(asked)
    assert.deepStrictEqual([kind, code, goesOn], ["Transient", "DiskBeingCopied", true])
    assert.strictEqual(message, "the disk of train is still being copied")
  })
)
