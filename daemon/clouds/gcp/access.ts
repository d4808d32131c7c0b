/** Whether GCP can be used: whose the credentials are, whether the project has the API, and what they may do there. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { keptIdentity } from "../../rented/identity.ts"
import { makeSight } from "../../rented/sight.ts"
import type { Gcp } from "./client.ts"
import { hasSigns } from "./credentials.ts"
import { lostWithout, morePermissions, permissions } from "./permissions.ts"

/** One answer of no use is not yet a project of none; who asks does not wait for long. */
const moreTries = { times: 2, schedule: Schedule.spaced("500 millis") }

const noCredentials =
  "there are no credentials: run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS and restart the daemon (sky daemon restart)"

export const makeAccess = (gcp: Gcp) => {
  const namesOf = (who: Gcp["who"]) => Effect.map(who, ({ account, project }) => [`${account} [project_id=${project}]`])
  const { identity, identityNow } = keptIdentity({
    hasSigns,
    fingerprint: gcp.fingerprint,
    ask: namesOf(gcp.who),
    askNow: namesOf(gcp.whoNow)
  })

  const lackingOf = Effect.fn("Access.lacking")(function* (roles: Readonly<Record<string, ReadonlyArray<string>>>) {
    const lacks = (yield* gcp.lacking(Object.values(roles).flat())) ?? []
    return Object.entries(roles).flatMap(([role, names]) => {
      const own = names.filter((name) => lacks.includes(name))
      return own.length === 0 ? [] : [{ names: own, words: `${own.join(", ")} (${role} brings ${own.length === 1 ? "it" : "them"})` }]
    })
  })
  const see = Effect.gen(function* () {
    yield* identity
    const { project } = yield* gcp.who
    // Whether the API is enabled, and paid for, only a call of its own says.
    yield* gcp
      .once("projects.get", "", async ({ projects }, options) => (await projects()).get({ project }, options))
      .pipe(Effect.retry({ ...moreTries, while: ({ kind }) => kind === "Transient" }))
    const lacks = yield* lackingOf(permissions)
    const warns = yield* lackingOf(morePermissions)
    const why = lacks.length === 0 ? null : `its credentials may not ${lacks.map(({ words }) => words).join("; nor ")} in ${project}`
    return {
      why,
      found: warns.map(({ names, words }) => `it cannot be used for ${lostWithout(names)}: its credentials may not ${words} in ${project}`)
    }
  })
  const { doubt, doubting, found, isForbidden, isSilent, whyNot } = makeSight<ReadonlyArray<string>>({
    name: "GCP",
    hasSigns,
    noCredentials,
    fingerprint: gcp.fingerprint,
    see,
    isAnswer: ({ code, kind }) => kind === "Refused" && code !== "Credentials"
  })
  return {
    hasSigns,
    identity,
    identityNow,
    isForbidden,
    isSilent,
    whyNot,
    doubt,
    doubting,
    warnings: Effect.sync(() => found() ?? [])
  }
}
