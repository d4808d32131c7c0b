/**
 * A file of the user's own in `~/.ssh`, of which a part is ours: every other byte stays, and so do its mode, its owner and the links that
 * lead to it. It is written anew in the folder that is its lock, and renamed: who was away for so long that the lock was taken from him has
 * nothing to rename, and begins again. So does who is not alone in the folder: his own was taken when nothing lay in it, and this is the
 * next one's.
 */
import { randomBytes } from "node:crypto"
import { type FileHandle, lstat, mkdir, open, readdir, readFile, realpath, rename, rm, rmdir, stat } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { codeOf } from "./errno.ts"
import { sync } from "./folder.ts"
import { refused, transient } from "./MachineError.ts"

/** Whoever held it longer has died. */
const lockMaxMs = 10_000
const patienceMs = 60_000
const pollMs = 20

/** What a system says of a folder that somebody put something into, instead of removing it. */
const occupied = ["ENOTEMPTY", "EEXIST"]

/** The file's bytes, whatever they mean. */
export const encoding = "latin1"

const orNull = async <A>(step: Promise<A>, ...codes: ReadonlyArray<string>): Promise<A | null> => {
  try {
    return await step
  } catch (error) {
    if (codes.includes(codeOf(error))) return null
    throw error
  }
}

const folder = () => join(homedir(), ".ssh")
const ownPath = (name: string) => join(folder(), name)

/** Where the user keeps it elsewhere, the file is there. */
const locate = async (name: string): Promise<string> => {
  const path = ownPath(name)
  const real = await orNull(realpath(path), "ENOENT")
  if (real !== null) return real
  if ((await orNull(lstat(path), "ENOENT")) !== null) throw refused("NoFile", `${path} is a link to nowhere.`)
  await orNull(mkdir(folder(), { mode: 0o700 }), "EEXIST")
  return path
}

const lock = async (path: string): Promise<string> => {
  const folder = `${path}.lock`
  for (const until = performance.now() + patienceMs; ; ) {
    if ((await orNull(mkdir(folder, { mode: 0o700 }), "EEXIST")) !== null) return folder
    const made = await orNull(stat(folder), "ENOENT")
    if (made === null) continue
    if (Date.now() - made.mtimeMs > lockMaxMs) await orNull(rm(folder, { recursive: true, force: true }), ...occupied)
    else if (performance.now() > until) throw transient("Locked", `Somebody else changes ${path} all the time.`)
    else await sleep(pollMs)
  }
}

const writeAt = async (file: FileHandle, bytes: Buffer, from: number): Promise<void> => {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, { offset: done, position: from + done })).bytesWritten
}

/**
 * For one that has other names too, which a rename would leave behind. It has its size first, in empty lines: on a disk that is full it is
 * as it was.
 */
const overwrite = async (path: string, before: string, after: string): Promise<"done"> => {
  const [old, bytes] = [Buffer.from(before, encoding), Buffer.from(after, encoding)]
  const file = await open(path, "r+")
  try {
    await writeAt(file, Buffer.alloc(Math.max(0, bytes.length - old.length), "\n"), old.length)
    await file.sync()
    await writeAt(file, bytes, 0)
    await file.truncate(bytes.length)
    await file.sync()
  } catch (error) {
    await writeAt(file, old, 0).finally(() => file.truncate(old.length))
    throw error
  } finally {
    await file.close()
  }
  return "done"
}

interface Change {
  readonly edit: (text: string) => string
  /** There was none before us: it goes when nothing is left in it. */
  readonly isOurs: boolean
}

/** `lost`: the lock was not ours any more. */
type Result = "done" | "made" | "lost"

const rewrite = async (path: string, temp: FileHandle, tempPath: string, { edit, isOurs }: Change): Promise<Result> => {
  const before = await orNull(readFile(path, encoding), "ENOENT")
  const after = edit(before ?? "")
  if (after === (before ?? "")) return "done"
  const found = before === null ? null : await stat(path)
  if (found !== null && found.nlink > 1) return overwrite(path, before!, after)
  await temp.writeFile(after, encoding)
  if (found !== null) {
    const own = await temp.stat()
    if (own.uid !== found.uid || own.gid !== found.gid) await temp.chown(found.uid, found.gid)
    await temp.chmod(found.mode & 0o7777)
  }
  await temp.sync()
  if ((await orNull(rename(tempPath, path), "ENOENT")) === null) return "lost"
  if (isOurs && after === "") await rm(path)
  await sync(dirname(path))
  return before === null ? "made" : "done"
}

const change = async (path: string, what: Change): Promise<boolean> => {
  for (;;) {
    const folder = await lock(path)
    const tempPath = join(folder, randomBytes(8).toString("hex"))
    let temp: FileHandle | null = null
    try {
      temp = await orNull(open(tempPath, "wx", 0o600), "ENOENT")
      const inside = temp && (await orNull(readdir(folder), "ENOENT"))
      const result = inside?.length === 1 ? await rewrite(path, temp!, tempPath, what) : "lost"
      if (result !== "lost") return result === "made"
    } finally {
      await temp?.close()
      await rm(tempPath, { force: true })
      // Who took the lock from us has something in it.
      await orNull(rmdir(folder), "ENOENT", ...occupied)
    }
  }
}

const inWords =
  (name: string) =>
  (error: unknown): never => {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error
    const say = ["EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR"].includes(code) ? refused : transient
    throw say(code, `~/.ssh/${name} cannot be changed: ${message}`)
  }

/** Empty where there is none. */
export const readOwn = async (name: string): Promise<string> =>
  (await orNull(readFile(ownPath(name), encoding), "ENOENT").catch(inWords(name))) ?? ""

/** Answers whether there was none: whoever is told so may have it gone again, as `isOurs`. */
export const changeOwn = (name: string, edit: Change["edit"], isOurs = false): Promise<boolean> =>
  locate(name)
    .then((path) => change(path, { edit, isOurs }))
    .catch(inWords(name))
