/**
 * Whether a machine is the one it was: its key is held against the pinned one, else against known_hosts; a host that nobody knows is
 * believed once, and the caller pins what was seen. A key that is another is never gone past, unless the user's known_hosts has that very
 * key: it is the user's word, as it is that a key is revoked, whoever pinned it.
 */
import { createHash } from "node:crypto"
import type { ServerHostKeyAlgorithm } from "ssh2"
import { quote } from "../../sdk/quote.ts"
import { type KnownKey, knownKeys, nameInFiles } from "./known-hosts.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import { called, portOfSsh, type Target } from "./Target.ts"

/** Preferred first; what ssh2 can verify. */
const algorithms: ReadonlyArray<ServerHostKeyAlgorithm> = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256"
]
const typeOf = (algorithm: string) => (algorithm.startsWith("rsa-") ? "ssh-rsa" : algorithm)

/** `ssh-ed25519 AAAA…` of the key as it comes over the wire. */
export const keyText = (blob: Buffer): string => `${blob.toString("latin1", 4, 4 + blob.readUInt32BE(0))} ${blob.toString("base64")}`

const blobOf = (key: string) => Buffer.from(key.split(" ")[1] ?? "", "base64")
/** As `ssh-keygen -l` shows it. */
export const fingerprint = (key: string): string => `SHA256:${createHash("sha256").update(blobOf(key)).digest("base64").replace(/=+$/, "")}`
const shown = (key: string) => `${fingerprint(key)} (${key.split(" ")[0]})`
/** Without the comment, as one that was written by hand may have. */
const bare = (key: string) => key.trim().split(/\s+/).slice(0, 2).join(" ")

export interface HostKeyCheck {
  /** The types of the keys that are known come first: a machine is asked for the key that we can compare. */
  readonly algorithms: Array<ServerHostKeyAlgorithm>
  /** Null: it is the one. */
  readonly verdict: (seen: string) => RemoteError | null
}

/** Nobody's known_hosts says of what was made for us: there it has a key from its first start on. */
const notYet = (target: Target, own: string, seen: string) =>
  remoteError(
    "HostKeyChanged",
    target,
    `${called(target)} does not show the host key that it was made with: ${own} is expected, ${shown(seen)} is shown; nothing was sent to it. One that has just begun shows its own in a moment; else another machine has that address`
  )

const changed = (target: Target, known: ReadonlyArray<KnownKey>, old: string, seen: string) => {
  const name = quote(nameInFiles(target))
  const forget = [...new Set(known.map(({ file }) => `ssh-keygen -R ${name} -f ${quote(file)} && `))].join("")
  const port = target.port === portOfSsh ? "" : `-p ${target.port} `
  return remoteError(
    "HostKeyChanged",
    target,
    `the host key of ${called(target)} changed: it was ${old} and now is ${shown(seen)}; nothing was sent to it. If it was installed anew: ${forget}ssh ${port}${quote(target.name)}, then the same command again; else find out who answers there.`
  )
}

export const hostKeyCheck = async (target: Target): Promise<HostKeyCheck> => {
  const pinned = target.hostKey === null ? null : bare(target.hostKey)
  const all = await knownKeys(target)
  const known = all.filter(({ revoked }) => !revoked)
  const types = new Set(pinned === null ? known.map(({ key }) => key.split(" ")[0]) : [pinned.split(" ")[0]])
  const [first, rest] = [algorithms.filter((name) => types.has(typeOf(name))), algorithms.filter((name) => !types.has(typeOf(name)))]
  const verdict = (seen: string): RemoteError | null => {
    const revoked = all.find((entry) => entry.revoked && entry.key === seen)
    if (revoked !== undefined) {
      const where = `${revoked.file}, line ${revoked.line}`
      const words = `the host key of ${called(target)}, ${shown(seen)}, is revoked in ${where}: nothing was sent to it.`
      return remoteError("HostKeyChanged", target, words)
    }
    if (seen === pinned || known.some(({ key }) => key === seen)) return null
    if (pinned !== null && target.knownHosts.length === 0) return notYet(target, shown(pinned), seen)
    if (pinned !== null) return changed(target, known, shown(pinned), seen)
    const other = known.find(({ key }) => key.split(" ")[0] === seen.split(" ")[0]) ?? known[0]
    return other === undefined ? null : changed(target, known, `${shown(other.key)}, says ${other.file}, line ${other.line},`, seen)
  }
  return { algorithms: [...first, ...rest], verdict }
}
