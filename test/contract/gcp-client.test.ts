/** Calls of Google's client that nobody waits for any more. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { type Google, makeGcp } from "../../daemon/clouds/gcp/client.ts"
import { Gce } from "../tools/gce.ts"
import { givenUpUnsent } from "./given-up.ts"

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
      yield* givenUpUnsent<Google>(
        (call) => gcp.once("firewalls.insert", "", call),
        async ({ firewalls, project }) =>
          (await firewalls()).insert({ project, firewallResource: { name: "late", network: "global/networks/default" } })
      )
      const { items } = yield* Effect.promise(() => gce.console("GET", "global/firewalls"))
      assert.notInclude(
        items.map(({ name }: { readonly name: string }) => name),
        "late"
      )
    })
  )
})
