/**
 * Where on a machine files come to lie. Below a home of the node's own, only what is below it. In a user's home, links to folders on the
 * way to the target are the user's and are followed; `/tmp/…` is taken as it is; any other absolute path becomes a link, by sudo where that
 * is needed, to what lies below `~/.sky/file_mounts`.
 */
import { execFile } from "node:child_process"
import { chmodSync, lstatSync, mkdirSync, readlinkSync, realpathSync, renameSync, rmSync, type Stats, statSync, symlinkSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type { Place } from "./copy-files.ts"
import { codeOf } from "./errno.ts"
import { refused } from "./MachineError.ts"
import { PathError } from "./PathError.ts"

const mountsFolder = ".sky/file_mounts"
const sudoTimeoutMs = 30_000

interface Link {
  readonly path: string
  readonly to: string
}

export interface Landing {
  readonly place: Omit<Place, "staging">
  /** What leads there from the path that was asked for. */
  readonly link: Link | null
}

const found = (look: (path: string) => Stats, path: string): Stats | null => {
  try {
    return look(path)
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null
    throw error
  }
}
const lstatOrNull = (path: string) => found((path) => lstatSync(path), path)
const statOrNull = (path: string) => found((path) => statSync(path), path)

const isDenied = (error: unknown) => ["EACCES", "EPERM", "EROFS"].includes(codeOf(error))

/** Follows links to folders, and goes through nothing else. */
const makeUserFolder = (path: string): void => {
  if (statOrNull(path)?.isDirectory()) return
  const there = lstatOrNull(path)
  if (there) {
    const what = there.isSymbolicLink() ? "a link that leads to no folder" : "no folder"
    throw new PathError(path, `${path} is in the way: it is ${what}. Remove it, or choose another target.`)
  }
  makeUserFolder(dirname(path))
  mkdirSync(path, { mode: 0o755 })
  chmodSync(path, 0o755)
}

const namesOf = (target: string) => {
  const names = target.split("/").filter((name) => name !== "" && name !== ".")
  if (target.includes("\0") || names.includes("..")) throw refused("OutsideHome", `${JSON.stringify(target)} is no target for files.`)
  return names
}

/** `home` is a user's own, or the node's. `lone` is how the only file is called that goes there. */
export const landingOf = (target: string, home: string, isUsers: boolean, lone: string | null): Landing => {
  const names = namesOf(target)
  const absolute = target.startsWith("/")
  if (!isUsers) {
    if (absolute) throw refused("OutsideHome", `'${target}' is not below ~: there it would not be the node's own.`)
    return { place: { base: home, target: names.join("/") }, link: null }
  }
  if (absolute && names[0] === "tmp") return { place: { base: "/tmp", target: names.slice(1).join("/") }, link: null }
  const base = join(home, ...(absolute ? [mountsFolder] : []), ...names)
  const last = lone === null ? [] : [lone]
  const link = absolute ? { path: join("/", ...names, ...last), to: join(base, ...last) } : null
  return { place: { base, target: "" }, link }
}

/** Before anything is sent: the folder is made, and nothing stands where the link is to be. */
export const prepareLanding = ({ link, place }: Landing, isUsers: boolean): void => {
  if (isUsers) makeUserFolder(place.base)
  if (link !== null) isLinkable(link)
}

/** Whether it is to be made; false when the path leads there by another link above it. */
const isLinkable = ({ path, to }: Link): boolean => {
  const there = lstatOrNull(path)
  if (there === null || there.isSymbolicLink()) return true
  if (lstatOrNull(to) !== null && realpathSync(path) === realpathSync(to)) return false
  const what = there.isDirectory() ? "a folder" : "a file"
  throw new PathError(path, `${path} is already there as ${what}: remove it, or choose another target.`)
}

const sudo = (path: string, ...args: ReadonlyArray<string>): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile("sudo", ["-n", ...args], { timeout: sudoTimeoutMs }, (error, _, said) => {
      const why = codeOf(error) === "ENOENT" ? "there is no sudo" : `sudo says: ${said.trim() || error?.message}`
      if (!error) resolve()
      else reject(new PathError(path, `${path} can be made by root alone, and ${why}. Choose a target below ~ or /tmp, or allow it there.`))
    })
  })

const parentsBySudo = async (path: string): Promise<void> => {
  const missing: Array<string> = []
  for (let at = dirname(path); statOrNull(at) === null; at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    await sudo(path, "mkdir", "-m", "755", "--", folder)
    await sudo(path, "chown", `${process.getuid!()}:${process.getgid!()}`, "--", folder)
  }
}

/** Last of all: until then the path is as it was. */
export const placeLanding = async ({ link }: Landing): Promise<void> => {
  if (link === null || !isLinkable(link)) return
  const { path, to } = link
  if (lstatOrNull(path) !== null && readlinkSync(path) === to) return
  const temp = join(dirname(path), `.skyd-${basename(path)}`.slice(0, 64))
  try {
    makeUserFolder(dirname(path))
    rmSync(temp, { force: true })
    symlinkSync(to, temp)
    renameSync(temp, path)
  } catch (error) {
    rmSync(temp, { force: true })
    if (!isDenied(error)) throw error
    await parentsBySudo(path)
    await sudo(path, "ln", "-sfn", "--", to, path)
  }
}
