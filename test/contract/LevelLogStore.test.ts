import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as LevelLogStore from "../../daemon/log/LevelLogStore.ts"
import { LogStore } from "../../daemon/log/LogStore.ts"
import { daemonStream } from "../../events/Recorded.ts"
import { logStoreContract } from "./log-store.contract.ts"

const folder = () => mkdtempSync(join(tmpdir(), "log-"))

logStoreContract("LevelLogStore", () => LevelLogStore.layer(folder(), { createIfMissing: true, snapshots: join(folder(), "snapshots") }))

it.live("what was written is there when it is opened again", () =>
  Effect.gen(function* () {
    const location = folder()
    const entry = { seq: 1, value: Buffer.from("kept"), keys: [daemonStream], freed: [] }
    yield* LogStore.use((store) => store.write([entry])).pipe(Effect.provide(LevelLogStore.layer(location), { local: true }))
    const last = yield* LogStore.use((store) => store.last).pipe(Effect.provide(LevelLogStore.layer(location), { local: true }))
    assert.strictEqual(Buffer.from(last!.value).toString(), "kept")
  })
)

it.live("a store that another holds is refused as locked", () =>
  Effect.gen(function* () {
    const location = folder()
    const open = Layer.build(LevelLogStore.layer(location))
    yield* open
    const error = yield* Effect.flip(Layer.build(Layer.fresh(LevelLogStore.layer(location))))
    assert.strictEqual(error._tag, "LogLocked")
  }).pipe(Effect.scoped)
)
