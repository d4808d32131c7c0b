/**
 * What a machine is, as one script of `sh` finds it: no Node is needed there. So it is known what a machine has and who has it before anything of ours
 * is put on it, and what is missing when something is to be.
 */
import { parseAccelerators } from "../../machine/hardware.ts"
import type { NodeIdentity } from "../../sdk/agent/protocol.ts"

/** All of ours lies there, below the user's home. */
export const baseName = ".skyd-node"
export const nodeMajorMin = 22

export interface Ground {
  readonly home: string
  readonly user: string
  /** As Node names them. */
  readonly os: string
  readonly arch: string
  /** Its own address and port, by which we came in. */
  readonly address: string | null
  readonly port: number | null
  readonly cpus: number
  readonly memoryGib: number
  readonly accelerators: NodeIdentity["accelerators"]
  /** Who has it. */
  readonly lease: NodeIdentity | null
  /** That node has ended itself. */
  readonly isEnded: boolean
  /** Of a Node that runs our agent. */
  readonly node: string | null
  readonly nodeVersion: string | null
  /** Our agent's file is there, with the digest that was asked for. */
  readonly hasAgent: boolean
}

/** `$1`: the digest of the agent's file. Login shells may take their time: they are asked last. */
export const groundScript = `base=$HOME/${baseName}
say() { printf '%s %s\\n' "$1" "$2"; }
limit=; if command -v timeout >/dev/null 2>&1; then limit='timeout 10'; fi
say home "$HOME"; say user "$(id -un)"; say os "$(uname -s)"; say arch "$(uname -m)"; say link "\${SSH_CONNECTION:-}"
say cpus "$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null)"
if [ -r /proc/meminfo ]; then
  while read -r name kib rest; do if [ "$name" = MemTotal: ]; then say memory "$kib"; break; fi; done </proc/meminfo
else
  bytes=$(sysctl -n hw.memsize 2>/dev/null) && say memory "$((bytes / 1024))"
fi
if command -v nvidia-smi >/dev/null 2>&1; then
  gpus=$($limit nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null </dev/null) && printf '%s\\n' "$gpus" | while read -r name; do say gpu "$name"; done
fi
for file in "$base"/lease/*; do
  [ -f "$file" ] || continue
  say lease "$(tr -d '\\n' <"$file")"
  if [ -f "$base/nodes/\${file##*/}/ended" ]; then say ended yes; fi
done
if [ -f "$base/agent/$1.cjs" ]; then say agent yes; fi
good() {
  [ -x "$1" ] || return 1
  version=$("$1" --version 2>/dev/null </dev/null) || return 1
  major=\${version#v}; major=\${major%%.*}
  case $major in ''|*[!0-9]*) return 1 ;; esac
  [ "$major" -ge ${nodeMajorMin} ] && say node "$1" && say version "$version"
}
find_node() {
  for at in "$base"/node/*/bin/node "$(command -v node)" /usr/local/bin/node "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.local/bin/node; do
    good "$at" && return
  done
  at=$($limit "\${SHELL:-/bin/sh}" -lc 'printf "<<%s>>" "$(command -v node)"' 2>/dev/null </dev/null)
  at=\${at##*<<}; good "\${at%%>>*}"
}
find_node
say end yes
`

const systems: Readonly<Record<string, string>> = { Linux: "linux", Darwin: "darwin" }
const archs: Readonly<Record<string, string>> = { x86_64: "x64", amd64: "x64", aarch64: "arm64", arm64: "arm64" }
const kibOfGib = 1024 ** 2

/** One that cannot be read is somebody's all the same. */
const readLease = (text: string): NodeIdentity => {
  try {
    return JSON.parse(text) as NodeIdentity
  } catch {
    return { clusterName: "?" } as NodeIdentity
  }
}

/** Null where the script did not come to its end. */
export const readGround = (said: string): Ground | null => {
  const lines = said.split("\n").map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const)
  const all = (key: string) => lines.flatMap(([name, value]) => (name === key ? [value] : []))
  const one = (key: string) => all(key)[0] ?? ""
  if (one("end") !== "yes" || !one("home").startsWith("/")) return null
  const [, , address = "", port = ""] = one("link").split(" ")
  const lease = all("lease")[0]
  return {
    home: one("home"),
    user: one("user"),
    os: systems[one("os")] ?? one("os"),
    arch: archs[one("arch")] ?? one("arch"),
    address: address.replace(/^::ffff:/, "").replace(/%.*$/, "") || null,
    port: Number(port) || null,
    cpus: Number(one("cpus")) || 1,
    memoryGib: Math.round((Number(one("memory")) || 0) / kibOfGib),
    accelerators: parseAccelerators(all("gpu").join("\n")),
    lease: lease === undefined ? null : readLease(lease),
    isEnded: one("ended") === "yes",
    node: one("node") || null,
    nodeVersion: one("version") || null,
    hasAgent: one("agent") === "yes"
  }
}
