import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Fiber from "effect/Fiber"
import { attempt } from "../../daemon/clouds/local/attempt.ts"
import { inParallel } from "../../machine/in-parallel.ts"
import { whole } from "../../machine/whole.ts"

describe("work on this machine that is given up", () => {
  it.live("is not waited for between its steps, and begins no other", () =>
    Effect.gen(function* () {
      const begun: Array<string> = []
      let goOn = () => {}
      const between = new Promise<void>((resolve) => (goOn = resolve))
      const work = async (signal: AbortSignal) => {
        await whole(signal, async () => begun.push("first"))
        await between
        await whole(signal, async () => begun.push("second"))
      }
      const fiber = yield* Effect.forkChild(attempt(work))
      while (begun.length === 0) yield* Effect.sleep("1 millis")
      yield* Fiber.interrupt(fiber)
      goOn()
      yield* Effect.promise(() => between)
      assert.deepStrictEqual(begun, ["first"])
    })
  )

  it.live("is waited for until the step that must be whole is done", () =>
    Effect.gen(function* () {
      let [begun, done] = [false, false]
      let goOn = () => {}
      const step = async () => {
        begun = true
        await new Promise<void>((resolve) => (goOn = resolve))
        done = true
      }
      const fiber = yield* Effect.forkChild(attempt((signal) => whole(signal, step)))
      while (!begun) yield* Effect.sleep("1 millis")
      const ending = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* Effect.yieldNow
      assert.isFalse(done)
      goOn()
      yield* Fiber.join(ending)
      assert.isTrue(done)
    })
  )
})

describe("the same done to many", () => {
  it("answers in their order, and the first that fails ends it", async () => {
    assert.deepStrictEqual(await inParallel([3, 1, 2], 2, async (n) => n * 2), [6, 2, 4])
    const begun: Array<number> = []
    const work = async (n: number) => {
      begun.push(n)
      if (n === 1) throw new Error("no")
    }
    assert.strictEqual(((await inParallel([0, 1, 2, 3], 1, work).catch((error: Error) => error)) as Error).message, "no")
    assert.deepStrictEqual(begun, [0, 1])
  })
})
