/**
 * Identity files: which can be used as they are, which only through the ssh-agent, and what is wrong with the others, in words for people.
 */
import type { ParsedKey } from "ssh2"
import { quote } from "../../sdk/quote.ts"
import { readSmall } from "../home/small-file.ts"
import { loadSsh2 } from "./load-ssh2.ts"

export type Identity =
  | { readonly is: "ready"; readonly file: string; readonly key: ParsedKey }
  /** The agent may hold it. The public half is in the file itself or beside it. */
  | { readonly is: "locked"; readonly file: string; readonly publicKey: Buffer | null; readonly why: string }
  | { readonly is: "missing"; readonly file: string; readonly why: string }

const magic = "openssh-key-v1\0"

/** OpenSSH's own format holds the public half in the clear: after the cipher, its key's derivation and the number of keys. */
const publicHalf = (text: string): Buffer | null => {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1]
  const data = Buffer.from(body ?? "", "base64")
  if (data.toString("latin1", 0, magic.length) !== magic) return null
  try {
    let at = magic.length
    for (let skipped = 0; skipped < 3; skipped++) at += 4 + data.readUInt32BE(at)
    at += 4
    return data.subarray(at + 4, at + 4 + data.readUInt32BE(at))
  } catch {
    return null
  }
}

const beside = async (file: string): Promise<Buffer | null> => {
  const text = await readSmall(`${file}.pub`).catch(() => "")
  const blob = text.split(/\s+/)[1]
  return blob === undefined ? null : Buffer.from(blob, "base64")
}

const errnoWords: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EACCES: "cannot be read: its permissions keep you out",
  EISDIR: "is a folder, not a key"
}

export const readIdentity = async (file: string): Promise<Identity> => {
  const { utils } = await loadSsh2()
  let text: string
  try {
    text = await readSmall(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = `the key ${file} ${code === undefined ? message : (errnoWords[code] ?? `cannot be read (${code})`)}`
    // Its public half alone names a key of the agent, as with ssh.
    const publicKey = await beside(file)
    return publicKey === null ? { is: "missing", file, why } : { is: "locked", file, publicKey, why }
  }
  const key = parsed(utils.parseKey(text))
  if (!(key instanceof Error) && key.isPrivateKey()) return { is: "ready", file, key }
  const publicKey = publicHalf(text) ?? (await beside(file))
  if (key instanceof Error && /encrypted/i.test(key.message)) {
    const why = `the key ${file} is encrypted: unlock it once with \`ssh-add ${quote(file)}\`, and where the daemon was started without that agent: sky daemon restart`
    return { is: "locked", file, publicKey, why }
  }
  const what = key instanceof Error ? `is of no use: ${key.message}` : "is a public key: the private one is needed"
  return { is: "locked", file, publicKey: key instanceof Error ? publicKey : key.getPublicSSH(), why: `the key ${file} ${what}` }
}

/** The types promise one key; some formats give a list. */
const parsed = (found: ParsedKey | ReadonlyArray<ParsedKey> | Error): ParsedKey | Error =>
  found instanceof Error || !Array.isArray(found) ? (found as ParsedKey | Error) : (found[0] ?? new Error("it holds no key"))
