/**
 * The line in this user's `~/.ssh/authorized_keys` by which a head comes to the agent of its worker, and to nothing else. The file is the
 * user's: every other byte stays, and so do its mode and its owner. It is written anew in the folder that is its lock, and renamed: who
 * was away for so long that the lock was taken from him has nothing to rename, and begins again. So does who is not alone in the folder:
 * his own was taken when nothing lay in it, and this is the next one's.
 */
import { randomBytes } from "node:crypto"
import { type FileHandle, lstat, mkdir, open, readdir, readFile, realpath, rename, rm, rmdir, stat } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { sync } from "./folder.ts"
import { refused, transient } from "./MachineError.ts"

/** Whoever held it longer has died. */
const lockMaxMs = 10_000
const patienceMs = 60_000
const pollMs = 20

/** What a system says of a folder that somebody put something into, instead of removing it. */
const occupied = ["ENOTEMPTY", "EEXIST"]

/** The file's bytes, whatever they mean. */
const encoding = "latin1"

const quote = (word: string) => (/^[\w@+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

const ends = (node: string) => ` skyd:${node}`
const begins = 'restrict,command="'

/** `words`: what sshd runs, whatever the head asks for; `key`: `ssh-ed25519 AAAA…`. */
export const keyLine = (words: ReadonlyArray<string>, key: string, node: string): string => {
  const command = words.map(quote).join(" ")
  if (/[\n\r\0]/.test(command)) throw refused("BadPath", `No line of authorized_keys can say ${JSON.stringify(command)}.`)
  if (!/^ssh-ed25519 [A-Za-z0-9+/]+=*$/.test(key)) throw refused("BadKey", `${JSON.stringify(key)} is no public key.`)
  return `${begins}${Buffer.from(command).toString(encoding).replaceAll('"', '\\"')}" ${key}${ends(node)}`
}

export const withoutNode = (text: string, node: string): string =>
  text
    .split("\n")
    .filter((line) => !(line.startsWith(begins) && line.endsWith(ends(node))))
    .join("\n")

/** In front, so that it can be taken out again without a trace, however the last line ends. */
export const withLine = (text: string, line: string, node: string): string => `${line}\n${withoutNode(text, node)}`

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? ""

const orNull = async <A>(step: Promise<A>, ...codes: ReadonlyArray<string>): Promise<A | null> => {
  try {
    return await step
  } catch (error) {
    if (codes.includes(codeOf(error))) return null
    throw error
  }
}

/** Where the user keeps it elsewhere, the file is there. */
const locate = async (): Promise<string> => {
  const folder = join(homedir(), ".ssh")
  const path = join(folder, "authorized_keys")
  const real = await orNull(realpath(path), "ENOENT")
  if (real !== null) return real
  if ((await orNull(lstat(path), "ENOENT")) !== null) throw refused("NoFile", `${path} is a link to nowhere.`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return path
}

const lock = async (path: string): Promise<string> => {
  const folder = `${path}.lock`
  for (const until = Date.now() + patienceMs; ; ) {
    if ((await orNull(mkdir(folder, { mode: 0o700 }), "EEXIST")) !== null) return folder
    const made = await orNull(stat(folder), "ENOENT")
    if (made === null) continue
    if (Date.now() - made.mtimeMs > lockMaxMs) await orNull(rm(folder, { recursive: true, force: true }), ...occupied)
    else if (Date.now() > until) throw transient("Locked", `Somebody else changes ${path} all the time.`)
    else await sleep(pollMs)
  }
}

/** Answers whether the lock was still ours. */
const rewrite = async (path: string, temp: FileHandle, tempPath: string, edit: (text: string) => string): Promise<boolean> => {
  const before = await orNull(readFile(path, encoding), "ENOENT")
  const after = edit(before ?? "")
  if (after === (before ?? "")) return true
  await temp.writeFile(after, encoding)
  if (before !== null) {
    const { mode, uid, gid } = await stat(path)
    const own = await temp.stat()
    if (own.uid !== uid || own.gid !== gid) await temp.chown(uid, gid)
    await temp.chmod(mode & 0o7777)
  }
  await temp.sync()
  if ((await orNull(rename(tempPath, path), "ENOENT")) === null) return false
  await sync(dirname(path))
  return true
}

const change = async (path: string, edit: (text: string) => string): Promise<void> => {
  for (;;) {
    const folder = await lock(path)
    const tempPath = join(folder, randomBytes(8).toString("hex"))
    const temp = await orNull(open(tempPath, "wx", 0o600), "ENOENT")
    if (temp === null) continue
    try {
      const inside = await orNull(readdir(folder), "ENOENT")
      if (inside?.length === 1 && (await rewrite(path, temp, tempPath, edit))) return
    } finally {
      await temp.close()
      await rm(tempPath, { force: true })
      // Who took the lock from us has something in it.
      await orNull(rmdir(folder), "ENOENT", ...occupied)
    }
  }
}

const inWords = (error: unknown): never => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error
  const say = ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR"].includes(code) ? refused : transient
  throw say(code, `~/.ssh/authorized_keys cannot be changed: ${message}`)
}

export const addLine = (line: string, node: string): Promise<void> =>
  locate()
    .then((path) => change(path, (text) => withLine(text, line, node)))
    .catch(inWords)

/** Where nothing is to be taken out nothing is touched. What we may not read we have not written. */
export const takeOut = async (node: string): Promise<void> => {
  const path = join(homedir(), ".ssh", "authorized_keys")
  const text = await readFile(path, encoding).catch(() => "")
  if (withoutNode(text, node) === text) return
  await locate()
    .then((real) => change(real, (found) => withoutNode(found, node)))
    .catch(inWords)
}
