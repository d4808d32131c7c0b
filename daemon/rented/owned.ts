/** What there is to pay for of a cloud, as far as what its machines carry tells whose they are. */
import * as Effect from "effect/Effect"
import type { NodeToken } from "../../events/ids.ts"
import type { Cloud, CloudError, Holdings, Owned } from "../clouds/Cloud.ts"
import { isOn, type Phase } from "./phases.ts"
import type { RentedSettings } from "./settings.ts"

/** What every rented cloud needs to know besides its own lists. */
export interface OwnedOptions {
  readonly settings: Effect.Effect<Pick<RentedSettings, "useInternalIps">, CloudError>
  /** Null: nothing was ever begun from here. */
  readonly folder: Effect.Effect<string | null>
  /** The key that a machine of this token shows, if this folder has made it. */
  readonly hostKeyOf: (token: NodeToken) => Effect.Effect<string>
}

/** A machine as its cloud lists it. `made`: by whom and under which token, where it says so. */
export interface ListedMachine extends Omit<Owned, "hostKey" | "state"> {
  readonly made: { readonly folder: string; readonly token: NodeToken } | null
  /** The key that the log has of it. */
  readonly recordedKey: string | null
  readonly phase: Phase
}

export const makeHoldings = ({ folder, hostKeyOf, settings }: OwnedOptions) => ({
  machines: Effect.fn("Owned.machines")(function* <I>(
    instances: ReadonlyArray<I>,
    machineOf: (instance: I, useInternalIps: boolean) => ListedMachine
  ) {
    const own = yield* folder
    // What there is is told, and ended, without it.
    const { useInternalIps } = yield* Effect.orElseSucceed(settings, () => ({ useInternalIps: false }))
    return yield* Effect.forEach(
      instances,
      Effect.fnUntraced(function* (instance): Effect.fn.Return<Owned> {
        const { made, phase, recordedKey, ...machine } = machineOf(instance, useInternalIps)
        const hostKey = recordedKey ?? (made !== null && made.folder === own ? yield* hostKeyOf(made.token) : null)
        return { ...machine, hostKey, state: isOn(phase) ? "running" : "stopped" }
      })
    )
  }),
  /** Of a log, or of all logs that the state folder has had. */
  owned:
    (list: (of: { readonly log: string } | { readonly folder: string }) => Effect.Effect<Holdings, CloudError>): Cloud["owned"] =>
    (log) =>
      Effect.flatMap(folder, (own) =>
        own === null ? Effect.succeed({ owned: [], unclear: [] }) : list(log === null ? { folder: own } : { log })
      )
})
