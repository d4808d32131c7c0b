/**
 * The lines of OpenSSH's known_hosts files that speak of a host, hashed names and patterns included. Certificate authorities are passed
 * over.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import { readSmall } from "../home/small-file.ts"
import { portOfSsh, type Target } from "./Target.ts"

/** Of some 100,000 hosts. */
const maxBytes = 64 * 1024 * 1024

export interface KnownKey {
  /** `ssh-ed25519 AAAA…` */
  readonly key: string
  readonly revoked: boolean
  readonly file: string
  readonly line: number
}

/** How the files name a host: with its port where that is not ssh's own. */
export const nameInFiles = ({ host, hostKeyAlias, port }: Pick<Target, "host" | "hostKeyAlias" | "port">): string => {
  if (hostKeyAlias !== null) return hostKeyAlias.toLowerCase()
  return port === portOfSsh ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

const isHashOf = (pattern: string, name: string): boolean => {
  const [, , salt, hash] = pattern.split("|")
  if (salt === undefined || hash === undefined) return false
  const own = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest()
  const theirs = Buffer.from(hash, "base64")
  return own.length === theirs.length && timingSafeEqual(own, theirs)
}

const fits = (pattern: string, name: string): boolean => {
  if (pattern.startsWith("|1|")) return isHashOf(pattern, name)
  const source = pattern
    .toLowerCase()
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".")
  return new RegExp(`^${source}$`).test(name)
}

/** A pattern with `!` takes the host out again. */
const isAbout = (patterns: string, name: string): boolean => {
  const all = patterns.split(",")
  const excluded = all.some((pattern) => pattern.startsWith("!") && fits(pattern.slice(1), name))
  return !excluded && all.some((pattern) => !pattern.startsWith("!") && fits(pattern, name))
}

export const keysIn = (text: string, name: string, file: string): ReadonlyArray<KnownKey> =>
  text.split("\n").flatMap((content, index) => {
    const fields = content.trim().split(/\s+/)
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined
    const [patterns, type, blob] = fields
    if (patterns === undefined || patterns.startsWith("#") || type === undefined || blob === undefined) return []
    if (marker === "@cert-authority" || !isAbout(patterns, name)) return []
    return [{ key: `${type} ${blob}`, revoked: marker === "@revoked", file, line: index + 1 }]
  })

/** A file that is missing or unreadable knows nobody, as with ssh. */
export const knownKeys = async (
  target: Pick<Target, "host" | "hostKeyAlias" | "knownHosts" | "port">
): Promise<ReadonlyArray<KnownKey>> => {
  const name = nameInFiles(target)
  const found = await Promise.all(
    target.knownHosts.map(async (file) => keysIn(await readSmall(file, maxBytes).catch(() => ""), name, file))
  )
  return found.flat()
}
