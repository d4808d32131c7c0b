/**
 * Durable appends against what LevelDB does without us: the same number of synced batches, of the same bytes, by as many writers.
 * In a program of its own, because libuv's thread pool has its size from the start: `node bench/log.ts` prints one JSON line.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { Level } from "level"
import { EventLog } from "../daemon/log/EventLog.ts"
import { lifeOf, logIn } from "./history.ts"
import { type Bench, inTurns, node } from "./measure.ts"

const writers = 128
const appendsEach = 20
const singles = 100
const times = 7

const [own, event] = lifeOf(0, 1).find(([, { _tag }]) => _tag === "JobSubmitted")!
const bytes = Buffer.alloc(JSON.stringify(event).length + 250, "x")
const perSecond = (count: number, startMs: number) => (count * 1000) / (performance.now() - startMs)

/** `count` each, side by side. */
const race = async (append: () => Promise<unknown>, side: number, count: number): Promise<number> => {
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: side }, async () => {
      for (let i = 0; i < count; i++) await append()
    })
  )
  return perSecond(side * count, startMs)
}

const measured = async () => {
  const folder = mkdtempSync(join(tmpdir(), "skyd-bench-"))
  const db = new Level<string, Buffer>(join(folder, "raw"), { valueEncoding: "buffer" })
  await db.open()
  mkdirSync(join(folder, "own"))
  let seq = 0
  const raw = () => {
    const key = String(++seq).padStart(16, "0")
    return db.batch(
      [
        { type: "put", key: `e/${key}`, value: bytes },
        { type: "put", key: `s/${own}/${key}`, value: Buffer.from(key) }
      ],
      { sync: true }
    )
  }
  const put = () => db.put(`p/${++seq}`, bytes, { sync: true } as never)
  const measure = Effect.gen(function* () {
    const log = yield* EventLog
    const actor = { kind: "user", uid: 0, host: "bench" } as const
    const append = () => Effect.runPromise(log.append({ events: [[own, event]], operation: null, causedBy: 0, actor, expect: [] }))
    return yield* Effect.promise(() =>
      inTurns(
        {
          rawMany: () => race(raw, writers, appendsEach),
          ownMany: () => race(append, writers, appendsEach),
          rawOne: () => race(put, 1, singles),
          ownOne: () => race(append, 1, singles)
        },
        times
      )
    )
  })
  try {
    return await Effect.runPromise(Effect.provide(measure, logIn(join(folder, "own"))))
  } finally {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

export const log: Bench = {
  name: "log",
  run: async () => {
    const env = { ...process.env, UV_THREADPOOL_SIZE: "16" }
    const taken = JSON.parse(execFileSync(node, [import.meta.filename], { env, encoding: "utf8" })) as Awaited<ReturnType<typeof measured>>
    const { ownMany, ownOne, rawMany, rawOne } = taken
    const count = (value: number) => `${Math.round(value).toLocaleString("en-US")}/s`
    return [
      {
        what: `durable appends, ${writers} writers, against LevelDB`,
        value: ownMany / rawMany,
        budget: 0.6,
        atLeast: true,
        unit: "×",
        detail: `${count(ownMany)} of ${count(rawMany)}, median of ${times}`
      },
      {
        what: "one append alone, against a synced put",
        value: rawOne / ownOne,
        budget: 1.5,
        unit: "×",
        detail: `${(1000 / ownOne).toFixed(2)} ms and ${(1000 / rawOne).toFixed(2)} ms`
      }
    ]
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await measured())}\n`)
