/** What is known of machines is kept for as many as a daemon has at a time, and not for all that it ever had. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { NodeRef } from "../../../daemon/clouds/Cloud.ts"
import { makeMachines } from "../../../daemon/over-ssh/Machines.ts"

it.effect("a machine of long ago is looked at anew, one of a moment ago is not", () =>
  Effect.gen(function* () {
    const brought: Array<string> = []
    const { readyFor } = makeMachines({
      connections: {} as never,
      machineOf: ({ host }) => Effect.succeed({ host: host! }),
      keyOf: ({ host }) => host,
      targetOf: () => Effect.succeed({} as never),
      bring: ({ host }) => Effect.sync(() => ({ nth: brought.push(host) }) as never)
    })
    const ready = (i: number) => readyFor({ host: `i-${i}`, hostKey: null } as NodeRef)
    for (let i = 0; i <= 10_000; i++) yield* ready(i)
    brought.length = 0
    yield* ready(0)
    yield* ready(10_000)
    assert.deepStrictEqual(brought, ["i-0"])
  })
)
