/**
 * What ssh's configuration says of the nodes of a cluster, so that `ssh NAME` goes where we go: the same way, the same key, and nowhere
 * else. Pure.
 */
import { address, type Target } from "../remote/Target.ts"

/** A node by the name that the user types. */
export interface Named {
  readonly name: string
  readonly target: Target
}

/** It cannot be written down for ssh; the sentence says what. */
export class Unsayable extends Error {}

/** One word, in quotes where it needs them. What ssh's versions read differently is not written at all. */
export const word = (text: string): string => {
  if (text === "" || /["'\\\p{Cc}]|\$\{/u.test(text)) throw new Unsayable(`ssh's configuration has no way to write ${JSON.stringify(text)}`)
  return /^[\w@%+:,./~*[\]-]+$/.test(text) ? text : `"${text}"`
}
/** Of a setting in which some versions of ssh read `%` as the beginning of a token, and others do not. */
const plainWord = (text: string): string => {
  if (/[%$]/.test(text)) throw new Unsayable(`not every ssh reads ${JSON.stringify(text)} as it is`)
  return word(text)
}
/** Of one in which all do. */
const tokenWord = (text: string): string => word(text.replaceAll("%", "%%"))

const hostKeyAlgorithms = (hostKey: string): string => {
  const [type = ""] = hostKey.split(" ")
  return type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type
}

/** In known_hosts. Nothing else has this name, whatever else the user's ssh knows. */
const aliasOf = (name: string) => `${name}.skyd-cluster`

/** Of a jump host whose key is known. */
const jumpOf = (name: string) => `${name}.skyd-jump`
/** And the jump hosts that lead to it, as far as they are known by their keys. */
const withJumps = (node: Named): ReadonlyArray<Named> => {
  const { proxyJump } = node.target
  return proxyJump === null || proxyJump.hostKey === null ? [node] : [node, ...withJumps({ name: jumpOf(node.name), target: proxyJump })]
}

/** As ProxyJump names hops that are not: what else belongs to one is in the user's own configuration. */
const hop = ({ name, port, user }: Target): string => {
  const text = plainWord(`${user}@${address({ host: name, port })}`)
  if (text.startsWith('"') || text.includes(","))
    throw new Unsayable(`ssh's configuration has no way to name the jump host ${JSON.stringify(name)}`)
  return text
}
const hops = (target: Target | null): ReadonlyArray<string> => (target === null ? [] : [...hops(target.proxyJump), hop(target)])

const wayOf = ({ name: typed, target: { name, proxyCommand, proxyJump } }: Named): string => {
  if (proxyJump !== null) return `ProxyJump ${proxyJump.hostKey === null ? hops(proxyJump).join(",") : jumpOf(typed)}`
  if (proxyCommand === null) return "ProxyCommand none"
  // The name that is typed is another one there.
  return `ProxyCommand ${proxyCommand.replaceAll(/%(.)/g, (token, letter) => (letter === "n" ? plainWord(name) : token))}`
}

const agentOf = ({ agent }: Target, usual: string | null): ReadonlyArray<string> =>
  agent === usual ? [] : [`IdentityAgent ${agent === null ? "none" : plainWord(agent)}`]

/** `usualAgent`: that of the environment, which ssh finds by itself. */
const settingsOf = ({ name, target }: Named, knownHosts: string, usualAgent: string | null): ReadonlyArray<string> => [
  `HostName ${tokenWord(target.host)}`,
  `User ${plainWord(target.user)}`,
  `Port ${target.port}`,
  ...target.identityFiles.map((file) => `IdentityFile ${tokenWord(file)}`),
  `IdentitiesOnly ${target.identitiesOnly ? "yes" : "no"}`,
  ...agentOf(target, usualAgent),
  wayOf({ name, target }),
  `HostKeyAlias ${aliasOf(name)}`,
  `HostKeyAlgorithms ${hostKeyAlgorithms(target.hostKey ?? "")}`,
  `UserKnownHostsFile ${plainWord(knownHosts)}`,
  "GlobalKnownHostsFile /dev/null",
  "StrictHostKeyChecking yes",
  "CheckHostIP no",
  "UpdateHostKeys no",
  "VerifyHostKeyDNS no"
]

export const entryOf = (nodes: ReadonlyArray<Named>, knownHosts: string, usualAgent: string | null): string =>
  [
    "# Written by skyd, anew whenever it changes: what is added here is lost.",
    ...nodes
      .flatMap(withJumps)
      .flatMap((node) => [`Host ${node.name}`, ...settingsOf(node, knownHosts, usualAgent).map((line) => `  ${line}`)]),
    ""
  ].join("\n")

export const knownHostsOf = (nodes: ReadonlyArray<Named>): string =>
  nodes
    .flatMap(withJumps)
    .map(({ name, target }) => `${aliasOf(name)} ${target.hostKey}\n`)
    .join("")
