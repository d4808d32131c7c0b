/**
 * A machine and all that is needed to log in to it. Made anew for each connect from the user's files (`resolve.ts`), never stored: it may
 * hold a password.
 */

export interface Target {
  /** As the user calls it: an alias of ~/.ssh/config, a name or an address. */
  readonly name: string
  readonly host: string
  readonly port: number
  readonly user: string
  /** Absolute; those that were named for this machine. None: the usual ones of ssh. */
  readonly identityFiles: ReadonlyArray<string>
  /** Of the agent's keys only those of `identityFiles` are offered. */
  readonly identitiesOnly: boolean
  /** The socket of the user's ssh-agent. */
  readonly agent: string | null
  readonly password: string | null
  /** The machine that it is reached through, which may have one itself. */
  readonly proxyJump: Target | null
  /** A command of the user's own ~/.ssh/config whose stdio leads there, its tokens not yet replaced. */
  readonly proxyCommand: string | null
  /** `ssh-ed25519 AAAA…`: the only key it may have, but for one that `knownHosts` have. Null on first use. */
  readonly hostKey: string | null
  /** The name under which known_hosts lists it, where that is another. */
  readonly hostKeyAlias: string | null
  /** Where its key is looked up on first use, and one that is another. */
  readonly knownHosts: ReadonlyArray<string>
}

export const portOfSsh = 22

/** In messages: where we connect to. */
export const address = ({ host, port }: Pick<Target, "host" | "port">): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`

/** In messages: the machine as the user calls it, and where it is unless that says the same. */
export const called = (target: Pick<Target, "name" | "host" | "port">): string =>
  target.name === target.host ? address(target) : `${target.name} (${address(target)})`
