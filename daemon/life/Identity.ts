/** Who this daemon is and where it lives. Made once, at the edge. */
import * as Context from "effect/Context"
import type { Actor } from "../../events/Recorded.ts"

export class Identity extends Context.Service<
  Identity,
  {
    /** The state folder, absolute. */
    readonly home: string
    readonly socket: string
    readonly version: string
    /** `version+<build time in ms>`: a newer one replaces an older daemon. */
    readonly build: string
    readonly pid: number
    readonly user: string
    readonly actor: Actor
    readonly startedAtMs: number
  }
>()("skyd/daemon/life/Identity") {}
