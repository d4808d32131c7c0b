/** A cloud that may not be told how a machine is to end: who asks for that is told so, and what is in force stays what is shown. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { clusterView } from "../../daemon/queries/cluster-view.ts"
import { scene } from "./scene.ts"
import { pass } from "./world.ts"

const named = { clusterName: "a" }
const launch = { ...named, task: { run: "1 0" }, idleMinutesToAutostop: 30 }
const refusal = new CloudError({ kind: "Refused", code: "UnauthorizedOperation", message: "you may not ec2:ModifyInstanceAttribute" })

/** 30 minutes are in force, and nothing else can be. */
const refusing = (play: Parameters<typeof scene>[0]) =>
  scene((stage) =>
    Effect.gen(function* () {
      yield* stage.ask("l", "launch", launch)
      stage.world.faults.set("endsItself", refusal)
      yield* play(stage)
    })
  )
const shown = ({ daemon, row }: Parameters<Parameters<typeof scene>[0]>[0]) => {
  const { autostop, reason, status, toDown } = clusterView(row()!, daemon.log.world().jobs, 0)
  return { autostop, toDown, status, reason }
}

describe("an autostop that the cloud refuses", () => {
  it.effect("fails with the cloud's words, and status shows what is in force, what is wanted, and why that is not so", () =>
    refusing((stage) =>
      Effect.gen(function* () {
        yield* stage.ask("s", "autostop", { ...named, idleMinutes: 0, down: true })
        const outcome = stage.outcome("s") as {
          readonly _tag: string
          readonly error: { readonly message: string; readonly exitCode: number }
        }
        assert.strictEqual(outcome._tag, "failed")
        assert.include(outcome.error.message, "you may not ec2:ModifyInstanceAttribute")
        assert.strictEqual(outcome.error.exitCode, 4)
        const { reason, ...rest } = shown(stage)
        assert.deepStrictEqual(rest, { autostop: 30, toDown: false, status: "UP" })
        assert.include(reason, "going after 0 idle minutes is wanted")
        assert.include(reason, "you may not ec2:ModifyInstanceAttribute")
      })
    )
  )
  it.effect("is tried again by itself, and in force once the cloud lets it", () =>
    refusing((stage) =>
      Effect.gen(function* () {
        yield* stage.ask("s", "autostop", { ...named, idleMinutes: 10, down: true })
        stage.world.faults.clear()
        yield* pass(stage.daemon, "2 minutes")
        assert.deepStrictEqual(shown(stage), { autostop: 10, toDown: true, status: "UP", reason: null })
      })
    )
  )
  it.effect("is wanted no more once it was cancelled, also while the cloud refuses", () =>
    refusing((stage) =>
      Effect.gen(function* () {
        yield* stage.ask("n", "autostop", { ...named, idleMinutes: -1 })
        yield* stage.ask("s", "autostop", { ...named, idleMinutes: 600, down: true })
        assert.isTrue(clusterView(stage.row()!, stage.daemon.log.world().jobs, 0).autostopWanted)
        yield* stage.ask("c", "autostop", { ...named, idleMinutes: -1 })
        assert.deepInclude(stage.outcome("c"), { _tag: "succeeded" })
        stage.world.faults.clear()
        yield* pass(stage.daemon, "10 minutes")
        assert.deepStrictEqual(shown(stage), { autostop: -1, toDown: false, status: "UP", reason: null })
      })
    )
  )
  it.effect("lets no launch with down go on: that its job was not submitted is said, and wanted is what it asked for", () =>
    refusing((stage) =>
      Effect.gen(function* () {
        yield* stage.ask("d", "launch", { ...launch, idleMinutesToAutostop: 10, down: true })
        const { _tag, error } = stage.outcome("d") as {
          readonly _tag: string
          readonly error: { readonly message: string; readonly hint: string; readonly exitCode: number }
        }
        assert.deepStrictEqual([_tag, error.exitCode], ["failed", 4])
        assert.include(error.message, "a: setting autostop failed, and the job was not submitted: you may not ec2:ModifyInstanceAttribute")
        assert.include(error.hint, "In force is what was before: stopping after 30 idle minutes")
        assert.include(error.hint, "launch again once it may be set, or, to run without it: sky autostop --cancel a")
        assert.strictEqual(stage.row()!.lastJob, 1)
        const { reason, ...rest } = shown(stage)
        assert.deepStrictEqual(rest, { autostop: 30, toDown: false, status: "UP" })
        assert.include(reason, "going after 10 idle minutes is wanted")
        assert.include(reason, "you may not ec2:ModifyInstanceAttribute")
        stage.world.faults.clear()
        yield* pass(stage.daemon, "2 minutes")
        assert.deepStrictEqual(shown(stage), { autostop: 10, toDown: true, status: "UP", reason: null })
      })
    )
  )
  it.effect("keeps no job from the cluster, and nobody from wanting something else at once", () =>
    refusing((stage) =>
      Effect.gen(function* () {
        yield* stage.ask("s", "autostop", { ...named, idleMinutes: 10, down: true })
        yield* pass(stage.daemon, "10 minutes")
        yield* stage.ask("e", "exec", { ...named, task: { run: "1 0" } })
        assert.deepInclude(stage.outcome("e"), { _tag: "succeeded" })
        stage.world.faults.clear()
        yield* stage.ask("c", "autostop", { ...named, idleMinutes: -1 })
        assert.deepInclude(stage.outcome("c"), { _tag: "succeeded" })
        assert.deepStrictEqual(shown(stage), { autostop: -1, toDown: false, status: "UP", reason: null })
      })
    )
  )
})
