/** Work under one key is done in turn, whoever is interrupted when. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { begunInTurn, inTurn } from "../../daemon/in-turn.ts"

const steps = (left: number): Effect.Effect<void> => (left === 0 ? Effect.void : Effect.suspend(() => steps(left - 1)))

for (const [name, make] of [
  ["in turn", inTurn],
  ["begun in turn", begunInTurn]
] as const)
  it.live(`${name}: who is interrupted as the turn comes gives it back, wherever the fiber first lets others run`, () =>
    Effect.gen(function* () {
      const held: Array<number> = []
      // A fiber lets others run after some two thousand steps, between whichever two these are.
      for (let before = 1980; before < 2060; before++) {
        const turn = make<string>()
        const fiber = Effect.runFork(Effect.andThen(steps(before), turn("key", Effect.yieldNow)))
        fiber.interruptUnsafe()
        const isOver = new Promise<void>((over) => fiber.addObserver(() => over()))
        yield* Effect.promise(() => isOver)
        const next = yield* Effect.timeoutOption(turn("key", Effect.void), 100)
        if (next._tag === "None") held.push(before)
      }
      assert.deepStrictEqual(held, [])
    })
  )
