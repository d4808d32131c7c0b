/** What is said of a sync, before, while and after it goes. Pure. */
import { plural } from "../../task/plural.ts"
import type { FileList } from "./FileList.ts"

/** More than that goes as well, and takes its time: most workdirs that are so large hold what no task needs. */
const largeBytes = 256_000_000
const manyFiles = 50_000

/** Of what a node wants, how far it has come. */
export interface PutProgress {
  readonly bytes: number
  readonly ofBytes: number
}

type Size = Pick<FileList, "files" | "bytes" | "others">

const units = ["B", "kB", "MB", "GB", "TB"]
const powerOf = (bytes: number) => (bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3)))
const amount = (bytes: number, power: number) => {
  const value = bytes / 1000 ** power
  return power === 0 ? `${bytes}` : value.toFixed(value < 10 ? 1 : 0)
}
const sizeOf = (bytes: number) => `${amount(bytes, powerOf(bytes))} ${units[powerOf(bytes)]}`

/** `workdir, 12 files, 34 kB`, and what to do about one that is very large. */
export const sizeText = (what: string, { bytes, files, others = [] }: Size): string => {
  const [first] = others
  const left =
    first === undefined ? "" : `, without ${plural(others.length, "socket, pipe or device", "sockets, pipes and devices")} (${first})`
  const text = `${what}, ${plural(files, "file")}, ${sizeOf(bytes)}${left}`
  return bytes > largeBytes || files > manyFiles ? `${text}: much to send; .skyignore leaves out what the task does not need` : text
}

/** `workdir, 34.1 of 120 MB, 41 MB/s`, of all nodes together. */
export const farText = (what: string, all: Iterable<PutProgress>, tookMs: number): string => {
  let [bytes, ofBytes] = [0, 0]
  for (const one of all) {
    bytes += one.bytes
    ofBytes += one.ofBytes
  }
  const power = powerOf(ofBytes)
  const done = (bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)
  return `${what}, ${done} of ${sizeOf(ofBytes)}, ${sizeOf(Math.round((bytes * 1000) / Math.max(1, tookMs)))}/s`
}
