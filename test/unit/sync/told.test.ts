/** What who waits for a sync is told while it goes. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import type { Cloud } from "../../../daemon/clouds/Cloud.ts"
import { patientCloud } from "../../../daemon/clouds/patient.ts"
import { putOnAll } from "../../../daemon/reactors/put-on-all.ts"
import { Ongoing, type Passing } from "../../../daemon/requests/Ongoing.ts"
import { farText, type PutProgress, sizeText } from "../../../daemon/sync/SyncTold.ts"
import { asked, operation, provisioned, ready, rowAfter } from "../../fakes/facts.ts"

describe("a sync", () => {
  it("says what it sends, and what to do about very much", () => {
    assert.strictEqual(sizeText("workdir", { files: 12, bytes: 34_000 }), "workdir, 12 files, 34 kB")
    const advice = ": much to send; .skyignore leaves out what the task does not need"
    const one = { files: 1, bytes: 1, others: ["run/agent.sock"] }
    assert.strictEqual(sizeText("workdir", one), "workdir, 1 file, 1 B, without 1 socket, pipe or device (run/agent.sock)")
    assert.include(sizeText("workdir", { ...one, others: ["a", "b"] }), ", without 2 sockets, pipes and devices (a)")
    assert.strictEqual(sizeText("workdir", { files: 1, bytes: 256_000_000 }), "workdir, 1 file, 256 MB")
    assert.strictEqual(sizeText("~/data", { files: 1, bytes: 300_000_000 }), `~/data, 1 file, 300 MB${advice}`)
    assert.strictEqual(sizeText("workdir", { files: 60_000, bytes: 1_000 }), `workdir, 60000 files, 1.0 kB${advice}`)
  })

  it("says how far it is and how fast, of all nodes together", () => {
    const half = { bytes: 17_050_000, ofBytes: 60_000_000 }
    assert.strictEqual(farText("workdir", [half, half], 1_000), "workdir, 34.1 of 120 MB, 34 MB/s")
    assert.strictEqual(farText("workdir", [], 0), "workdir, 0 of 0 B, 0 B/s")
  })

  it.effect("says so while it goes, to who follows its operation, and no more often than is read", () =>
    Effect.gen(function* () {
      const ongoing = yield* Ongoing
      const clock = yield* Clock.Clock
      const said: Array<Passing> = []
      const stop = ongoing.follow(operation("r-launch"), (passing) => said.push(passing))
      const put = (_: unknown, placed: Effect.Effect<unknown>, onProgress?: (progress: PutProgress) => void) =>
        Effect.gen(function* () {
          yield* placed
          for (let i = 1; i <= 10; i++) {
            onProgress?.({ bytes: i * 100_000, ofBytes: 1_000_000 })
            yield* TestClock.adjust(100)
          }
        })
      const row = rowAfter([...asked(), ...provisioned(), ...ready()])!
      assert.strictEqual(clock.currentTimeMillisUnsafe(), 0)
      const cloud = patientCloud({ put } as unknown as Cloud)
      const files = { root: "/", entries: [], files: 3, bytes: 1_000_000 }
      yield* putOnAll(row, cloud, "log", "workdir", Effect.succeed({ files, folder: "w" }))
      stop()
      ongoing.say(operation("r-launch"), { phase: "sync", detail: "to nobody" })
      assert.deepStrictEqual(
        said.map(({ detail }) => detail),
        ["workdir, 3 files, 1.0 MB", "workdir, 0.6 of 1.0 MB, 1.2 MB/s"]
      )
    })
  )
})
