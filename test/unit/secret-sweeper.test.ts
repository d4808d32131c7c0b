/** Secrets are swept when nothing needs them any more, and not before: an operation's end is not its job's. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { SecretValues } from "../../daemon/home/Secrets.ts"
import { EventLog, type Follower } from "../../daemon/log/EventLog.ts"
import * as SecretSweeper from "../../daemon/reactors/SecretSweeper.ts"
import * as World from "../../daemon/World.ts"
import { cluster, recorded, requested, type Said, submitted, succeeded, up, worldOf } from "../fakes/facts.ts"
import { secretsIn } from "../sim/SimDaemon.ts"

const keeping = (...ids: ReadonlyArray<string>) => new Map<string, SecretValues>(ids.map((id) => [id, { TOKEN: "s3cret" }]))

/** A daemon that starts on this world, and hears what happens in it later. */
const startOn = (kept: Map<string, SecretValues>, facts: ReadonlyArray<Said>) => {
  let world = worldOf(facts)
  const followers = new Set<Follower>()
  const log = {
    world: () => world,
    follow: (follower: Follower) => {
      followers.add(follower)
      return () => void followers.delete(follower)
    }
  }
  const happen = (later: ReadonlyArray<Said>) =>
    Effect.sync(() => {
      const group = recorded(later, world.at + 1)
      world = group.reduce(World.apply, world)
      for (const follower of followers) follower(group, world)
    })
  const layer = SecretSweeper.layer.pipe(Layer.provide([Layer.succeed(EventLog, log as never), secretsIn(kept)]))
  return Effect.as(Layer.build(layer), happen)
}

const exec: ReadonlyArray<Said> = [requested("exec"), submitted(2, "r-exec"), succeeded("r-exec")]
/** More operations than memory keeps. */
const manyLater = Array.from({ length: 1001 }, (_, i): ReadonlyArray<Said> => [requested("autostop", `r-${i}`), succeeded(`r-${i}`)]).flat()
const jobEnded: Said = [{ _tag: "JobClosed", cluster, job: 2 as never, status: "FAILED", returnCodes: [], reason: "gone" }, "r-exec"]

describe("secrets of a job that its head was not told of", () => {
  it.effect("stay over a restart, however many operations came after the one that submitted it, and go with the job", () =>
    Effect.gen(function* () {
      const kept = keeping("r-exec", "r-gone")
      const happen = yield* startOn(kept, [...up(), ...exec, ...manyLater])
      assert.deepStrictEqual([...kept.keys()], ["r-exec"])
      yield* happen(manyLater)
      assert.deepStrictEqual([...kept.keys()], ["r-exec"])
      yield* happen([jobEnded])
      assert.deepStrictEqual([...kept.keys()], [])
    })
  )
  it.effect("of an operation that ended without a job go at once", () =>
    Effect.gen(function* () {
      const kept = keeping("r-exec")
      const happen = yield* startOn(kept, [...up(), requested("exec")])
      assert.deepStrictEqual([...kept.keys()], ["r-exec"])
      yield* happen([succeeded("r-exec")])
      assert.deepStrictEqual([...kept.keys()], [])
    })
  )
})
