/**
 * What a host's name stands for. OpenSSH is asked (`ssh -G`) where it is installed, so aliases, jumps and proxies are what `ssh NAME` would
 * use.
 */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { homedir, userInfo } from "node:os"
import { join } from "node:path"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import { portOfSsh, type Target } from "./Target.ts"

/**
 * What the pools file says of the machine, which comes before ~/.ssh/config. Keys that it names are meant, and no others that an agent may
 * hold.
 */
export type Overrides = Partial<Pick<Target, "user" | "port" | "identityFiles" | "password" | "hostKey">>

interface ResolveOptions {
  /** ssh's configuration; none: the user's and the system's. */
  readonly config?: string
  /** The program that is asked. */
  readonly ssh?: string
  readonly env?: NodeJS.ProcessEnv
}

const answerMaxMs = 10_000
const hopsMax = 8
const usualKeys = ["id_ed25519", "id_ecdsa", "id_rsa", "id_dsa", "id_ecdsa_sk", "id_ed25519_sk", "id_xmss"]
const usualKnownHosts = (home: string) => [
  join(home, ".ssh/known_hosts"),
  join(home, ".ssh/known_hosts2"),
  "/etc/ssh/ssh_known_hosts",
  "/etc/ssh/ssh_known_hosts2"
]

/** Those that ssh looks for when none is named, ed25519 first; a kind that ssh2 cannot use is left to the agent. */
export const usualKeyFiles = (home = homedir()): ReadonlyArray<string> => usualKeys.slice(0, 3).map((name) => join(home, ".ssh", name))

/** ssh looks for its configuration in the home of the password file, whatever HOME says; we go by HOME as everywhere. */
const configFlag = ({ config }: ResolveOptions, home: string): ReadonlyArray<string> => {
  if (config !== undefined) return ["-F", config]
  if (home === userInfo().homedir) return []
  const own = join(home, ".ssh/config")
  return ["-F", existsSync(own) ? own : "none"]
}

/** Null where OpenSSH's client is missing. */
const askSsh = (host: string, { port, user }: Overrides, options: ResolveOptions, home: string): Promise<Map<string, string[]> | null> => {
  const flags = [...(user === undefined ? [] : ["-l", user]), ...(port === undefined ? [] : ["-p", String(port)])]
  const args = ["-G", "-T", ...configFlag(options, home), ...flags, "--", host]
  return new Promise((resolve, reject) => {
    execFile(options.ssh ?? "ssh", args, { timeout: answerMaxMs, env: options.env ?? process.env }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code === "string") return resolve(null)
      if (error !== null) return reject(refusal(host, stderr.trim().split("\n").at(-1) || error.message, user))
      const settings = new Map<string, string[]>()
      for (const line of stdout.split("\n")) {
        const space = line.indexOf(" ")
        if (space > 0) settings.set(line.slice(0, space), [...(settings.get(line.slice(0, space)) ?? []), line.slice(space + 1)])
      }
      resolve(settings)
    })
  })
}

const refusal = (host: string, why: string, user?: string): RemoteError => {
  const what =
    user !== undefined && /username/i.test(why) ? `does not take '${user}' for a user of ${host}` : `does not know what '${host}' is`
  return remoteError("BadTarget", { name: host }, `ssh ${what}: ${why}`)
}

const isSet = (value: string | undefined): value is string => value !== undefined && value !== "none"

/** ssh says several paths in one line and quotes none, whatever blanks they hold: only what can begin a path begins the next one. */
const pathsIn = (said: string): ReadonlyArray<string> => said.split(/ +(?=[/~%$]|none$)/).filter((path) => path !== "")

interface Hop {
  readonly host: string
  readonly overrides: Overrides
}
/** `user@host:port`, `[v6]:port` or `ssh://…`, as ProxyJump has them. */
const hopIn = (text: string): Hop => {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:]+|[^:]*:[^:]*:.*?))(?::(\d+))?\/?$/.exec(text.trim()) ?? []
  return {
    host: bracketed ?? plain ?? text,
    overrides: { ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port: Number(port) }) }
  }
}

