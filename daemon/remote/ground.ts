/**
 * What a machine is, as one script of `sh` finds it: no Node is needed there. So it is known what a machine has and who has it before
 * anything of ours is put on it, and what is missing when something is to be.
 */
import { findKind, type Gpus, smiFolders, smiFormat, smiMaxS, smiQueries } from "../../machine/hardware.ts"
import { baseName, places } from "../../machine/places.ts"
import type { NodeIdentity } from "../../sdk/agent/node-folder.ts"
import { inner } from "../../task/sentence.ts"
import { othersIn } from "./addresses.ts"
import { type Condition, conditionIn, conditionScript } from "./condition.ts"
import { countIn, inWords, type Lease, linesOf, readLease, warningsIn } from "./heard.ts"
import type { Packing } from "./supplies.ts"

const at = places("$base")
export const nodeMajorMin = 22
const loginMaxS = 6

/** Where others find it. */
interface Where {
  readonly user: string
  /** Its own address and port, by which we came in. */
  readonly address: string | null
  readonly port: number | null
  /** By which others may reach it as well, the best first. */
  readonly otherAddresses: ReadonlyArray<string>
}

export interface Ground extends Where, Condition {
  readonly home: string
  /** Its name and its id: those of images that were copied have one of these in common, not both. */
  readonly machine: string
  /** As Node names them. */
  readonly os: string
  readonly arch: string
  readonly cpus: number
  readonly memoryGib: number
  readonly accelerators: NodeIdentity["accelerators"]
  /** Why its GPUs are not those that one would expect, a sentence without its full stop. */
  readonly trouble: string | null
  /** Who has it. */
  readonly lease: Lease | null
  /** That node has ended itself. */
  readonly isEnded: boolean
  /** Of a Node that runs our agent. */
  readonly node: string | null
  readonly nodeVersion: string | null
  /** Where it has no such Node: the version of its glibc, or `musl`; null where neither is told. */
  readonly libc: string | null
  /** What it can unpack. */
  readonly packing: Packing
  /** Our agent's file is there, with the digest that was asked for. */
  readonly hasAgent: boolean
}

const saying = `say() { printf '%s %s\\n' "$1" "$2"; }`
const where = `say user "$(id -un)"; say link "\${SSH_CONNECTION:-}"
others() { PATH=$PATH:/sbin:/usr/sbin; ip -4 route get 192.0.2.1 | sed -n 's/.* src \\([^ ]*\\).*/\\1/p'; hostname -I; }
for at in $(others 2>/dev/null); do say other "$at"; done`

/** Where it is, and nothing else: at once. */
export const whereScript = `${saying}
${where}`

/** `$1` and `$2`: digest and size of the agent's file. Login shells may take their time: they are asked last. */
export const groundScript = `base=$HOME/${baseName}
${saying}
limit() { shift; "$@"; }; if command -v timeout >/dev/null 2>&1; then limit() { timeout "$@"; }; fi
say home "$HOME"; say machine "$(uname -n) $(cat /etc/machine-id 2>/dev/null)"; say os "$(uname -s)"; say arch "$(uname -m)"
${where}
say cpus "$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null)"
if [ -r /proc/meminfo ]; then
  while read -r name kib rest; do if [ "$name" = MemTotal: ]; then say memory "$kib"; break; fi; done </proc/meminfo
else
  bytes=$(sysctl -n hw.memsize 2>/dev/null) && say memory "$((bytes / 1024))"
fi
smi() { limit ${smiMaxS} nvidia-smi "$@" 2>&1 </dev/null; }
lines() { printf '%s\\n' "$2" | while IFS= read -r line; do say "$1" "$line"; done; }
gpus() {
  said=$(smi ${smiQueries[0]} ${smiFormat}); code=$?
  if [ "$code" -ne 0 ] && [ "$code" -lt 124 ]; then said=$(smi ${smiQueries[1]} ${smiFormat}); code=$?; fi
  if [ "$code" -ne 0 ]; then lines broken "$code $said"; return; fi
  lines gpu "$said"
  case $said in *Enabled*) lines part "$(smi -L)" ;; esac
}
asked=; PATH=$PATH:${smiFolders.join(":")}
if command -v nvidia-smi >/dev/null 2>&1; then
  (exec 2>/dev/null </dev/null; gpus) & asked=$!
  # One that waits for a dead driver cannot even be killed: then it is left, and what waits for it is ended.
  ( trap 'kill $pause' TERM; sleep ${smiMaxS} & pause=$!; wait $pause && kill $asked ) >/dev/null 2>&1 </dev/null & watch=$!
fi
for file in "${at.lease}"/*; do
  [ -f "$file" ] || continue
  say lease "$(tr -d '\\n' <"$file")"
  if [ -f "${at.comesBack}" ]; then say back "$(tr -d '\\n' <"${at.comesBack}")"; fi
  if [ -f "${at.node("${file##*/}")}/ended" ]; then say ended yes; fi
done
if [ -f "${at.agent("$1")}" ] && [ "$(wc -c <"${at.agent("$1")}")" -eq "$2" ]; then say agent yes; fi
# Beside the search for a Node, and each line in one piece.
( ${conditionScript}) & condition=$!
good() {
  [ -x "$1" ] || return 1
  version=$("$1" --version 2>/dev/null </dev/null) || return 1
  major=\${version#v}; major=\${major%%.*}
  case $major in ''|*[!0-9]*) return 1 ;; esac
  [ "$major" -ge ${nodeMajorMin} ] && say node "$1" && say version "$version"
}
find_node() {
  for at in "${at.programs}"/*/bin/node "$(command -v node)" /usr/local/bin/node "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.local/bin/node; do
    good "$at" && return
  done
  at=$(limit ${loginMaxS} "\${SHELL:-/bin/sh}" -lc 'printf "<<%s>>" "$(command -v node)"' 2>/dev/null </dev/null)
  at=\${at##*<<}; good "\${at%%>>*}"
}
if ! find_node; then
  if libc=$(getconf GNU_LIBC_VERSION 2>/dev/null); then say libc "\${libc#glibc }"
  else for at in /lib/ld-musl-*; do if [ -e "$at" ]; then say libc musl; fi; done
  fi
  for at in zstd gzip; do if command -v "$at" >/dev/null 2>&1; then say packing "$at"; fi; done
fi
if [ -n "$asked" ]; then wait $asked || say broken 124; kill $watch 2>/dev/null; fi
wait $condition
say end yes
`

