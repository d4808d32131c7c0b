/** Looks at the caller's machine: workdir and the sources of mounts are there, and go on the wire as absolute paths. */
import { type Stats, statSync } from "node:fs"
import { homedir } from "node:os"
import { resolve } from "node:path"
import { isUrl } from "../../task/bucket-names.ts"
import { localSourcesOf, type Storage } from "../../task/Storage.ts"
import type { Task } from "../../task/Task.ts"
import type { ClientError } from "../client/ClientError.ts"
import type { Complain } from "./document.ts"
import { dotted } from "./words.ts"

/** From where the caller stands, and `~` from the caller's home. */
const absolute = (path: string): string =>
  resolve(path === "~" || path.startsWith("~/") ? `${process.env["HOME"] ?? homedir()}${path.slice(1)}` : path)

/** Says what is wrong at a mount. */
type AtMount = (target: string, message: string, tag?: string) => ClientError

const look = (path: string): Stats | undefined => {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

const findWorkdir = (path: string, complain: Complain): string => {
  const folder = absolute(path)
  const found = look(folder)
  if (found === undefined) throw complain(["workdir"], `workdir ${path} does not exist (${folder}).`)
  if (!found.isDirectory()) throw complain(["workdir"], `workdir ${path} is not a folder (${folder}).`)
  return folder
}

const findSource = (target: string, path: string, at: AtMount, tag?: string): string => {
  const source = absolute(path)
  const found = look(source)
  if (found === undefined) throw at(target, `source ${path} does not exist (${source}).`, tag)
  if (!found.isFile() && !found.isDirectory()) throw at(target, `source ${path} is no file and no folder.`, tag)
  return source
}

const findStorage = (target: string, storage: Storage, at: AtMount): Storage => {
  if (localSourcesOf(storage).length === 0) return storage
  const find = (path: string) => findSource(target, path, at, "StorageSourceError")
  if (typeof storage.source !== "string") {
    const [first, ...others] = storage.source!.map(find)
    return { ...storage, source: [first!, ...others] }
  }
  const source = find(storage.source)
  if (look(source)?.isFile())
    throw at(target, `source ${storage.source} is a file: write it as a list, or name its folder.`, "StorageSourceError")
  return { ...storage, source }
}

export const findFiles = (task: Task, complain: Complain, nameOf = dotted): Task => {
  const at: AtMount = (target, message, tag) => {
    const place = ["file_mounts", target]
    return complain(place, `${nameOf(place)}: ${message}`, null, tag)
  }
  const mounts = Object.entries(task.file_mounts ?? {}).map(([target, source]) => {
    if (typeof source !== "string") return [target, findStorage(target, source, at)] as const
    return [target, isUrl(source) ? source : findSource(target, source, at)] as const
  })
  return {
    ...task,
    ...(typeof task.workdir === "string" ? { workdir: findWorkdir(task.workdir, complain) } : {}),
    ...(mounts.length > 0 ? { file_mounts: Object.fromEntries(mounts) } : {})
  }
}
