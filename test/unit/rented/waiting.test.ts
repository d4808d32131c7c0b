/** What a machine that was made a moment ago is waited for: said while it lasts, to who waits and to who asks. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { CloudError, type NodeRef } from "../../../daemon/clouds/Cloud.ts"
import { Waiting } from "../../../daemon/clouds/Waiting.ts"
import { cloudErrorOf } from "../../../daemon/over-ssh/errors.ts"
import { clusterView } from "../../../daemon/queries/cluster-view.ts"
import { operationView } from "../../../daemon/queries/operation-view.ts"
import { remoteError } from "../../../daemon/remote/RemoteError.ts"
import { makeInstall } from "../../../daemon/rented/install.ts"
import { Ongoing, type Passing, waitingFor } from "../../../daemon/requests/Ongoing.ts"
import { operationOf } from "../../../projections/operations.ts"
import { offAgain } from "../../../projections/refusals.ts"
import { asked, nodeId, operation, provisioned, requested, rowAfter, worldOf } from "../../fakes/facts.ts"

const refused = cloudErrorOf(
  remoteError("ConnectionRefused", { name: "10.0.0.4" }, "connection refused by 10.0.0.4: nothing listens there")
)
const ref = { node: nodeId(0), rank: 0, address: "10.0.0.4", host: "i-0ab3" } as unknown as NodeRef

/** Whose machine refuses as often, and lets in then. */
const restart = (refusals: number) => {
  let left = refusals
  const ask = () => Effect.suspend(() => (left-- > 0 ? Effect.fail(refused) : Effect.void))
  const options = { cloud: "aws", machines: { ask }, look: () => Effect.undefined, folder: Effect.succeed("/f") }
  return makeInstall(options as never).restart(ref)
}

/** A machine that refuses our key. `isOurs`: this folder has made it. */
const shut = (isOurs: boolean) => {
  const denied = cloudErrorOf(
    remoteError("PermissionDenied", { name: "10.0.0.4" }, "permission denied (publickey): ubuntu@10.0.0.4 with the key /s/keys/id_ed25519")
  )
  const fails = () => Effect.fail(denied)
  const options = {
    cloud: "aws",
    machines: { ask: fails, readyFor: fails },
    look: () => Effect.undefined,
    folder: Effect.succeed("/f"),
    hostKeyOf: () => Effect.succeed("ssh-ed25519 ours")
  }
  return { ...makeInstall(options as never), ref: { ...ref, hostKey: isOurs ? "ssh-ed25519 ours" : null } }
}

describe("a machine that was started, and is not reached", () => {
  const begun = (whyOff: string | null, forbidden = false) => {
    const noRight = new CloudError({ kind: "Refused", code: "UnauthorizedOperation", message: "you may not look" })
    const options = {
      cloud: "aws",
      machines: { ask: () => Effect.fail(refused) },
      look: () => (forbidden ? Effect.fail(noRight) : Effect.succeed({ accelerators: null, whyOff })),
      folder: Effect.succeed("/f")
    }
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(makeInstall(options as never).restart(ref)))
      yield* TestClock.adjust("5 minutes")
      return yield* Fiber.join(fiber)
    })
  }
  it.effect("and is off again, is told as that, and not as one that its place refused to start", () =>
    Effect.gen(function* () {
      const message = "its machine was started, ran, and is off again (stopped: by itself)"
      assert.deepInclude(yield* begun("stopped: by itself"), { kind: "Refused", code: offAgain, message })
    })
  )
  it.effect("is no machine that was refused, also where nobody may look at it", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* begun(null), { kind: "Transient" })
      assert.deepInclude(yield* begun(null, true), { kind: "Transient" })
    })
  )
})