const givenUp = 124
/** What became of asking for GPUs. */
const gpusOf = (all: (key: string) => ReadonlyArray<string>): Gpus & { readonly trouble: string | null } => {
  const [broken] = all("broken")
  if (broken !== undefined) {
    const code = Number(broken.split(" ")[0])
    const said = inner(inWords(broken.slice(broken.indexOf(" ") + 1)))
    const why = code >= givenUp ? `does not answer: its driver hangs` : `says: ${said || `nothing, and ends with ${code}`}`
    return { accelerators: null, others: [], trouble: /^No devices/i.test(said) ? null : `its GPUs cannot be used: nvidia-smi ${why}` }
  }
  const found = findKind(all("gpu").join("\n"), all("part").join("\n"))
  const { accelerators, others } = found
  const rest = inWords(others.join(", "))
  const whole =
    accelerators === null ? `its GPUs cannot be used: nvidia-smi says ${rest}` : `of its GPUs ${rest} is left out: a cluster has one kind`
  return { ...found, trouble: others.length === 0 ? null : whole }
}

const systems: Readonly<Record<string, string>> = { Linux: "linux", Darwin: "darwin" }
const archs: Readonly<Record<string, string>> = { x86_64: "x64", amd64: "x64", aarch64: "arm64", arm64: "arm64" }
const kibOfGib = 1024 ** 2
/** More than any machine has: who says more has something else in mind. */
const [cpusMax, memoryMaxKib, portMax] = [65_536, 2 ** 40, 65_535]
const packings: ReadonlyArray<Packing> = ["zstd", "gzip", "plain"]

const heardIn = (said: string) => {
  const all = linesOf(said)
  return { all, one: (key: string) => all(key)[0] ?? "" }
}

export const readWhere = (said: string): Where => {
  const { all, one } = heardIn(said)
  const [, , address = "", port = ""] = one("link").split(" ")
  return {
    user: one("user"),
    address: address.replace(/^::ffff:/, "").replace(/%.*$/, "") || null,
    port: countIn(port, 1, portMax, 0) || null,
    otherAddresses: othersIn(all("other"))
  }
}

/** Null where the script did not come to its end. */
export const readGround = (said: string): Ground | null => {
  const { all, one } = heardIn(said)
  if (one("end") !== "yes" || !one("home").startsWith("/")) return null
  const lease = all("lease")[0]
  const { accelerators, trouble } = gpusOf(all)
  const condition = conditionIn(all)
  return {
    ...readWhere(said),
    ...condition,
    home: one("home"),
    machine: one("machine").trim(),
    os: systems[one("os")] ?? one("os"),
    arch: archs[one("arch")] ?? one("arch"),
    cpus: countIn(one("cpus"), 1, cpusMax, 1),
    memoryGib: Math.round(countIn(one("memory"), 0, memoryMaxKib, 0) / kibOfGib),
    accelerators,
    trouble,
    lease: lease === undefined ? null : readLease(lease),
    // What its node says of it comes first.
    warnings: [...warningsIn(one("back")), ...condition.warnings],
    isEnded: one("ended") === "yes",
    node: one("node") || null,
    nodeVersion: one("version") || null,
    libc: one("libc") || null,
    packing: packings.find((packing) => packing === one("packing")) ?? "plain",
    hasAgent: one("agent") === "yes"
  }
}
