/** How the last daemon ended, by the pid file that it leaves: whoever has its number since says nothing of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { isUntimely } from "../../daemon/ipc/Door.ts"
import { storeLayer } from "../../daemon/log/LevelLog.ts"

const inHome = (play: (home: string) => Effect.Effect<void, unknown>) =>
  Effect.suspend(() => {
    const home = mkdtempSync(join(tmpdir(), "skyd-d-"))
    mkdirSync(join(home, "run"))
    return Effect.ensuring(
      play(home),
      Effect.sync(() => rmSync(home, { recursive: true }))
    )
  })
const leavePid = (home: string, pid: number) => writeFileSync(join(home, "run", "pid"), `${pid}\n`)

describe("the last daemon's end", () => {
  it.live("was untimely where its pid file is left, though its number is another process's since", () =>
    inHome((home) =>
      Effect.sync(() => {
        assert.isFalse(isUntimely(home))
        for (const pid of [process.pid, process.ppid, 1]) {
          leavePid(home, pid)
          assert.isTrue(isUntimely(home))
        }
      })
    )
  )
  it.live("is none while a process holds the log", () =>
    inHome((home) =>
      Effect.gen(function* () {
        leavePid(home, process.ppid)
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* Layer.build(storeLayer(home, true))
            assert.isFalse(isUntimely(home))
          })
        )
        assert.isTrue(isUntimely(home))
      })
    )
  )
})
