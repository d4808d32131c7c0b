/** Folds all that is stored, checking the chain as it goes, and holds it against the witness. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as World from "../World.ts"
import { genesis, link, unpack } from "./chain.ts"
import type { Head } from "./head-file.ts"
import { LogDamaged } from "./LogDamaged.ts"
import type { LogStore } from "./LogStore.ts"
import { readRecord } from "./read-record.ts"

/** What is proven of the log. `damage`: why that is not all of it. */
export interface Replayed {
  readonly world: World.World
  readonly hash: Buffer
  readonly damage: LogDamaged | undefined
}

const damaged = (damage: LogDamaged["damage"], seq: number, message: string) => new LogDamaged({ damage, seq, message })

/** Fails when the log holds what this version does not know, and when the store cannot be read for now: neither is damage. */
export const replay = Effect.fn("replay")(function* (store: LogStore["Service"], said: Head) {
  let world = World.empty
  let hash = genesis(said.log)
  const verified = store.scan(1).pipe(
    Stream.runForEach((page) =>
      Effect.gen(function* () {
        for (const stored of page) {
          const { seq } = stored
          const next = world.at + 1
          if (seq !== next) return yield* damaged("gap", next, `Event ${next} is missing from the log, which goes on with event ${seq}.`)
          const bytes = unpack(stored.value)
          // The chain's word comes first: what was damaged may read as anything, or as nothing.
          if (bytes !== undefined && !link(hash, bytes.json).equals(bytes.hash)) {
            return yield* seq === 1 && isOther(stored, said)
              ? damaged("other-log", 1, `The store holds another log than its witness speaks of (${said.log}).`)
              : damaged("hash", seq, `Event ${seq} is not what was written: its hash does not follow from the one before.`)
          }
          const result = readRecord(stored)
          if (Result.isFailure(result)) return yield* result.failure
          hash = bytes!.hash
          world = World.apply(world, result.success)
          if (seq === said.seq && !hash.equals(said.hash)) {
            return yield* damaged("hash", seq, `Event ${seq} is not the one that the witness of the log has seen.`)
          }
        }
      })
    )
  )
  const damage = yield* verified.pipe(
    Effect.as(undefined),
    Effect.catchTag("LogDamaged", (error) => Effect.succeed(error))
  )
  const isShort = damage === undefined && world.at < said.seq
  const end = `The log ends with event ${world.at}, and its witness has seen ${said.seq}: the last ${said.seq - world.at} are lost.`
  return { world, hash, damage: isShort ? damaged("shorter", world.at + 1, end) : damage } satisfies Replayed
})

/** A chain that is sound under its own log's id, and only there. */
const isOther = (first: { readonly seq: number; readonly value: Uint8Array }, said: Head): boolean => {
  const result = readRecord(first)
  if (Result.isFailure(result) || result.success.event._tag !== "LogCreated") return false
  const { log } = result.success.event
  const { hash, json } = unpack(first.value)!
  return log !== said.log && link(genesis(log), json).equals(hash)
}
