/** Looks at the caller's machine: workdir and the sources of mounts are there, and go on the wire as absolute paths. */
import { type Stats, statSync } from "node:fs"
import { homedir } from "node:os"
import { resolve } from "node:path"
import { isUrl } from "../../task/bucket-names.ts"
import { localSourcesOf, type Storage } from "../../task/Storage.ts"
import type { Task } from "../../task/Task.ts"
import type { Complain } from "./document.ts"

/** What relative paths and `~` are relative to. */
export interface Caller {
  readonly cwd: string
  readonly home: string
}

type Absolute = (path: string) => string
const absoluteFor =
  ({ cwd, home }: Caller): Absolute =>
  (path) =>
    resolve(cwd, path === "~" || path.startsWith("~/") ? `${home}${path.slice(1)}` : path)

const look = (path: string): Stats | undefined => {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

const findWorkdir = (path: string, absolute: Absolute, complain: Complain): string => {
  const folder = absolute(path)
  const found = look(folder)
  if (found === undefined) throw complain(["workdir"], `workdir ${path} does not exist (${folder}).`)
  if (!found.isDirectory()) throw complain(["workdir"], `workdir ${path} is not a folder (${folder}).`)
  return folder
}

const findSource = (target: string, path: string, absolute: Absolute, complain: Complain, tag?: string): string => {
  const source = absolute(path)
  const found = look(source)
  const place = ["file_mounts", target]
  if (found === undefined) throw complain(place, `file_mounts.${target}: source ${path} does not exist (${source}).`, null, tag)
  if (!found.isFile() && !found.isDirectory())
    throw complain(place, `file_mounts.${target}: source ${path} is no file and no folder.`, null, tag)
  return source
}

const findStorage = (target: string, storage: Storage, absolute: Absolute, complain: Complain): Storage => {
  if (localSourcesOf(storage).length === 0) return storage
  const find = (path: string) => findSource(target, path, absolute, complain, "StorageSourceError")
  if (typeof storage.source !== "string") {
    const [first, ...others] = storage.source!.map(find)
    return { ...storage, source: [first!, ...others] }
  }
  const source = find(storage.source)
  if (look(source)?.isFile())
    throw complain(
      ["file_mounts", target],
      `file_mounts.${target}: source ${storage.source} is a file: write it as a list, or name its folder.`,
      null,
      "StorageSourceError"
    )
  return { ...storage, source }
}

const here = (): Caller => ({ cwd: process.cwd(), home: process.env["HOME"] ?? homedir() })

export const findFiles = (task: Task, complain: Complain, caller: Caller = here()): Task => {
  const absolute = absoluteFor(caller)
  const mounts = Object.entries(task.file_mounts ?? {}).map(([target, source]) => {
    if (typeof source !== "string") return [target, findStorage(target, source, absolute, complain)] as const
    return [target, isUrl(source) ? source : findSource(target, source, absolute, complain)] as const
  })
  return {
    ...task,
    ...(typeof task.workdir === "string" ? { workdir: findWorkdir(task.workdir, absolute, complain) } : {}),
    ...(mounts.length > 0 ? { file_mounts: Object.fromEntries(mounts) } : {})
  }
}
