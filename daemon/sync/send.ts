/**
 * Sends files to `agent.cjs receive` at the other end of a line: which there are, then the bytes of those that it wants. The line is used
 * up by this, whatever comes of it.
 */
import { closeSync } from "node:fs"
import type { Answer } from "../../machine/answer.ts"
import { doneFrame } from "../../machine/file-frames.ts"
import { Cut } from "../../machine/Input.ts"
import { MachineError, machineError, transient } from "../../machine/MachineError.ts"
import { type Header, linesOf, receiveVersion } from "../../machine/manifest.ts"
import type { Received, Took } from "../../machine/receive.ts"
import type { NodeRef } from "../../machine/shapes.ts"
import { onDisk } from "./disk-threads.ts"
import type { FileList, Placed } from "./FileList.ts"
import { Lines } from "./Lines.ts"
import { type Line, Outlet } from "./Outlet.ts"
import { type BatchRead, nextWanted, type OpenFile } from "./read-batch.ts"
import type { PutProgress } from "./SyncTold.ts"

/** A line has the numbers of all files that are wanted. */
const lineMaxBytes = 16 * 1024 * 1024

export interface SendOptions {
  readonly signal: AbortSignal
  /** What the machine has taken so far is less than what is on its way. */
  readonly onProgress?: (progress: PutProgress) => void
}

type Said = { readonly wants: ReadonlyArray<number> } | Extract<Answer, { readonly error: unknown }> | { readonly ok: Received } | Took

const readLine = async (lines: Lines): Promise<Exclude<Said, { readonly error: unknown }>> => {
  const text = await lines.next(lineMaxBytes)
  let line: Said
  try {
    line = JSON.parse(text) as Said
  } catch {
    throw transient("NoSense", `What answers on the machine is no agent: ${text.slice(0, 200)}`)
  }
  if ("error" in line) throw new MachineError(line.error.kind, line.error.code, line.error.message)
  return line
}

const sendList = async (outlet: Outlet, header: Header, { entries }: FileList) => {
  await outlet.write(Buffer.from(`${JSON.stringify(header)}\n`))
  for (const line of linesOf(entries)) await outlet.write(Buffer.from(line))
}

const close = ({ open }: Pick<BatchRead, "open">) => {
  if (open !== null) closeSync(open.fd)
}

/** A batch is read while the last is on its way. */
const sendFiles = async (
  outlet: Outlet,
  { entries, root }: FileList,
  wants: ReadonlyArray<number>,
  grow: (bytes: number) => void,
  signal: AbortSignal
) => {
  const files = wants.map((index) => ({ index, path: entries[index]!.from ?? entries[index]!.path, size: entries[index]!.size }))
  const read = (from: number, open: OpenFile | null) => {
    if (from >= files.length) return null
    if (signal.aborted) close({ open })
    const reading = onDisk("read", { root, files: nextWanted(files, from), open, memory: outlet.spare.pop() }, signal, close)
    reading.catch(() => undefined)
    return reading
  }
  let reading = read(0, null)
  try {
    for (let done = 0; reading !== null; ) {
      const { files: more, frames, grown, open } = await reading
      done += more
      reading = read(done, open)
      grow(grown)
      await outlet.write(frames, frames.buffer)
    }
  } finally {
    const last = await reading?.catch(() => null)
    if (last) close(last)
  }
  await outlet.write(doneFrame)
}

/** Rejects with a `MachineError`. */
export const send = async (
  line: Line,
  node: NodeRef,
  { files: list, folder: target }: Placed,
  { onProgress = () => {}, signal }: SendOptions
): Promise<Received> => {
  const lines = new Lines(line)
  const outlet = new Outlet(line)
  const giveUp = () => void line.destroy()
  line.on("error", () => {})
  signal.addEventListener("abort", giveUp)
  const header = { version: receiveVersion, node: { tags: node.tags, rank: node.rank, node: node.node }, target, lone: list.lone ?? false }
  const progress = { bytes: 0, ofBytes: 0 }
  const tell = ({ bytes }: Pick<PutProgress, "bytes">) => {
    progress.bytes = bytes
    onProgress({ ...progress })
  }
  const wanted = Promise.withResolvers<ReadonlyArray<number>>()
  // Said while we still write, when it is an error: what is not written any more does not matter then.
  const answers = async () => {
    const first = await readLine(lines)
    if (!("wants" in first)) throw transient("NoSense", "The machine answered before it was asked.")
    if (!first.wants.every((index) => list.entries[index]?.kind === "file"))
      throw transient("NoSense", "The machine wants what it was not told of.")
    progress.ofBytes = first.wants.reduce((sum, index) => sum + list.entries[index]!.size, 0)
    tell(progress)
    wanted.resolve(first.wants)
    for (;;) {
      const line = await readLine(lines)
      if ("ok" in line) {
        tell(line.ok)
        return line.ok
      }
      if (!("took" in line)) throw transient("NoSense", "The machine asked twice.")
      tell(line.took)
    }
  }
  const answered = answers()
  const work = async () => {
    await sendList(outlet, { ...header, entries: list.entries.length }, list)
    const wants = await Promise.race([wanted.promise, answered.then(() => [])])
    await sendFiles(outlet, list, wants, (bytes) => (progress.ofBytes += bytes), signal)
  }
  const working = work()
  try {
    signal.throwIfAborted()
    // A line that takes nothing more has an answer, or ends.
    return await Promise.race([
      answered,
      working.catch((error) => (error instanceof Cut ? answered : Promise.reject(error))).then(() => answered)
    ])
  } catch (error) {
    signal.throwIfAborted()
    throw machineError(error)
  } finally {
    signal.removeEventListener("abort", giveUp)
    line.destroy()
    await Promise.allSettled([working, answered])
  }
}
