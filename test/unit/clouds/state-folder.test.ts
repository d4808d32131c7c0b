/** What a state folder notes of the machines that it may have taken, for when they are not reached. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { stateFolder } from "../../../daemon/clouds/ssh/state-folder.ts"

const home = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "taken-"))),
  (made) => Effect.promise(() => rm(made, { recursive: true }))
)
const machine = { pool: "rack", host: "10.0.0.4" }
const [node, other] = ["01HZZZZZZZZZZZZZZZZZZZZZZZ-0", "01J0000000000000000000000-0"]

describe("the note that a machine may have a node of ours", () => {
  it.effect("stays when a look that began before the claim saw the machine free", () =>
    Effect.gen(function* () {
      const folder = stateFolder(yield* home)
      yield* folder.take(machine, node)
      yield* folder.seenFree(machine)
      assert.isTrue(yield* folder.hasTaken(machine))
      yield* folder.letGo(machine, node)
      assert.isFalse(yield* folder.hasTaken(machine))
    }).pipe(Effect.scoped)
  )

  it.effect("of a daemon before this one goes when the machine is seen free, and is this one's where it is taken again", () =>
    Effect.gen(function* () {
      const at = yield* home
      yield* stateFolder(at).take(machine, node)
      yield* stateFolder(at).take(machine, other)
      yield* stateFolder(at).take({ ...machine, host: "10.0.0.5" }, node)
      const folder = stateFolder(at)
      yield* folder.take(machine, other)
      yield* folder.seenFree(machine)
      yield* folder.letGo(machine, other)
      assert.isFalse(yield* folder.hasTaken(machine))
      assert.isTrue(yield* folder.hasTaken({ ...machine, host: "10.0.0.5" }))
    }).pipe(Effect.scoped)
  )
})
