/** No cloud keeps anybody waiting for ever, whatever it is asked. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { limits, patientCloud } from "../../../daemon/clouds/patient.ts"

/** Asked before a decision, and answered from what is known, or by looks that have a limit themselves. */
const unlimited = ["hasSigns", "machines", "noQuota", "offers", "warnings", "whyNot"]
const effects = ["hasSigns", "identity", "identityNow", "warnings", "whyNot"]

for (const member of Object.keys(limits).filter((one) => !unlimited.includes(one)))
  it.effect(`${member}: is given up in time`, () =>
    Effect.gen(function* () {
      const hangs = effects.includes(member) ? Effect.never : () => Effect.never
      const patient = patientCloud({ name: "gcp", [member]: hangs } as never) as unknown as Record<string, unknown>
      const call = (effects.includes(member) ? patient[member] : (patient[member] as () => unknown)()) as Effect.Effect<unknown, unknown>
      const asked = yield* Effect.forkChild(Effect.result(call), { startImmediately: true })
      yield* TestClock.adjust(member === "put" ? "6 hours" : "10 minutes")
      const end = asked.pollUnsafe()
      yield* Fiber.interrupt(asked)
      assert.isDefined(end)
      if (member !== "journalAtRest") assert.include(JSON.stringify(end), "NoAnswer")
    })
  )

it.effect("what has to be whole before it can be removed is waited for", () =>
  Effect.gen(function* () {
    const patient = patientCloud({ name: "gcp", clear: () => Effect.sleep("5 minutes") } as never)
    const cleared = yield* Effect.forkChild(patient.clear!({} as never, []), { startImmediately: true })
    yield* TestClock.adjust("5 minutes")
    yield* Fiber.join(cleared)
  })
)

it("wraps what a cloud has, and adds nothing to it", () => {
  const cloud = { name: "gcp", lackOf: () => null, query: () => Effect.succeed([]) }
  assert.hasAllKeys(patientCloud(cloud as never), ["name", "lackOf", "query"])
})
