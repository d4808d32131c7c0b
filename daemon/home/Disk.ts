/**
 * The room that is left where the state lies, and whether the log still lies there. What begins something is refused while there is room
 * to end it, and when what is recorded of it would be lost.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RuntimeError } from "../../sdk/protocol/errors.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { watchPlaces } from "../log/in-place.ts"
import { notedDamage } from "../log/noted-damage.ts"
import { Notices } from "../Notices.ts"
import { ballastBytes, dropBallast, freeBytes, freeFiles, hasBallast, mib, writeBallast } from "./ballast.ts"
import { DiskError } from "./DiskError.ts"

/** What must be free, in MiB and in files. */
const launchMib = 256
const workMib = 64
const launchFiles = 128
const workFiles = 32
const reserveMib = ballastBytes / mib
/** Below this the reserve is given up. */
const lastMib = 16
const work = { mib: workMib, files: workFiles }
/** What ends something needs nothing. */
const needs: Readonly<Record<CommandName, { readonly mib: number; readonly files: number } | undefined>> = {
  launch: { mib: launchMib, files: launchFiles },
  exec: work,
  start: work,
  autostop: work,
  cancel: undefined,
  stop: undefined,
  down: undefined
}

const lookMs = 10_000
/** After the start, which has other things to do. */
const firstLookMs = 5000

const wayBack =
  "Move it back if you can. If not, sky audit export FILE saves all while this daemon runs, and sky audit import FILE takes it over."

const wayOut =
  "stop, down and cancel go on. End what runs, save what is proven with sky audit export FILE, then: sky daemon restart --force. The next daemon only answers."

export class Disk extends Context.Service<
  Disk,
  {
    /** Whether a command of this kind would be carried through, and remembered. */
    readonly allow: (method: CommandName) => Effect.Effect<void, RuntimeError>
  }
>()("skyd/daemon/home/Disk") {
  static readonly endless = Layer.succeed(Disk, { allow: () => Effect.void })

  static readonly layer = (home: string) =>
    Layer.effect(
      Disk,
      Effect.suspend(() => make(home))
    )
}

const ending = "cancel, stop and down"

/**
 * What is there for what begins something, in MiB, and what is said of it. A reserve that was given up is there to end things: what it
 * would take to have it again is no room.
 */
const roomOf = (home: string) => {
  const free = freeBytes(home) / mib
  const left = `The disk of ${home} has ${Math.floor(free)} MiB left`
  if (hasBallast(home)) return { room: free, left, way: `Free some space. ${ending} go on all the while.` }
  const way = `Free some space first: ${ending} have no reserve now.`
  if (free > workMib + reserveMib || free < 1) return { room: free, left, way }
  const kept = free > reserveMib ? reserveMib : "all"
  return { room: Math.max(0, free - reserveMib), left: `${left}, ${kept} of them for ${ending}`, way }
}

const filesOf = (home: string) => {
  const files = freeFiles(home)
  return {
    files,
    left: `The disk of ${home} takes ${files} more file${files === 1 ? "" : "s"}`,
    way: `Delete some: df -i shows what is left. ${ending} go on all the while.`
  }
}

const make = Effect.fnUntraced(function* (home: string) {
  const notices = yield* Notices
  const misplaced = yield* watchPlaces(home)

  const lost = () => {
    const path = misplaced()
    return path === undefined ? null : `${path} was deleted, moved or replaced under the daemon: what it records may be lost when it ends.`
  }
  const hit = () => {
    const damage = notedDamage(home)
    return damage === undefined ? null : `The log is damaged: ${damage} What is recorded from now on cannot be proven.`
  }
  const look = () => {
    if (freeBytes(home) / mib < lastMib) dropBallast(home)
    return roomOf(home)
  }
  notices.watch("places", () => {
    const said = lost()
    return said && `${said} ${wayBack}`
  })
  notices.watch("found", () => {
    const said = hit()
    return said && `${said} ${wayOut}`
  })
  notices.watch("disk", () => {
    const { left, room, way } = look()
    return room < launchMib ? `${left}: a launch needs ${launchMib}, an exec or a start ${workMib}. ${way}` : null
  })
  notices.watch("files", () => {
    const { files, left, way } = filesOf(home)
    return files < launchFiles ? `${left}: a launch needs ${launchFiles}, an exec or a start ${workFiles}. ${way}` : null
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
      const need = needs[method]
      if (need === undefined) return
      for (const [said, hint] of [[lost(), wayBack] as const, [hit(), wayOut] as const])
        if (said !== null) return yield* new RuntimeError({ message: `${said} ${method} is not begun.`, hint })
      const { left, room, way } = look()
      if (room < need.mib) return yield* new DiskError({ message: `${left}, and ${method} needs ${need.mib} MiB.`, hint: way })
      const more = filesOf(home)
      if (more.files < need.files)
        return yield* new DiskError({ message: `${more.left}, and ${method} needs ${need.files}.`, hint: more.way })
    })
  })
})
