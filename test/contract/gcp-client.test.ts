/** Calls of Google's client that nobody waits for any more. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { afterAll, beforeAll } from "vitest"
import { type Google, makeGcp } from "../../daemon/clouds/gcp/client.ts"
import { Gce } from "../tools/gce.ts"

let gce: Gce
beforeAll(async () => {
  gce = await Gce.start()
  Object.assign(process.env, gce.env)
})
afterAll(() => gce.end())

describe("a call of Compute Engine", () => {
  it.live("that is given up before it was sent is not sent, and ends nothing but itself", () =>
    Effect.gen(function* () {
      const gcp = makeGcp(Effect.succeed({ projectId: null }))
      const begun = yield* Deferred.make<void>()
      let open = () => {}
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      const late = async (google: Google) => {
        await gate
        const firewalls = await google.firewalls()
        return firewalls.insert({ project: google.project, firewallResource: { name: "late", network: "global/networks/default" } })
      }
      let sent: Promise<unknown> = Promise.resolve()
      const insert = (google: Google) => {
        sent = late(google)
        Deferred.doneUnsafe(begun, Effect.void)
        return sent
      }
      const uncaught: Array<unknown> = []
      const onUncaught = (error: unknown) => void uncaught.push(error)
      process.prependListener("uncaughtExceptionMonitor", onUncaught)
      const asking = yield* Effect.forkChild(gcp.once("firewalls.insert", "", insert))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(asking)
      open()
      yield* Effect.flip(Effect.tryPromise(() => sent))
      yield* Effect.promise(() => new Promise(setImmediate))
      process.removeListener("uncaughtExceptionMonitor", onUncaught)
      assert.deepStrictEqual(uncaught, [])
      const { items } = yield* Effect.promise(() => gce.console("GET", "global/firewalls"))
      assert.notInclude(
        items.map(({ name }: { readonly name: string }) => name),
        "late"
      )
    })
  )
})
