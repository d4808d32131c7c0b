/** Calls of Google's client that nobody waits for any more, and whose they are. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { makeAccess } from "../../daemon/clouds/gcp/access.ts"
import { type Google, makeGcp } from "../../daemon/clouds/gcp/client.ts"
import { Gce, gceAccount } from "../tools/gce.ts"
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

it.live("the project that config.yaml names is that of the identity, from its next call on", () =>
  Effect.gen(function* () {
    let projectId = "lab-1"
    const { identity } = makeAccess(makeGcp(Effect.sync(() => ({ projectId }))))
    assert.deepStrictEqual(yield* identity, [`${gceAccount} [project_id=lab-1]`])
    projectId = "other-2"
    assert.deepStrictEqual(yield* identity, [`${gceAccount} [project_id=other-2]`])
  })
)
