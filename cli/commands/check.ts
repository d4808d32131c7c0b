/** `sky check`: which clouds can be used, and of one's own machines each as it is. */

import { ClientError } from "../../sdk/client/ClientError.ts"
import type { CheckAnswer, CloudView, MachineView, SshListAnswer } from "../../sdk/protocol/clouds.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { plural } from "../../task/plural.ts"
import { stdout } from "../out.ts"
import { showError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { machinesTable } from "../render/machines.ts"
import { notify } from "../render/notify.ts"
import { clean, isColoured, paint } from "../render/style.ts"
import { screen, verb } from "../verb.ts"

const usage = "sky check [-v] [CLOUD…]"

/** A machine may be in several pools. */
const hostsOf = (machines: ReadonlyArray<MachineView>) => [...new Set(machines.map(({ host }) => host))]

const line = ({ cloud, enabled, reason }: CloudView, machines: ReadonlyArray<MachineView> | null): string => {
  const word = enabled ? paint("green", "enabled", isColoured(stdout)) : "disabled"
  const what = cloud === "local" ? "this machine" : machines === null ? reason : plural(hostsOf(machines).length, "machine")
  return `${cloud}: ${word}${what === null ? "" : enabled ? ` (${what})` : `, ${clean(what)}`}\n`
}

const indented = (machines: ReadonlyArray<MachineView>): string => {
  const { colour, width } = screen()
  return machinesTable(machines, { colour, width: width && width - 2 }).replaceAll(/^(?=.)/gm, "  ")
}

export const check = verb(usage, { verbose: { type: "boolean", short: "v" } }, async ({ flags, words, json, connect }) => {
  const session = connect()
  const { clouds, notices } = await session.call<CheckAnswer>("check", {
    ...(words.length > 0 ? { clouds: words } : {}),
    ...(flags.verbose ? { identity: true } : {})
  })
  notify(notices)
  const hasMachines = clouds.some(({ cloud, enabled }) => cloud === "ssh" && enabled)
  const own = hasMachines ? (await session.call<SshListAnswer>("ssh.list", {})).machines : null
  const of = ({ cloud }: CloudView) => (cloud === "ssh" ? own : null)
  if (json) {
    const views = clouds.map((view) => {
      const { cloud, ...rest } = view
      return [cloud, { ...rest, ...(of(view) === null ? {} : { machines: of(view) }) }] as const
    })
    stdout.write(jsonLine(Object.fromEntries(views)))
  } else
    for (const view of clouds) {
      stdout.write(line(view, of(view)))
      if (view.identity) stdout.write(`  as ${view.identity.map(clean).join(", ")}\n`)
      for (const warning of view.warnings) stdout.write(`  ${clean(warning)}\n`)
      const machines = of(view)
      if (machines !== null) stdout.write(indented(machines))
    }
  // Who names a cloud wants it: what cannot be used of it is a failure.
  const away = hostsOf((own ?? []).filter(({ status }) => status === "unreachable" || status === "unusable"))
  if (words.length === 0 || (away.length === 0 && clouds.every(({ enabled }) => enabled))) return exitCodes.ok
  if (away.length === 0) return exitCodes.failed
  const message = `${away.length} of ${plural(hostsOf(own!).length, "machine")} cannot be used: ${away.join(", ")}.`
  return showError(new ClientError("NotAllUsable", exitCodes.failed, message), json)
})