describe("a machine that lets in nobody but who made it", () => {
  it.effect("is not waited for, and what to do is said: its key is lost", () =>
    Effect.gen(function* () {
      const { install, ref: machine } = shut(false)
      const { kind, message } = yield* Effect.flip(install(machine))
      assert.strictEqual(kind, "Refused")
      assert.match(message, /^permission denied \(publickey\): .* that is not here: take what you need from its disk by AWS's own means/)
    })
  )
  it.effect("is started all the same: what is paid for is known", () =>
    Effect.gen(function* () {
      const { ref: machine, restart: begin } = shut(false)
      const fiber = yield* Effect.forkChild(begin(machine))
      yield* TestClock.adjust("11 seconds")
      yield* Fiber.join(fiber)
    })
  )
  it.effect("is waited for where that is this folder: who is let in is told to it as it begins", () =>
    Effect.gen(function* () {
      const { install, ref: machine } = shut(true)
      const fiber = yield* Effect.forkChild(Effect.flip(install(machine)))
      yield* TestClock.adjust("2 minutes")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* Fiber.join(fiber)).code, "PermissionDenied")
    })
  )
})

describe("a machine that does not let us in yet", () => {
  it.effect("is told by its address and by what it answers, each said once", () =>
    Effect.gen(function* () {
      const said: Array<Passing> = []
      const waiting = waitingFor((passing) => said.push(passing), "bootstrap")
      const fiber = yield* Effect.forkChild(Effect.provideService(restart(5), Waiting, waiting))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(said, [
        { phase: "bootstrap", detail: "waiting for ssh on 10.0.0.4", sinceMs: 0 },
        { phase: "bootstrap", detail: "waiting for ssh: connection refused by 10.0.0.4: nothing listens there", sinceMs: 0 }
      ])
    })
  )
  it("of several the first is told, and the next once that is there", () => {
    const said: Array<string> = []
    const { begun, over } = waitingFor(({ detail }) => said.push(detail), "bootstrap")
    begun(nodeId(0), "a", 0)
    begun(nodeId(1), "b", 0)
    over(nodeId(0))
    over(nodeId(1))
    assert.deepStrictEqual(said, ["a", "a; and for 1 more", "b"])
  })
})

describe("what a step says while it goes on", () => {
  const launch = operation("r-launch")
  const detail = "waiting for ssh on 10.0.0.4"
  const facts = [...asked(), ...provisioned()]
  const row = rowAfter(facts)!
  const world = worldOf(facts)

  it.effect("is heard by who comes later, and by nobody once it is over", () =>
    Effect.gen(function* () {
      const ongoing = yield* Ongoing
      const heard: Array<string> = []
      const listen = () => ongoing.follow(launch, (passing) => heard.push(passing.detail))()
      ongoing.say(launch, { phase: "bootstrap", detail })
      listen()
      ongoing.over(launch)
      listen()
      assert.deepStrictEqual(heard, [detail])
      assert.isUndefined(ongoing.last(launch))
    })
  )
  it("is the reason that status and ops tell, with its seconds", () => {
    const said = { phase: "bootstrap", detail, sinceMs: 10_000 } as const
    assert.strictEqual(clusterView(row, world.jobs, 50_000, said).reason, `${detail}, 40 s`)
    assert.strictEqual(operationView(operationOf(world.operations, "r-launch")!, world, 50_000, said).detail, `${detail}, 40 s`)
  })
  it("with what to look at and what ends it, once that takes more than a minute", () => {
    const said = { phase: "bootstrap", detail, sinceMs: 10_000, way: "to end it: sky down train" } as const
    assert.strictEqual(clusterView(row, world.jobs, 69_000, said).reason, `${detail}, 59 s`)
    assert.strictEqual(clusterView(row, world.jobs, 71_000, said).reason, `${detail}, 1 min 1 s; to end it: sky down train`)
  })
  it("from when the machine came, however often it was tried since", () => {
    const said: Array<Passing> = []
    const { begun } = waitingFor((passing) => said.push(passing), "bootstrap", { sinceMs: () => 5_000, way: "look" })
    begun(nodeId(0), detail, 200_000)
    assert.deepStrictEqual(said, [{ phase: "bootstrap", detail, sinceMs: 5_000, way: "look" }])
  })
  it("but not of another phase, nor of an operation that waits for it", () => {
    const other = { phase: "provision", detail, sinceMs: 10_000 } as const
    assert.strictEqual(clusterView(row, world.jobs, 50_000, other).reason, "waiting for the agent on the head")
    const behind = worldOf([...facts, requested("start")])
    assert.notInclude(operationView(operationOf(behind.operations, "r-start")!, behind, 50_000).detail ?? "", detail)
  })
})