const agentOf = (identityAgent: string | undefined, env: NodeJS.ProcessEnv, expand: (path: string) => string): string | null => {
  if (identityAgent === "none") return null
  if (identityAgent === undefined || identityAgent === "SSH_AUTH_SOCK") return env["SSH_AUTH_SOCK"] || null
  return identityAgent.startsWith("$") ? env[identityAgent.slice(1).replace(/^\{(.*)\}$/, "$1")] || null : expand(identityAgent)
}

/** The tokens that paths in ssh's configuration may hold. */
const expander = (home: string, tokens: Readonly<Record<string, string>>) => (path: string) =>
  // Some ssh has expanded already, to its own idea of a home.
  (path.startsWith(`${userInfo().homedir}/`) ? join(home, path.slice(userInfo().homedir.length)) : path)
    .replace(/^~(?=\/|$)/, home)
    .replaceAll(/\$\{HOME\}/g, home)
    .replaceAll(/%([a-zA-Z%])/g, (whole, token: string) => tokens[token] ?? whole)

const plainTarget = (name: string, overrides: Overrides, env: NodeJS.ProcessEnv, home: string): Target => {
  const { host, overrides: own } = hopIn(name)
  if (!/^[^\s-][^\s]*$/.test(host)) throw refusal(name, "it is no name of a host")
  return {
    name,
    host,
    port: portOfSsh,
    user: userInfo().username,
    identityFiles: [],
    identitiesOnly: overrides.identityFiles !== undefined,
    agent: env["SSH_AUTH_SOCK"] || null,
    password: null,
    proxyJump: null,
    proxyCommand: null,
    hostKey: null,
    hostKeyAlias: null,
    knownHosts: usualKnownHosts(home),
    ...own,
    ...overrides
  }
}

export const resolve = async (
  name: string,
  overrides: Overrides = {},
  options: ResolveOptions = {},
  hops: number = hopsMax
): Promise<Target> => {
  if (name === "" || /\p{Cc}/u.test(name)) throw refusal(name, "it is no name of a host")
  if (hops === 0) throw refusal(name, `more than ${hopsMax} jumps lead to it`)
  const env = options.env ?? process.env
  const home = env["HOME"] || homedir()
  const found = await askSsh(name, overrides, options, home)
  if (found === null) return plainTarget(name, overrides, env, home)
  const first = (key: string) => found.get(key)?.[0]
  const host = first("hostname") ?? name
  const user = overrides.user ?? first("user") ?? userInfo().username
  const port = overrides.port ?? Number(first("port") ?? portOfSsh)
  const expand = expander(home, { d: home, h: host, r: user, u: userInfo().username, n: name, p: String(port), "%": "%" })
  const usual = new Set(usualKeys.map((key) => join(home, ".ssh", key)))
  const files = (key: string) =>
    pathsIn(first(key) ?? "")
      .filter(isSet)
      .map(expand)
  return {
    name,
    host,
    port,
    user,
    identityFiles:
      overrides.identityFiles ??
      (found.get("identityfile") ?? [])
        .filter(isSet)
        .map(expand)
        .filter((file) => !usual.has(file)),
    identitiesOnly: overrides.identityFiles !== undefined || first("identitiesonly") === "yes",
    agent: agentOf(first("identityagent"), env, expand),
    password: overrides.password ?? null,
    proxyJump: isSet(first("proxyjump")) ? await jumpOf(first("proxyjump")!, options, hops) : null,
    proxyCommand: isSet(first("proxycommand")) ? first("proxycommand")! : null,
    hostKey: overrides.hostKey ?? null,
    hostKeyAlias: first("hostkeyalias") ?? null,
    knownHosts: [...files("userknownhostsfile"), ...files("globalknownhostsfile")]
  }
}

/** `a,b`: through a to b. What a hop's own configuration says of how it is reached counts for the first alone, as with ssh. */
const jumpOf = async (list: string, options: ResolveOptions, hops: number): Promise<Target | null> => {
  let before: Target | null = null
  for (const text of list.split(",")) {
    const { host, overrides } = hopIn(text)
    const hop: Target = await resolve(host, overrides, options, hops - 1)
    before = before === null ? hop : { ...hop, proxyJump: before, proxyCommand: null }
  }
  return before
}
