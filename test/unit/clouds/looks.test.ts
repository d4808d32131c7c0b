/** How long a look at many machines takes, of which some do not answer. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Looked } from "../../../daemon/clouds/ssh/Looked.ts"
import { makeLooks } from "../../../daemon/clouds/ssh/looks.ts"
import type { PoolMachine } from "../../../daemon/clouds/ssh/PoolMachine.ts"

const machines = ["dead", "quick", "slow"].map((host): PoolMachine => ({ pool: "rack", host, name: host, login: {}, nodeMirror: null }))

const make = () => {
  const asked: Array<string> = []
  const connections = {
    hostKey: ({ name }: { readonly name: string }) => {
      asked.push(name)
      return name === "dead" ? Effect.never : Effect.delay(Effect.succeed("key"), name === "endless" ? 5000 : 0)
    }
  }
  const targets = { targetOf: ({ host }: PoolMachine) => Effect.succeed({ name: host }), isByConfig: () => false }
  const lookAt = ({ name }: { readonly name: string }) => {
    const answer = Effect.succeed({ lease: null, tenants: [] })
    return name === "endless" ? Effect.never : name === "slow" ? Effect.delay(answer, 200) : answer
  }
  const options = { connections, targets, lookAt, pins: new Map(), heldBy: () => [] }
  return { asked, looks: makeLooks(options as never) }
}
const reached = (looked: ReadonlyArray<Looked>) => looked.map((one) => one.reached !== null)
const enough = (count: number) => (some: ReadonlyArray<Looked>) => some.filter((one) => one.reached !== null).length >= count

it.effect("who does not answer is waited for a moment only once the others are enough, and those of a slow line are among these", () =>
  Effect.gen(function* () {
    const { asked, looks } = make()
    const looking = yield* Effect.forkChild(looks.lookUntil(machines, "of late", enough(1)))
    yield* TestClock.adjust(500)
    assert.deepStrictEqual(reached(yield* Fiber.join(looking)), [false, true, true])
    // What is done next with these machines does not wait for it either.
    assert.deepStrictEqual(reached(yield* looks.lookUntil(machines, "of late", enough(1))), [false, true, true])
    assert.deepStrictEqual(asked, ["dead", "quick", "slow"])
    const claimed = yield* Effect.forkChild(looks.lookAll(machines, "reached now"))
    yield* TestClock.adjust(200)
    assert.deepStrictEqual(reached(yield* Fiber.join(claimed)), [false, true, true])
  })
)

it.effect("who does not answer is waited for where it matters, and why it did not is said; once for one question", () =>
  Effect.gen(function* () {
    const { asked, looks } = make()
    const guessed = yield* Effect.forkChild(looks.lookUntil(machines, "of late", enough(1)))
    yield* TestClock.adjust(500)
    yield* Fiber.join(guessed)
    const looking = yield* Effect.forkChild(looks.lookUntil(machines, { sinceMs: 500 }, enough(3)))
    yield* TestClock.adjust(15_000)
    assert.strictEqual((yield* Fiber.join(looking))[0]!.why, "no answer from dead within 15 s")
    const again = yield* Effect.forkChild(looks.lookUntil(machines, { sinceMs: 500 }, enough(3)))
    yield* TestClock.adjust(200)
    assert.deepStrictEqual(reached(yield* Fiber.join(again)), [false, true, true])
    assert.strictEqual(asked.filter((host) => host === "dead").length, 2)
  })
)

it.effect("who lets us in and comes to no end is said to do that, not to be away", () =>
  Effect.gen(function* () {
    const { looks } = make()
    const looking = yield* Effect.forkChild(looks.lookAll([{ ...machines[0]!, host: "endless", name: "endless" }], "now"))
    yield* TestClock.adjust(15_000)
    const [{ advice, why }] = (yield* Fiber.join(looking)) as [Looked & { readonly reached: null }]
    assert.strictEqual(why, "endless lets us in, and does not say to its end what it is within 15 s")
    assert.include(advice!, "~/.bashrc")
  })
)
