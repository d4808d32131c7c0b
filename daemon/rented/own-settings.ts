/** What the user's `config.yaml` says of a cloud, as a reason why that cannot be used where it is wrong. */
import * as Effect from "effect/Effect"
import { habitsOf } from "../catalog/habits.ts"
import { type Cloud, CloudError } from "../clouds/Cloud.ts"
import { type ConfigFile, openConfig } from "../config/config-file.ts"
import { refusedForAny } from "./errors.ts"
import type { RentedSettings } from "./settings.ts"

const misset = "Config"

export const ownSettings = <A>(home: string, read: (config: ConfigFile) => A): Effect.Effect<A, CloudError> => {
  const config = openConfig(home)
  return Effect.tryPromise({
    try: async () => read(await config()),
    catch: (error) => refusedForAny(misset, (error as Error).message, "cloud")
  })
}

/**
 * What is under way was begun by a file that was right: one that is being written, or mended, is waited for. What was made costs meanwhile,
 * and nobody would go on with it.
 */
export const underWay = <A>(deed: Effect.Effect<A, CloudError>): Effect.Effect<A, CloudError> =>
  Effect.mapError(deed, (error) =>
    error.kind === "Refused" && error.code === misset
      ? new CloudError({ kind: "Transient", code: misset, message: error.message, scope: "cloud", anyKind: true, goesOn: true })
      : error
  )

/** As they were last read, where they cannot be read now: never others than the user has named. */
export const lastGood = <A>(settings: Effect.Effect<A, CloudError>): Effect.Effect<A, CloudError> => {
  let last: { readonly settings: A } | undefined
  const kept = Effect.map(settings, (read) => {
    last = { settings: read }
    return read
  })
  return Effect.catch(kept, (error) => (last === undefined ? Effect.fail(error) : Effect.succeed(last.settings)))
}

/** The account's reason first. `settings`: fails where machines that are made by them could not be had. */
export const whyNotBy = (
  account: Effect.Effect<string | null>,
  settings: Effect.Effect<unknown, CloudError>
): Required<Pick<Cloud, "whyNot" | "isMisset">> => {
  let isMisset = false
  const ofSettings = Effect.match(settings, { onSuccess: () => null, onFailure: ({ message }) => message })
  const whyNot = Effect.gen(function* () {
    const why = yield* account
    const wrong = why === null ? yield* ofSettings : null
    isMisset = wrong !== null
    return why ?? wrong
  })
  return { whyNot, isMisset: () => isMisset }
}

/** What the user has `config.yaml` put on all machines is what the cloud takes; what is not is told by the key that it is written under. */
export const labelled = (cloud: string, { labels, labelsBy = [["labels", labels]] }: Pick<RentedSettings, "labels" | "labelsBy">) => {
  for (const [key, some] of [...labelsBy, ["labels", labels] as const]) {
    const problem = habitsOf(cloud).labelProblem?.(some)
    if (problem !== undefined) return Effect.fail(refusedForAny(misset, `${cloud}.${key} in config.yaml: ${problem}`, "cloud"))
  }
  return Effect.void
}
