/**
 * Whether a machine is the one it was: its key is held against the pinned one, else against known_hosts; a host that nobody knows is believed once, and
 * the caller pins what was seen. A key that is another is never gone past.
 */
import { createHash } from "node:crypto"
import type { ServerHostKeyAlgorithm } from "ssh2"
import { type KnownKey, knownKeys, nameInFiles } from "./known-hosts.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import { called, type Target } from "./Target.ts"

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

const changed = (target: Target, old: string, seen: string, advice: string) =>
  remoteError(
    "HostKeyChanged",
    target,
    `the host key of ${called(target)} changed: it was ${old} and now is ${shown(seen)}. The machine was set up anew, or somebody sits in between; nothing was sent to it. ${advice}`
  )

const againstPinned = (target: Target, pinned: string) => (seen: string) =>
  seen === pinned
    ? null
    : changed(target, shown(pinned), seen, "If you know that it was set up anew, take down the cluster that was on it and launch it again.")

const againstKnown = (target: Target, known: ReadonlyArray<KnownKey>) => (seen: string) => {
  const same = known.filter(({ key }) => key === seen)
  const revoked = same.find((entry) => entry.revoked)
  if (revoked) {
    const where = `${revoked.file}, line ${revoked.line}`
    return remoteError(
      "HostKeyChanged",
      target,
      `the host key of ${called(target)}, ${shown(seen)}, is revoked in ${where}: nothing was sent to it.`
    )
  }
  const valid = known.filter((entry) => !entry.revoked)
  const other = valid.find(({ key }) => key.split(" ")[0] === seen.split(" ")[0]) ?? valid[0]
  if (same.length > 0 || other === undefined) return null
  const old = `${shown(other.key)}, says ${other.file}, line ${other.line},`
  return changed(target, old, seen, `If you know that it was set up anew: ssh-keygen -R '${nameInFiles(target)}' -f ${other.file}`)
}

export const hostKeyCheck = async (target: Target): Promise<HostKeyCheck> => {
  const pinned = target.hostKey === null ? null : bare(target.hostKey)
  const known = pinned === null ? await knownKeys(target) : []
  const types = new Set(
    pinned === null ? known.filter(({ revoked }) => !revoked).map(({ key }) => key.split(" ")[0]) : [pinned.split(" ")[0]]
  )
  const [first, rest] = [algorithms.filter((name) => types.has(typeOf(name))), algorithms.filter((name) => !types.has(typeOf(name)))]
  return { algorithms: [...first, ...rest], verdict: pinned === null ? againstKnown(target, known) : againstPinned(target, pinned) }
}
