/** What a machine that is a namespace has of its own below /etc. */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export interface User {
  readonly name: string
  readonly uid: number
}
export const user: User = { name: "node", uid: 2000 }

/** What sshd is told; changed and told again by `configure`. */
export interface SshdSettings {
  readonly maxSessions: number
  /** Of connections that have not logged in yet: as sshd_config has it. */
  readonly maxStartups: string
  /** What every login finds in its environment. */
  readonly environment: Readonly<Record<string, string>>
  /** To ports of others: as a jump host. */
  readonly allowForwarding: boolean
  /** To sockets of its own. */
  readonly allowSockets: boolean
  /** All of it, whatever the two say. */
  readonly disableForwarding: boolean
  /** Of the user `node`; null: none does. */
  readonly password: string | null
}

export const usualSettings: SshdSettings = {
  maxSessions: 10,
  maxStartups: "100:30:200",
  environment: {},
  allowForwarding: true,
  allowSockets: true,
  disableForwarding: false,
  password: null
}

/** What /etc has here, and some lines more. */
const own = (folder: string, file: string, lines: ReadonlyArray<string>) =>
  writeFileSync(join(folder, file), `${readFileSync(`/etc/${file}`, "utf8").trimEnd()}\n${lines.join("\n")}\n`, {
    mode: file === "shadow" ? 0o640 : 0o644
  })

const hashed = (password: string) => execFileSync("perl", ["-e", "print crypt($ARGV[0], q($6$salt$))", password], { encoding: "utf8" })

export const writeConfig = (folder: string, settings: SshdSettings, others: ReadonlyArray<User> = []): void => {
  const { allowForwarding, allowSockets, disableForwarding, environment, maxSessions, maxStartups, password } = settings
  const yes = (is: boolean) => (is ? "yes" : "no")
  const lines = [
    "HostKey /etc/ssh/host_key",
    // So it says once that it listens.
    "AddressFamily inet",
    "PidFile /run/sshd.pid",
    "UsePAM no",
    "UseDNS no",
    "StrictModes no",
    "PermitRootLogin yes",
    `PasswordAuthentication ${yes(password !== null)}`,
    "KbdInteractiveAuthentication no",
    `MaxSessions ${maxSessions}`,
    `MaxStartups ${maxStartups}`,
    ...(Object.keys(environment).length === 0
      ? []
      : [
          `SetEnv ${Object.entries(environment)
            .map((pair) => pair.join("="))
            .join(" ")}`
        ]),
    `AllowTcpForwarding ${yes(allowForwarding)}`,
    `AllowStreamLocalForwarding ${yes(allowSockets)}`,
    `DisableForwarding ${yes(disableForwarding)}`,
    "Subsystem sftp internal-sftp"
  ]
  writeFileSync(join(folder, "etc-ssh/sshd_config"), `${lines.join("\n")}\n`)
  const shadows = others.map(({ name }) => `${name}:*:20000:0:99999:7:::`)
  own(folder, "shadow", [`${user.name}:${password === null ? "*" : hashed(password)}:20000:0:99999:7:::`, ...shadows])
}

/** Its own users, so that none is made on the machine that the tests run on. In `shadow`, `*` means no password, and not locked. */
export const writeUsers = (folder: string, others: ReadonlyArray<User> = []): void => {
  const all = [user, ...others]
  own(
    folder,
    "passwd",
    all.map(({ name, uid }) => `${name}:x:${uid}:${uid}::/home/${name}:/bin/bash`)
  )
  own(
    folder,
    "group",
    all.map(({ name, uid }) => `${name}:x:${uid}:`)
  )
}
