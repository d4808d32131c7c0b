/**
 * After a restart of the machine the agent of its node comes back though nobody asks: by a unit of the user's systemd, or by a line of his crontab.
 * How it is, and what cannot be had, lies in a file for whoever looks at the machine. It goes with the node.
 */
import { rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { putLine, takeLine } from "./crontab.ts"
import { type Places, readOrNull } from "./folder.ts"
import { linger, outliving, putUnit, takeUnit } from "./systemd.ts"

export interface ComesBack {
  readonly by: "systemd" | "cron" | null
  /** Lingering is ours to end. */
  readonly linger: boolean
  readonly command: ReadonlyArray<string>
  /** What its owner should know: a sentence each, without its full stop. */
  readonly warnings: ReadonlyArray<string>
}

const fileOf = (at: Places) => join(at.base, "comes-back.json")

export const readComesBack = async (at: Places): Promise<ComesBack | null> => {
  const text = await readOrNull(fileOf(at))
  try {
    return text === null ? null : (JSON.parse(text) as ComesBack)
  } catch {
    return null
  }
}

const write = async (at: Places, state: ComesBack) => {
  const temp = `${fileOf(at)}.${process.pid}`
  await writeFile(temp, `${JSON.stringify(state)}\n`, { mode: 0o600 })
  await rename(temp, fileOf(at))
}

const bySystemd = async (command: ReadonlyArray<string>) => {
  const { isNew, why } = await linger()
  if (why !== null) return { why, isNew }
  return putUnit(command).then(
    () => ({ why: null, isNew }),
    (error: Error) => ({ why: `its unit cannot be written (${error.message})`, isNew })
  )
}

const isSame = (one: ReadonlyArray<string>, other: ReadonlyArray<string>) => one.join("\0") === other.join("\0")

/** Never fails: what it cannot do is a warning. Done once for each command. */
export const comeBack = async (at: Places, command: ReadonlyArray<string>): Promise<void> => {
  const before = await readComesBack(at)
  if (before !== null && before.by !== null && isSame(before.command, command)) return
  const systemd = await bySystemd(command)
  const cron = systemd.why === null ? null : await putLine(command)
  const by = systemd.why === null ? "systemd" : cron === null ? "cron" : null
  const killed = (await outliving()).why
  const warnings = [
    ...(by === null ? [`after a restart its agent waits until this daemon reaches it: ${systemd.why}, and ${cron}`] : []),
    ...(killed === null
      ? []
      : [`what runs there ends with our connection, by KillUserProcesses of its logind, and that cannot be helped: ${killed}`])
  ]
  await write(at, { by, linger: systemd.isNew || (before?.linger ?? false), command, warnings })
}

/** With the node. What stays in spite of it starts nothing, for there is no node; and who asks next tries it again. */
export const stayAway = async (at: Places): Promise<void> => {
  const state = await readComesBack(at)
  if (state === null) return
  const left = [
    state.by === "systemd" || state.linger ? await takeUnit(state.linger).catch(({ message }: Error) => message) : null,
    state.by === "cron" ? await takeLine() : null
  ]
  if (left.every((why) => why === null)) await rm(fileOf(at), { force: true })
}
