/** The key by which a head reaches its workers. It is made on the head and never leaves it: only its public half is answered. */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { link, mkdir, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { nodeFiles } from "../sdk/agent/node-folder.ts"
import { exists, sync } from "./folder.ts"
import { refused, transient } from "./MachineError.ts"

const keygenTimeoutMs = 30_000

const keygen = async (...args: ReadonlyArray<string>): Promise<string> => {
  try {
    return (await promisify(execFile)("ssh-keygen", args, { timeout: keygenTimeoutMs })).stdout
  } catch (error) {
    const { code, stderr, message } = error as { readonly code?: unknown; readonly stderr?: string; readonly message: string }
    if (code === "ENOENT") throw refused("NoSsh", "There is no ssh-keygen on this machine: OpenSSH's client is needed on the head.")
    throw transient("NoKey", `ssh-keygen made no key: ${stderr?.trim() || message}`)
  }
}

/** Of two that are made at once the first is kept. */
const make = async (path: string) => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temp = `${path}.${randomBytes(4).toString("hex")}`
  try {
    await keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", temp)
    await sync(temp)
    await link(temp, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error
    })
    await sync(dirname(path))
  } finally {
    for (const left of [temp, `${temp}.pub`]) await rm(left, { force: true })
  }
}

/** `ssh-ed25519 AAAA…`, the same however often it is asked for. */
export const headKey = async (folder: string): Promise<string> => {
  const path = join(folder, nodeFiles.sshKey)
  if (!(await exists(path))) await make(path)
  const [type, key] = (await keygen("-y", "-f", path)).trim().split(" ")
  return `${type} ${key}`
}
