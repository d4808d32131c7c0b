/**
 * In which condition a machine is for a node: whether one can be put there, who else has one on it, and what its owner should know. A part
 * of the look.
 */
import { inodesMin, noInodes } from "../../machine/room.ts"

export interface Condition {
  /** Which kernel and which processes one sees: the users of one machine see the same. Null where it does not say. */
  readonly kernel: string | null
  /** Who has a node there as another of its users, in words. */
  readonly tenants: ReadonlyArray<string>
  /** Why nothing can be put there, a sentence without its full stop; null: it can. */
  readonly useless: string | null
  /** What its owner should know although it works: a sentence each, without its full stop. */
  readonly warnings: ReadonlyArray<string>
}

const roomMinKib = 1024
const dfMaxS = 5

/** After `say`, `limit` and `base`. A process of a container's is another machine's, as far as that can be seen. */
export const conditionScript = `pids=$(readlink /proc/self/ns/pid 2>/dev/null)
if boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null); then say kernel "$(uname -n) $boot $pids"; fi
grep -ls 'skyd-node/agent/[0-9a-f]*\\.cjs' /proc/[0-9]*/cmdline 2>/dev/null | while IFS= read -r at; do
  at=\${at%/cmdline}
  if [ -O "$at" ]; then continue; fi
  theirs=$(readlink "$at/ns/pid" 2>/dev/null)
  if [ "\${theirs:-$pids}" != "$pids" ]; then continue; fi
  ls -ld "$at" 2>/dev/null | { read -r _ _ name _ && say tenant "$name"; }
done
spot=$HOME; if [ -d "$base" ]; then spot=$base; fi
if ! [ -w "$spot" ]; then say closed "$spot"
else
  say room "$(limit ${dfMaxS} df -Pk "$spot" 2>/dev/null | { read -r _; read -r _ _ _ room _; printf %s "$room"; })"
  say inodes "$(limit ${dfMaxS} df -Pi "$spot" 2>/dev/null | { read -r _; read -r _ all _ free _; printf '%s %s' "$all" "$free"; })"
fi
if [ -e "$HOME/.ssh" ] && ! { [ -w "$HOME/.ssh" ] && [ -O "$HOME/.ssh" ]; }; then say keys closed; fi
for at in /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config; do
  if [ -r "$at" ]; then sed '/^[[:space:]]*[Mm]atch[[:space:]]/q' "$at"; fi
done 2>/dev/null | sed -n 's/^[[:space:]]*[Aa]uthorized[Kk]eys[Ff]ile[[:space:]=][[:space:]]*//p' | while IFS= read -r at; do say keysfile "$at"; break; done
if [ "$(uname -s)" = Linux ] && ! [ -d /run/systemd/system ] && ! command -v crontab >/dev/null 2>&1; then say starts never; fi
`

const noWorker = "it can be no worker of several nodes"

const warningsOf = (all: (key: string) => ReadonlyArray<string>): ReadonlyArray<string> => {
  const files = all("keysfile")[0]?.split(/\s+/) ?? []
  const isElsewhere = files.length > 0 && !files.some((file) => file.replaceAll('"', "").endsWith(".ssh/authorized_keys"))
  return [
    ...(all("keys").length > 0 ? [`${noWorker}: its user may not write to ~/.ssh`] : []),
    ...(isElsewhere ? [`${noWorker}: its sshd reads keys from ${files.join(" ")}, and a head is let in by ~/.ssh/authorized_keys`] : []),
    // Of a node that is there, that one says it.
    ...(all("starts").length > 0 && all("lease").length === 0
      ? ["after a restart a node's agent waits there until this daemon reaches it: it has neither systemd nor crontab"]
      : [])
  ]
}

const uselessOf = (all: (key: string) => ReadonlyArray<string>): string | null => {
  const [closed] = all("closed")
  if (closed !== undefined) return `its user may not write to ${closed}`
  const [room = ""] = all("room")
  if (/^\d+$/.test(room) && Number(room) < roomMinKib) return "there is no room on its disk"
  // Disks that do not count their files say that they can have none.
  const [, free] = /^[1-9]\d* (\d+)$/.exec(all("inodes")[0] ?? "") ?? []
  return free !== undefined && Number(free) < inodesMin ? noInodes : null
}

export const conditionIn = (all: (key: string) => ReadonlyArray<string>): Condition => ({
  kernel: all("kernel")[0] ?? null,
  tenants: [...new Set(all("tenant"))].map((name) => `a cluster of ${name}`),
  useless: uselessOf(all),
  warnings: warningsOf(all)
})
