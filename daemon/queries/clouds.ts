/** Which clouds can be used, and the user's own machines as they are now. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Check, SshList } from "../../sdk/protocol/clouds.ts"
import { RuntimeError, ValueError } from "../../sdk/protocol/errors.ts"
import { cloudOf } from "../../task/clouds.ts"
import { didYouMean } from "../../task/near.ts"
import { cut, inner, sentence } from "../../task/sentence.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { howToUse } from "../clouds/how-to-use.ts"
import { identitiesOf } from "../clouds/identities.ts"

const checkOne = Effect.fnUntraced(function* (cloud: Cloud, withIdentity: boolean) {
  const { name, warnings = Effect.succeed([]), whyNot = Effect.succeed(null) } = cloud
  cloud.doubt?.()
  const [reason, said] = yield* Effect.all([whyNot, warnings])
  const view = { cloud: name, enabled: reason === null, reason, warnings: said }
  if (!withIdentity || reason !== null) return view
  const found = (yield* identitiesOf(new Map([[name, cloud]]), [name])).get(name)!
  return Result.isSuccess(found)
    ? { ...view, identity: found.success }
    : { ...view, identity: null, warnings: [...said, inner(found.failure.message)] }
})

/** In the words in which a launch is told. */
export const noPool = (pool: string, pools: ReadonlyArray<string>) => {
  const near = didYouMean(pool, pools)
  return new ValueError({
    message: `SSH has no pool '${cut(pool)}'.${near === undefined ? ` It has: ${pools.join(", ")}.` : ""}`,
    hint: near === undefined ? null : `Did you mean '${near}'?`
  })
}

export const cloudAnswers = (clouds: ReadonlyMap<string, Cloud>) => ({
  check: Effect.fnUntraced(function* ({ clouds: asked, identity }: typeof Check.Type) {
    const all = [...clouds.keys()]
    const names = asked === null || asked === undefined ? all : asked.map((name) => cloudOf(name) ?? name)
    const unknown = names.find((name) => !all.includes(name))
    if (unknown !== undefined) {
      const message = `There is no cloud '${cut(unknown)}' in this version.`
      return yield* new ValueError({ message, hint: `It has: ${all.join(", ")}.` })
    }
    return { clouds: yield* Effect.forEach(names, (name) => checkOne(clouds.get(name)!, identity === true), { concurrency: "unbounded" }) }
  }),
  "ssh.list": Effect.fnUntraced(function* ({ pool = null }: typeof SshList.Type) {
    const cloud = clouds.get("ssh")
    if (cloud?.machines === undefined) return { machines: [], warnings: [] }
    const why = yield* cloud.whyNot ?? Effect.succeed(null)
    const pools = cloud.catalog?.regions ?? []
    if (pool !== null && why === null && !pools.includes(pool)) return yield* noPool(pool, pools)
    if (why !== null) return yield* new RuntimeError({ message: sentence(`SSH is not enabled: ${why}`), hint: howToUse(cloud) ?? null })
    const machines = yield* Effect.mapError(cloud.machines(pool), ({ message }) => new RuntimeError({ message, hint: null }))
    return { machines, warnings: yield* cloud.warnings ?? Effect.succeed([]) }
  })
})
