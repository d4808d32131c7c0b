/** Real logs in real folders, to be damaged. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { Background } from "../../daemon/Background.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import * as LevelLog from "../../daemon/log/LevelLog.ts"
import type { StreamName } from "../../events/Recorded.ts"
import { cluster } from "../fakes/facts.ts"

const actor = { kind: "daemon" as const, uid: 1, host: "here" }
const stream = `cluster/${cluster}` as StreamName

export const temporary = () => mkdtempSync(join(tmpdir(), "skyd-d-"))

export const logId = (digit: string) => digit.repeat(26)

/** As the daemon opens it; closed when it returns. */
export const opened = <A, E>(home: string, use: (log: EventLog["Service"]) => Effect.Effect<A, E>, id = logId("7")) =>
  EventLog.use(use).pipe(
    Effect.provide(
      Layer.fresh(EventLog.layer(actor)).pipe(
        Layer.provideMerge(Layer.fresh(Background.layer)),
        Layer.provideMerge(Layer.fresh(LevelLog.layer(home, Effect.succeed(id))))
      ),
      { local: true }
    )
  )

export const append = (count: number) => (log: EventLog["Service"]) =>
  Effect.forEach(
    Array.from({ length: count }),
    (_, i) =>
      log.append({
        events: [[stream, { _tag: "RuntimeLost", cluster, rank: 0, node: `node-${i}` as never, reason: `cost ${i}` }]],
        operation: null,
        causedBy: 0,
        actor,
        expect: []
      }),
    { concurrency: 100, discard: true }
  )

/** A copy, to be damaged. */
export const copyOf = (home: string): string => {
  const copy = temporary()
  cpSync(home, copy, { recursive: true })
  return copy
}

export const filesOf = (home: string, suffix: string) =>
  readdirSync(join(home, "log"))
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => join(home, "log", name))

export const change = (path: string, how: (bytes: Buffer) => Buffer) => writeFileSync(path, how(readFileSync(path)))

export const flip = (at: number) => (bytes: Buffer) => {
  bytes[at < 0 ? bytes.length + at : at]! ^= 0xff
  return bytes
}

export const remove = (path: string) => rmSync(path, { recursive: true, force: true })
