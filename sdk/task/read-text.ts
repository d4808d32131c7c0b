/** The text of a task file: a file, not too large, and UTF-8. */
import { closeSync, constants, openSync, readSync, type Stats, statSync } from "node:fs"
import { resolve } from "node:path"
import { refuse } from "./refuse.ts"

/** A task is smaller than 200 KiB, and the rest is comments. */
export const fileMaxBytes = 256 * 1024

/** Never more than is asked for, whatever the path leads to: a device has no end. Undefined where there is more. */
export const readAtMost = (path: string, maxBytes: number, flags: number = constants.O_RDONLY): Buffer | undefined => {
  const file = openSync(path, flags)
  try {
    const bytes = Buffer.alloc(maxBytes + 1)
    let size = 0
    for (let read = 1; read > 0 && size <= maxBytes; size += read) read = readSync(file, bytes, size, bytes.length - size, null)
    return size > maxBytes ? undefined : bytes.subarray(0, size)
  } finally {
    closeSync(file)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "you may not read it",
  ELOOP: "it is a link that leads to itself",
  EAGAIN: "it is no text but something that goes on",
  ENAMETOOLONG: "its name is too long",
  ERR_INVALID_ARG_VALUE: "its name holds a zero byte",
  ERR_ENCODING_INVALID_ENCODED_DATA: "it is not UTF-8 text"
}

/** Why a file cannot be read, for people. */
export const whyUnread = (cause: unknown): string => {
  const { code = "", message } = cause as NodeJS.ErrnoException
  return reasons[code] ?? message
}

/** What is there instead of a file. */
export const notFile = (path: string, found: Stats): string =>
  `${path} is not a file but ${found.isDirectory() ? "a folder" : found.isFIFO() ? "a pipe" : "a device or a socket"}.`

/** A zero byte is seen, and what is too long to be a path is cut. */
const shownPath = (path: string) => (path.length > 300 ? `${path.slice(0, 60)}…` : path).replaceAll("\0", "\\0")

/** Not opened to find out: that may wait for ever. */
const look = (path: string) => {
  const found = statSync(path)
  return found.isFile() ? undefined : notFile(path, found)
}

const tried = <A>(path: string, act: () => A): A => {
  try {
    return act()
  } catch (cause) {
    const hint = (cause as NodeJS.ErrnoException).code === "ENOENT" ? `Looked for ${resolve(path)}.` : null
    throw refuse(`${shownPath(path)} cannot be read: ${whyUnread(cause)}.`, hint)
  }
}

export const readText = (path: string): string => {
  if (path === "") throw refuse("The path of the task file is empty.")
  const odd = tried(path, () => look(path))
  if (odd !== undefined) throw refuse(odd, "A task is a YAML file.")
  // Of the kernel's files some say that they are files, and wait for something to say.
  const bytes = tried(path, () => readAtMost(path, fileMaxBytes, constants.O_RDONLY | constants.O_NONBLOCK))
  if (bytes === undefined) throw refuse(`${path} is larger than ${fileMaxBytes / 1024} KiB: that is no task.`)
  return tried(path, () => new TextDecoder("utf-8", { fatal: true }).decode(bytes))
}
