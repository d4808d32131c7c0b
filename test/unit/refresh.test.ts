/** A refresh of clusters whose cloud does not answer: what it waits for is said, and it ends with what is known. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Looking, whoseTheyAre } from "../../daemon/clouds/Looking.ts"
import { refresh } from "../../daemon/queries/refresh.ts"
import { unasked } from "../../daemon/reactors/observe.ts"
import { offer } from "../fakes/facts.ts"

const row = (name: string) => ({ id: name, name, offer: { ...offer, cloud: "aws" } }) as never
const rows = ["hung", "seen", "dark", "empty"].map(row)

/** `hung`: its cloud does not say whose the credentials are, until `done`. */
const looks = (learned: Array<string>) => (id: string) =>
  Effect.gen(function* () {
    if (id === "dark") return { wasAsked: true, whys: ["you may not"] }
    if (id === "seen") return { wasAsked: true, whys: [] }
    if (id === "empty") return unasked
    ;(yield* Looking)(whoseTheyAre)
    yield* Effect.sleep("1 minute")
    learned.push(id)
    return { wasAsked: true, whys: [] }
  })

const waitingFor = (passed: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const told: Array<string> = []
    const learned: Array<string> = []
    const asking = yield* Effect.forkChild(refresh(rows, looks(learned), (waiting) => Effect.sync(() => void told.push(waiting))))
    for (const time of passed) yield* TestClock.adjust(time as "1 second")
    return { told, learned, asking }
  })

describe("a refresh", () => {
  it.effect("says after two seconds what it waits for, once, and of which clusters", () =>
    Effect.gen(function* () {
      const { told } = yield* waitingFor(["1 second"])
      assert.deepStrictEqual(told, [])
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(told, ["AWS has not said yet whose the credentials are: hung"])
    })
  )
  it.effect("ends after 20 s with why each was not seen; what the cloud says later is learned all the same", () =>
    Effect.gen(function* () {
      const { asking, learned } = yield* waitingFor(["2 seconds", "18 seconds"])
      const { seen, unseen } = yield* Fiber.join(asking)
      // Of one without nodes nobody was asked.
      assert.deepStrictEqual([...seen], ["seen"])
      assert.deepStrictEqual(
        [...unseen],
        [
          ["dark", "you may not"],
          ["hung", "AWS has not said within 20 s whose the credentials are"]
        ]
      )
      assert.deepStrictEqual(learned, [])
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(learned, ["hung"])
    })
  )
})

it.effect("a cloud that hangs with hundreds of clusters keeps no other from being asked", () =>
  Effect.gen(function* () {
    const many = Array.from({ length: 300 }, (_, i) => row(`a${i}`))
    const mine = { id: "mine", name: "mine", offer: { ...offer, cloud: "gcp" } } as never
    const began = new Set<string>()
    const look = (id: string) => {
      began.add(id)
      return id === "mine" ? Effect.succeed(unasked) : Effect.never
    }
    const asking = yield* Effect.forkChild(refresh([...many, mine], look, () => Effect.void))
    yield* TestClock.adjust("20 seconds")
    const { unseen } = yield* Fiber.join(asking)
    assert.isTrue(began.has("mine"))
    assert.isUndefined(unseen.get("mine"))
    assert.strictEqual(unseen.size, 300)
    for (const [id, why] of unseen)
      assert.strictEqual(
        why,
        began.has(id)
          ? "AWS has not said within 20 s what became of its machines"
          : "AWS was not asked within 20 s: it is still asked of others"
      )
    assert.isBelow(began.size, 300)
  })
)
