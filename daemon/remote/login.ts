/**
 * How we log in: one way after the other, never several at once. The keys named for the machine come first, then those of the ssh-agent,
 * the usual ones of ssh where none was named, and a password where the pools file has one.
 */
import type { AnyAuthMethod, BaseAgent, ParsedKey } from "ssh2"
import { type Identity, readIdentity } from "./keys.ts"
import { loadSsh2, type Ssh2 } from "./load-ssh2.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import { usualKeyFiles } from "./resolve.ts"
import { called, type Target } from "./Target.ts"

interface Way {
  /** As the server names it. */
  readonly method: "publickey" | "password" | "keyboard-interactive"
  /** For people: `the key /home/ann/.ssh/id_ed25519`. */
  readonly words: string
  readonly auth: AnyAuthMethod
}

export interface Login {
  readonly ways: ReadonlyArray<Way>
  /** What kept keys from being tried, a sentence without its full stop each. */
  readonly troubles: ReadonlyArray<string>
}

interface AgentKeys {
  readonly keys: ReadonlyArray<ParsedKey>
  readonly agent: BaseAgent | null
  readonly trouble: string | null
}
const agentMaxMs = 5000
const noAgent: AgentKeys = { keys: [], agent: null, trouble: null }

const agentKeys = async ({ createAgent, utils }: Ssh2, path: string | null): Promise<AgentKeys> => {
  if (path === null) return noAgent
  const agent = createAgent(path)
  return new Promise((resolve) => {
    const silent = () => resolve({ ...noAgent, trouble: `the ssh-agent at ${path} does not answer` })
    const timer = setTimeout(silent, agentMaxMs)
    agent.getIdentities((error, found) => {
      clearTimeout(timer)
      if (error) return silent()
      const parsed = (found ?? []).flatMap((key) => utils.parseKey(key as ParsedKey))
      resolve({ agent, keys: parsed.filter((key): key is ParsedKey => !(key instanceof Error)), trouble: null })
    })
  })
}

/** The agent with one of its keys: each is offered by itself. */
const only = ({ BaseAgent: Base }: Ssh2, agent: BaseAgent, key: ParsedKey): BaseAgent =>
  new (class extends Base {
    getIdentities(done: (error: undefined, keys: ParsedKey[]) => void): void {
      done(undefined, [key])
    }
    sign(...args: [never, Buffer, never, never?]): void {
      agent.sign(...args)
    }
  })()

const keyWords = (key: ParsedKey) => (key.comment ? `the agent's key '${key.comment}'` : `the agent's ${key.type} key`)

export const prepareLogin = async (target: Target): Promise<Login> => {
  const ssh2 = await loadSsh2()
  const username = target.user
  const wasNamed = target.identityFiles.length > 0
  const files = wasNamed ? target.identityFiles : usualKeyFiles()
  const [identities, { agent, keys, trouble }] = await Promise.all([Promise.all(files.map(readIdentity)), agentKeys(ssh2, target.agent)])
  const offered = new Set<ParsedKey>()
  const ofAgent = (key: ParsedKey, words = keyWords(key)): Way => {
    offered.add(key)
    return { method: "publickey", words, auth: { type: "agent", username, agent: only(ssh2, agent!, key) } }
  }
  const troubles: Array<string> = []
  const ofFile = (identity: Identity): ReadonlyArray<Way> => {
    const { file } = identity
    const publicKey = identity.is === "ready" ? identity.key.getPublicSSH() : identity.is === "locked" ? identity.publicKey : null
    const held = publicKey === null ? undefined : keys.find((key) => key.getPublicSSH().equals(publicKey))
    if (identity.is === "ready") {
      if (held && offered.has(held)) return []
      if (held) offered.add(held)
      return [{ method: "publickey", words: `the key ${file}`, auth: { type: "publickey", username, key: identity.key as never } }]
    }
    if (held) return offered.has(held) ? [] : [ofAgent(held, `the key ${file}`)]
    if (wasNamed || identity.is === "locked") troubles.push(identity.why)
    return []
  }
  const fromFiles = wasNamed ? identities.flatMap(ofFile) : []
  const fromAgent = target.identitiesOnly ? [] : keys.filter((key) => !offered.has(key)).map((key) => ofAgent(key))
  const usual = wasNamed ? [] : identities.flatMap(ofFile)
  if (trouble !== null) troubles.push(trouble)
  return { ways: [...fromFiles, ...fromAgent, ...usual, ...passwords(target)], troubles }
}

/** Where a server asks for the password by a prompt, that is answered with it. */
const passwords = ({ password, user: username }: Target): ReadonlyArray<Way> =>
  password === null
    ? []
    : [
        { method: "password", words: "the password", auth: { type: "password", username, password } },
        {
          method: "keyboard-interactive",
          words: "the password",
          auth: {
            type: "keyboard-interactive",
            username,
            prompt: (_name, _text, _lang, prompts, finish) => finish(prompts.map(() => password))
          }
        }
      ]

const sentence = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}.`

/** Nothing to try, or all of it refused: what was tried, and what to do. */
export const denied = (target: Target, { troubles }: Login, tried: ReadonlyArray<string>, methods: ReadonlyArray<string>): RemoteError => {
  const words = [...new Set(tried)]
  const who = `${target.user}@${called(target)}`
  const refused =
    words.length === 0
      ? `there is no key to log in to ${who} with`
      : `permission denied (${methods.join(", ") || "publickey"}): ${who} with ${words.join(", ")}`
  const kind =
    words.length === 0 || (troubles.length > 0 && !words.some((way) => way.startsWith("the key"))) ? "KeyUnusable" : "PermissionDenied"
  return remoteError(kind, target, [refused, ...troubles.map(sentence)].join(". ").replace(/\.\. /g, ". "))
}
