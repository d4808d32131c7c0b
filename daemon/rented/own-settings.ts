/** What the user's `config.yaml` says of a cloud, as a reason why that cannot be used where it is wrong. */
import * as Effect from "effect/Effect"
import type { CloudError } from "../clouds/Cloud.ts"
import { type ConfigFile, openConfig } from "../config/config-file.ts"
import { refusedForAny } from "./errors.ts"

export const ownSettings = <A>(home: string, read: (config: ConfigFile) => A): Effect.Effect<A, CloudError> => {
  const config = openConfig(home)
  return Effect.tryPromise({
    try: async () => read(await config()),
    catch: (error) => refusedForAny("Config", (error as Error).message, "cloud")
  })
}

/** The account's reason first. */
export const whyNotBy = (account: Effect.Effect<string | null>, settings: Effect.Effect<unknown, CloudError>) =>
  Effect.flatMap(account, (why) =>
    why === null ? Effect.match(settings, { onSuccess: () => null, onFailure: ({ message }) => message }) : Effect.succeed(why)
  )
