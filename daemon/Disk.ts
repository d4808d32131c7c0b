/**
 * The room that is left where the state lies, and whether the log still lies there. What begins something is refused while there is room
 * to end it, and when what is recorded of it would be lost.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RuntimeError } from "../sdk/protocol/errors.ts"
import type { CommandName } from "../sdk/protocol/methods.ts"
import { ballastBytes, dropBallast, freeBytes, hasBallast, mib, writeBallast } from "./ballast.ts"
import { DiskError } from "./DiskError.ts"
import { watchPlaces } from "./log/in-place.ts"
import { Notices } from "./Notices.ts"

/** What must be free, in MiB. */
const launchMib = 256
const workMib = 64
const reserveMib = ballastBytes / mib
/** Below this the reserve is given up. */
const lastMib = 16
const needs: Readonly<Record<CommandName, number>> = {
  launch: launchMib,
  exec: workMib,
  start: workMib,
  autostop: workMib,
  cancel: 0,
  stop: 0,
  down: 0
}

const lookMs = 10_000
/** After the start, which has other things to do. */
const firstLookMs = 5000

const wayBack =
  "Move it back if you can. If not, sky audit export FILE saves all while this daemon runs, and sky audit import FILE takes it over."

export class Disk extends Context.Service<
  Disk,
  {
    /** Whether a command of this kind would be carried through, and remembered. */
    readonly allow: (method: CommandName) => Effect.Effect<void, RuntimeError>
  }
>()("skyd/daemon/Disk") {
  static readonly endless = Layer.succeed(Disk, { allow: () => Effect.void })

  static readonly layer = (home: string) =>
    Layer.effect(
      Disk,
      Effect.suspend(() => make(home))
    )
}

/** A reserve that was given up is there to end things: what it would take to have it again is no room. */
const roomMib = (home: string): number => {
  const free = freeBytes(home) / mib
  return hasBallast(home) || free > workMib + reserveMib ? free : Math.max(0, free - reserveMib)
}

const make = Effect.fnUntraced(function* (home: string) {
  const notices = yield* Notices
  const misplaced = yield* watchPlaces(home)

  const lost = () => {
    const path = misplaced()
    return path === undefined ? null : `${path} was deleted, moved or replaced under the daemon: what it records may be lost when it ends.`
  }
  const look = () => {
    if (freeBytes(home) / mib < lastMib) dropBallast(home)
    const room = roomMib(home)
    return { room, left: `The disk of ${home} has ${Math.floor(room)} MiB left` }
  }
  notices.watch("places", () => {
    const said = lost()
    return said && `${said} ${wayBack}`
  })
  notices.watch("disk", () => {
    const { left, room } = look()
    return room < launchMib ? `${left}: a launch needs ${launchMib}, an exec or a start ${workMib}. Free some space.` : null
  })
  const reserve = Effect.tryPromise(() => writeBallast(home)).pipe(
    Effect.catch(({ cause }) => Effect.logWarning(`the reserve on the disk cannot be written: ${String(cause)}`))
  )
  yield* Effect.forkScoped(
    Effect.andThen(
      Effect.sleep(firstLookMs),
      Effect.forever(
        Effect.gen(function* () {
          // For those who follow: nobody may be asking.
          notices.list()
          const { room } = look()
          if (!hasBallast(home) && room > workMib + reserveMib) yield* reserve
        }).pipe(
          Effect.catchDefect((defect) => Effect.logError("The disk cannot be looked at:", defect)),
          Effect.andThen(Effect.sleep(lookMs))
        )
      )
    )
  )

  return Disk.of({
    allow: Effect.fn("Disk.allow")(function* (method) {
      if (needs[method] === 0) return
      const said = lost()
      if (said !== null) return yield* new RuntimeError({ message: `${said} ${method} is not begun.`, hint: wayBack })
      const { left, room } = look()
      if (room >= needs[method]) return
      return yield* new DiskError({
        message: `${left}, and ${method} needs ${needs[method]} MiB.`,
        hint: "Free some space. cancel, stop and down go on all the while."
      })
    })
  })
})
