/**
 * After a restart of the machine the agent of its node comes back though nobody asks: by a unit of the user's systemd, or by a line of his
 * crontab. How it is, and what cannot be had, lies in a file for whoever looks at the machine. It goes with the node.
 */
import { rename, rm, writeFile } from "node:fs/promises"
import { putLine, takeLine } from "./crontab.ts"
import { readOrNull } from "./folder.ts"
import type { Places } from "./places.ts"
import { endLinger, linger, outliving, putUnit, takeUnit } from "./systemd.ts"

type Way = "systemd" | "cron"

interface ComesBack {
  readonly by: Way | null
  /** What was set up and not taken back: more than one where the machine's ways changed in between and the old one stays. */
  readonly setUp: ReadonlyArray<Way>
  /** Lingering is ours to end. */
  readonly linger: boolean
  readonly command: ReadonlyArray<string>
  /** What its owner should know: a sentence each, without its full stop. */
  readonly warnings: ReadonlyArray<string>
}

/** One that a power cut has torn, or an older program wrote, says less: then all may have been set up. */
const read = async (at: Places): Promise<ComesBack | null> => {
  const text = await readOrNull(at.comesBack)
  const unknown: ComesBack = { by: null, setUp: ["systemd", "cron"], linger: false, command: [], warnings: [] }
  try {
    return text === null ? null : { ...unknown, ...(JSON.parse(text) as Partial<ComesBack>) }
  } catch {
    return unknown
  }
}

const write = async (at: Places, state: ComesBack) => {
  const temp = `${at.comesBack}.${process.pid}`
  await writeFile(temp, `${JSON.stringify(state)}\n`, { mode: 0o600 })
  await rename(temp, at.comesBack)
}

const bySystemd = async (command: ReadonlyArray<string>) => {
  const { isNew, why } = await linger()
  if (why !== null) return { why, isNew }
  return putUnit(command).then(
    () => ({ why: null, isNew }),
    (error: Error) => ({ why: `its unit cannot be written (${error.message})`, isNew })
  )
}

/** What stays in spite of it. */
const takeBack = async (ways: ReadonlyArray<Way>): Promise<ReadonlyArray<Way>> => {
  const left: Array<Way> = []
  for (const way of ways) if ((await take[way]()) !== null) left.push(way)
  return left
}
const take: Readonly<Record<Way, () => Promise<string | null>>> = {
  systemd: () =>
    takeUnit().then(
      () => null,
      ({ message }: Error) => message
    ),
  cron: takeLine
}

const isSame = (one: ReadonlyArray<string>, other: ReadonlyArray<string>) => one.join("\0") === other.join("\0")

/** Never fails: what it cannot do is a warning. Done once for each command. */
export const comeBack = async (at: Places, command: ReadonlyArray<string>): Promise<void> => {
  const before = await read(at)
  if (before !== null && before.by !== null && isSame(before.command, command)) return
  const systemd = await bySystemd(command)
  const cron = systemd.why === null ? null : await putLine(command)
  const by = systemd.why === null ? "systemd" : cron === null ? "cron" : null
  const left = await takeBack((before?.setUp ?? []).filter((way) => way !== by))
  const killed = (await outliving()).why
  const warnings = [
    ...(by === null ? [`after a restart its agent waits until this daemon reaches it: ${systemd.why}, and ${cron}`] : []),
    ...(killed === null
      ? []
      : [`what runs there ends with our connection, by KillUserProcesses of its logind, and that cannot be helped: ${killed}`])
  ]
  await write(at, { by, setUp: by === null ? left : [by, ...left], linger: systemd.isNew || (before?.linger ?? false), command, warnings })
}

/** With the node. What stays in spite of it starts nothing, for there is no node; and who asks next tries it again. */
export const stayAway = async (at: Places): Promise<void> => {
  const state = await read(at)
  if (state === null) return
  const left = await takeBack(state.setUp)
  const lingers = state.linger ? await endLinger() : null
  if (left.length === 0 && lingers === null) await rm(at.comesBack, { force: true })
}
