/** Damage where an ordinary start does not look: long before the snapshot that it begins at. Whoever reads there finds it, names it, and it is not forgotten. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { afterAll, beforeAll } from "vitest"
import { isMarked } from "../../daemon/log/as-found.ts"
import type { EventLog } from "../../daemon/log/EventLog.ts"
import { LogDamaged } from "../../daemon/log/LogDamaged.ts"
import { noteDamage, notedDamage } from "../../daemon/log/noted-damage.ts"
import { followEvents, sendEvents } from "../../daemon/queries/events.ts"
import { verify } from "../../daemon/queries/verify.ts"
import type { Recorded } from "../../events/Recorded.ts"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"
import { append, copyOf, inStore, opened, proven, remove, temporary, withSnapshot } from "./logs.ts"

/** More than a start verifies before a snapshot. */
const count = 11_000
const hit = 500
const homes: Array<string> = []
let sound: string
let altered: string
let holed: string
const key = `e/${String(hit).padStart(16, "0")}`
const copy = (home: string) => {
  homes.push(copyOf(home))
  return homes.at(-1)!
}

beforeAll(async () => {
  sound = temporary()
  homes.push(sound)
  await Effect.runPromise(Effect.andThen(opened(sound, append(count)), withSnapshot(sound)))
  altered = copy(sound)
  holed = copy(sound)
  await Effect.runPromise(
    inStore(altered, async (db) => {
      const value = (await db.get(key))!
      value[value.indexOf("cost")]! ^= 1
      await db.put(key, value)
    })
  )
  await Effect.runPromise(inStore(holed, (db) => db.del(key)))
})
afterAll(() => homes.forEach(remove))

const answered = (ask: (log: EventLog["Service"], send: (frame: ServerFrame) => Effect.Effect<void>) => Effect.Effect<unknown, Error>) =>
  Effect.fnUntraced(function* (log: EventLog["Service"]) {
    const seqs: Array<number> = []
    const send = ({ data }: ServerFrame) =>
      Effect.sync(() => {
        const { event, value } = data as { event?: Recorded; value?: { events?: ReadonlyArray<Recorded> } }
        for (const { seq } of [...(event === undefined ? [] : [event]), ...(value?.events ?? [])]) seqs.push(seq)
      })
    const error = yield* Effect.flip(ask(log, send))
    return { seqs, error: error as Error & { readonly exitCode: number } }
  })
const notices = { list: () => [], follow: () => () => {} } as never
const events = (after: number) => answered((log, send) => sendEvents(1, { after }, { send } as never, log) as never)
const followed = (after: number) => answered((log, send) => followEvents(1, { after }, { send } as never, { log, notices }) as never)

describe("damage before a snapshot", () => {
  it.live("is not seen by a start, and a read-only daemon answers from nothing behind it", () =>
    Effect.gen(function* () {
      for (const home of [altered, holed]) {
        assert.isAbove(yield* opened(copy(home), (log) => Effect.sync(() => log.world().at as number)), count)
        assert.strictEqual(yield* proven(copy(home)), hit - 1)
      }
    })
  )

  it.live("ends the events that are asked for with a sentence, and none is left out", () =>
    Effect.gen(function* () {
      const cases = [
        [altered, hit - 3, [hit - 2, hit - 1], `Event ${hit} is not what was written: its hash does not follow from the one before.`],
        [holed, hit - 3, [hit - 2, hit - 1], `Event ${hit} is missing from the log, which goes on with event ${hit + 1}.`],
        [holed, hit - 1, [], `Event ${hit} is missing from the log, which goes on with event ${hit + 1}.`],
        [holed, hit, [], `Event ${hit} is missing from the log.`]
      ] as const
      for (const [home, after, seqs, message] of cases) {
        const said = yield* opened(copy(home), (log) => Effect.all([followed(after)(log), events(after)(log)]))
        for (const one of said) {
          assert.deepStrictEqual(one.seqs, [...seqs])
          assert.deepStrictEqual([one.error.message, one.error.exitCode], [message, 1])
        }
      }
    })
  )

  it.live("is what ends the proof of the state, and not the snapshot is blamed", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(opened(copy(altered), (log) => verify(log)))
      assert.match(message, new RegExp(`^Event ${hit} is not what was written`))
    })
  )

  it.live("that was noted is looked for at the next start, and what is sound then is used as ever", () =>
    Effect.gen(function* () {
      const home = copy(altered)
      const found = yield* opened(home, (log) => Effect.flip(Stream.runDrain(log.read(1, log.world().at))))
      assert.instanceOf(found, LogDamaged)
      noteDamage(home, { kind: "hash", message: found.message })
      assert.strictEqual(notedDamage(home), found.message)
      assert.deepInclude(yield* Effect.flip(opened(home, () => Effect.void)), { _tag: "LogDamaged", damage: "hash", seq: hit })
      const mended = copy(sound)
      noteDamage(mended, { kind: "hash", message: "It was." })
      assert.isAbove(yield* opened(mended, (log) => Effect.sync(() => log.world().at as number)), count)
    })
  )

  it("is not noted of what is away and may come back, nor of an index", () => {
    const home = copy(sound)
    for (const kind of ["store-missing", "witness-missing", "witness-torn", "index", "unreadable"]) noteDamage(home, { kind, message: "x" })
    assert.isFalse(isMarked(home))
  })
})

it.live("an end that is missing under the daemon is no end of the events", () =>
  Effect.gen(function* () {
    yield* opened(copy(sound), (log) =>
      Effect.gen(function* () {
        const at = log.world().at
        const found = yield* Effect.flip(Stream.runDrain(log.read(at - 1, at + 1)))
        assert.strictEqual(found.message, `Event ${at + 1} is missing from the log.`)
      })
    )
  })
)
