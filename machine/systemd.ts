/**
 * What the user's own systemd does for a node: a unit that starts its agent when the machine starts, and a place for the agent that does
 * not end with the login that started it. Both need that the user may linger: that his systemd runs while he is not logged in.
 */
import { existsSync } from "node:fs"
import { mkdir, rm, symlink, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { user } from "./environment.ts"
import { tell } from "./system.ts"

const unit = "skyd-node.service"

const folder = () => join(homedir(), ".config/systemd/user")
const paths = () => ({ unit: join(folder(), unit), link: join(folder(), "default.target.wants", unit) })

const quote = (word: string) => `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$")}"`

/** What it starts goes on when it is stopped: agents and jobs are ended by who ends the node. */
export const unitFor = (words: ReadonlyArray<string>): string => `[Unit]
Description=The agent of skyd's node on this machine

[Service]
Type=oneshot
RemainAfterExit=yes
KillMode=process
ExecStart=${words.map(quote).join(" ")}

[Install]
WantedBy=default.target
`

interface Linger {
  /** Null: he lingers. */
  readonly why: string | null
  /** It was we who had it so. */
  readonly isNew: boolean
}

/** Only where systemd is what runs the machine. */
const askToLinger = async (): Promise<Linger> => {
  if (!existsSync("/run/systemd/system")) return { why: "no systemd runs", isNew: false }
  const { out } = await tell("loginctl", ["show-user", user(), "--property=Linger"])
  if (out.trim() === "Linger=yes") return { why: null, isNew: false }
  const { code, why } = await tell("loginctl", ["--no-ask-password", "enable-linger"])
  return code === 0 ? { why: null, isNew: true } : { why: `lingering is refused (${why})`, isNew: false }
}

let asked: Promise<Linger> | undefined
/** Asked once in a program's life: who asks later does not take for the user's own what we have changed. */
export const linger = (): Promise<Linger> => (asked ??= askToLinger())

/** As `systemctl --user enable` leaves it, and without a systemd of the user's that would have to be reached for that. */
export const putUnit = async (words: ReadonlyArray<string>): Promise<void> => {
  const { link, unit: path } = paths()
  await mkdir(join(folder(), "default.target.wants"), { recursive: true, mode: 0o755 })
  await writeFile(path, unitFor(words), { mode: 0o644 })
  await symlink(`../${unit}`, link).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error
  })
}

export const takeUnit = async (): Promise<void> => {
  for (const path of Object.values(paths())) await rm(path, { force: true })
}

/** Null: he lingers no more. Else why not. */
export const endLinger = async (): Promise<string | null> => {
  const { code, why } = await tell("loginctl", ["--no-ask-password", "disable-linger"])
  return code === 0 ? null : why
}

const fieldOf = (out: string, name: string) =>
  out
    .split("\n")
    .find((line) => line.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? ""
const listOf = (out: string, name: string) =>
  fieldOf(out, name)
    .split(/[\s,]+/)
    .filter((one) => one !== "")

/** Whether what this program starts is ended when the login is that it runs in, where logind counts it as one. */
const endsWithLogin = async (): Promise<boolean> => {
  if (!process.env.XDG_SESSION_ID) return false
  const names = ["KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers"]
  const { out } = await tell("loginctl", ["show-session", ...names.map((name) => `--property=${name}`)])
  if (fieldOf(out, "KillUserProcesses") !== "yes" || listOf(out, "KillExcludeUsers").includes(user())) return false
  const only = listOf(out, "KillOnlyUsers")
  return only.length === 0 || only.includes(user())
}

interface Outliving {
  /** To put before a program that is to outlive the login. */
  readonly prefix: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  /** Why it does not; null when it does. */
  readonly why: string | null
}

export const outliving = async (): Promise<Outliving> => {
  if (!(await endsWithLogin())) return { prefix: [], env: {}, why: null }
  const { why } = await linger()
  if (why !== null) return { prefix: [], env: {}, why }
  const prefix = ["systemd-run", "--user", "--scope", "--quiet", "--"]
  const env = { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.()}` }
  const tried = await tell(prefix[0]!, [...prefix.slice(1), "true"], "", env)
  return tried.code === 0 ? { prefix, env, why: null } : { prefix: [], env: {}, why: tried.why }
}
