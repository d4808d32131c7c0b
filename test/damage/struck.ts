/** A process of its own for what LevelDB may end: strikes copies of a sound store, and says of each one what its audit and a start over it find. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { verify } from "../../daemon/audit/answers.ts"
import { withoutDaemon } from "../../daemon/audit/found.ts"
import { Background } from "../../daemon/Background.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { readHead } from "../../daemon/log/head-file.ts"
import * as LevelLog from "../../daemon/log/LevelLog.ts"
import * as ProvenLog from "../../daemon/read-only/ProvenLog.ts"
import { storeOf } from "../../daemon/read-only/ReadOnly.ts"
import { dice } from "../fuzz/dice.ts"

export interface Strike {
  readonly file: string
  readonly from: number
  /** In hex: they take the place of what was there. */
  readonly bytes: string
}
export interface Struck extends Strike {
  /** Whether that is other than what was there, and whether a checksum is over it. */
  readonly isHit: boolean
  readonly audit: { readonly events: number; readonly damage: string | null }
  /** How many events a start over it proves, and what for it is read-only. */
  readonly start: { readonly events: number; readonly damage: string | null }
}

const reply = { push: () => {}, send: () => Effect.void, isFull: () => false, whenDrained: () => {} }
const audit = (home: string) =>
  Effect.map(
    withoutDaemon(home, (found) => verify(found, 1, reply)),
    ({ damage, events }) => ({ events, damage: damage === null ? null : damage.message })
  )

const actor = { kind: "daemon" as const, uid: 1, host: "here" }
const log = (home: string) =>
  Layer.fresh(EventLog.layer(actor)).pipe(
    Layer.provideMerge(Layer.fresh(Background.layer)),
    Layer.provideMerge(Layer.fresh(LevelLog.layer(home, Effect.succeed("7".repeat(26)))))
  )
/** As a start after one that ended before it knew. */
const start = Effect.fnUntraced(function* (home: string) {
  const served = EventLog.use((log) => Effect.sync(() => log.world().at)).pipe(Effect.provide(log(home), { local: true }))
  const found = yield* Effect.result(Effect.andThen(LevelLog.checkTables(home), served))
  if (Result.isSuccess(found)) return { events: found.success, damage: null }
  const witness = readHead(join(home, "HEAD"))
  const proven = ProvenLog.make(typeof witness === "string" ? undefined : witness.head).pipe(
    Effect.map((log) => log.world().at),
    Effect.provide(Layer.fresh(storeOf(home)), { local: true })
  )
  return { events: yield* proven, damage: found.failure.message }
})

const footerBytes = 48
const strikeAt = async (sound: string, strike: Strike): Promise<Struck> => {
  const home = mkdtempSync(join(tmpdir(), "skyd-d-"))
  cpSync(sound, home, { recursive: true })
  const path = join(home, "log", strike.file)
  const before = readFileSync(path)
  const after = Buffer.from(before)
  Buffer.from(strike.bytes, "hex").copy(after, strike.from)
  writeFileSync(path, after)
  const covered = strike.file.endsWith(".ldb") ? before.length - footerBytes : 0
  const isHit = !before.subarray(0, covered).equals(after.subarray(0, covered))
  const found = await Effect.runPromise(Effect.all({ audit: audit(home), start: start(home) }))
  rmSync(home, { recursive: true })
  return { ...strike, isHit, ...found }
}

const anyStrike = (sound: string, seed: number): Strike => {
  const { below, chance, pick } = dice(seed)
  const files = readdirSync(join(sound, "log")).filter((name) => /^(\d+\.(ldb|log)|MANIFEST-\d+|CURRENT)$/.test(name))
  // Tables before all.
  const file = pick(chance(0.8) ? files.filter((name) => name.endsWith(".ldb")) : files)
  const { length } = readFileSync(join(sound, "log", file))
  const count = pick([1, 8, 100, 200, 4096])
  const bytes = Buffer.from(Array.from({ length: count }, () => below(256)))
  return { file, from: below(length), bytes: (chance(0.5) ? Buffer.alloc(count) : bytes).toString("hex") }
}

const [, , sound, ...rest] = process.argv
const strikes =
  rest[0] === "seeds"
    ? Array.from({ length: Number(rest[2]) }, (_, i) => anyStrike(sound!, Number(rest[1]) + i))
    : (JSON.parse(rest[0]!) as ReadonlyArray<Strike>)
for (const strike of strikes) {
  // Said before: it may be the last word.
  process.stderr.write(`${JSON.stringify(strike)}\n`)
  process.stdout.write(`${JSON.stringify(await strikeAt(sound!, strike))}\n`)
}
