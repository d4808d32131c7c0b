/**
 * The system's calls on files, in this very moment: whoever copies many has a thread or a program of its own, where nobody else waits, and
 * asking for each file later takes many times as long. Names need not be UTF-8: what is none stands in a path as lone surrogates, one for
 * each byte.
 */

import * as fs from "node:fs"
import { codeOf } from "./errno.ts"

/** The bytes of such a path, as the system knows it. */
export const raw = (path: string): string | Buffer => {
  if (path.isWellFormed()) return path
  const parts = path.split(/([\uDC80-\uDCFF])/u)
  return Buffer.concat(parts.map((part, i) => (i % 2 === 0 ? Buffer.from(part) : Buffer.of(part.charCodeAt(0) & 0xff))))
}

/** The path of such bytes. A decoder that says what is wrong would stop; this one goes on past it byte by byte. */
export const named = (bytes: Buffer): string => {
  const text = bytes.toString()
  if (!text.includes("\uFFFD")) return text
  let path = ""
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => isCharacter(bytes.subarray(at, at + count)))
    path += length === undefined ? String.fromCharCode(0xdc00 | bytes[at]!) : bytes.toString("utf8", at, at + length)
    at += length ?? 1
  }
  return path
}

const isCharacter = (bytes: Buffer) => {
  const text = bytes.toString()
  return [...text].length === 1 && Buffer.from(text).equals(bytes)
}

/** Null where nothing is. */
export const lstat = (path: string): fs.Stats | null => {
  try {
    return fs.lstatSync(raw(path), { throwIfNoEntry: false }) ?? null
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") return null
    throw error
  }
}
export const readlink = (path: string): string => named(fs.readlinkSync(raw(path), { encoding: "buffer" }))
export const open = (path: string, flags: string | number, mode?: number): number => fs.openSync(raw(path), flags, mode)
export const chmod = (path: string, mode: number): void => fs.chmodSync(raw(path), mode)
export const mkdir = (path: string, mode: number): void => fs.mkdirSync(raw(path), mode)
export const rename = (from: string, to: string): void => fs.renameSync(raw(from), raw(to))
export const rmdir = (path: string): void => fs.rmdirSync(raw(path))
export const symlink = (target: string, path: string): void => fs.symlinkSync(raw(target), raw(path))
export const unlink = (path: string): void => fs.unlinkSync(raw(path))

export interface Inside {
  readonly name: string
  readonly isFolder: boolean
  readonly isFile: boolean
}
const insideOf = (entry: fs.Dirent<string | Buffer>, name: string): Inside => ({
  name,
  isFolder: entry.isDirectory(),
  isFile: entry.isFile()
})

/** What a folder holds, by name. */
export const readdir = (path: string): Array<Inside> => {
  const asText = fs.readdirSync(raw(path), { withFileTypes: true })
  const found = asText.some(({ name }) => name.includes("\uFFFD"))
    ? fs.readdirSync(raw(path), { withFileTypes: true, encoding: "buffer" }).map((entry) => insideOf(entry, named(entry.name)))
    : asText.map((entry) => insideOf(entry, entry.name))
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}
