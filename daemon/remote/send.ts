/**
 * Sends files to `agent.cjs receive` at the other end of a line: which there are, then the bytes of those that it wants. The line is used up
 * by this, whatever comes of it.
 */
import type { Duplex } from "node:stream"
import type { Answer } from "../../machine/answer.ts"
import { bytesFrame, doneFrame, endFrame, fileFrame, goneFrame } from "../../machine/file-frames.ts"
import { Cut, Input } from "../../machine/Input.ts"
import { MachineError, machineError, transient } from "../../machine/MachineError.ts"
import { type Header, lineOf, receiveVersion } from "../../machine/manifest.ts"
import type { Received } from "../../machine/receive.ts"
import type { NodeRef } from "../../machine/shapes.ts"
import type { FileList } from "../sync/FileList.ts"
import { Outlet } from "./Outlet.ts"
import { readAhead } from "./read-ahead.ts"

/** A line has the numbers of all files that are wanted. */
const lineMaxBytes = 16 * 1024 * 1024

const linesAtOnce = 512

/** Of what the machine wants. */
export interface SendProgress {
  readonly files: number
  readonly ofFiles: number
  readonly bytes: number
  readonly ofBytes: number
}

export interface SendOptions {
  readonly signal: AbortSignal
  readonly onProgress?: (progress: SendProgress) => void
}

type Line = { readonly wants: ReadonlyArray<number> } | Extract<Answer, { readonly error: unknown }> | { readonly ok: Received }

const readLine = async (input: Input): Promise<Exclude<Line, { readonly error: unknown }>> => {
  const text = await input.line(lineMaxBytes)
  let line: Line
  try {
    line = JSON.parse(text) as Line
  } catch {
    throw transient("NoSense", `What answers on the machine is no agent: ${text.slice(0, 200)}`)
  }
  if ("error" in line) throw new MachineError(line.error.kind, line.error.code, line.error.message)
  return line
}

const sendList = async (outlet: Outlet, header: Header, { entries }: FileList) => {
  await outlet.write(Buffer.from(`${JSON.stringify(header)}\n`))
  for (let at = 0; at < entries.length; at += linesAtOnce)
    await outlet.write(
      Buffer.from(
        entries
          .slice(at, at + linesAtOnce)
          .map(lineOf)
          .join("")
      )
    )
  await outlet.flush()
}

const sendFiles = async (outlet: Outlet, { entries, root }: FileList, wants: ReadonlyArray<number>, tell: (done: SendProgress) => void) => {
  const wanted = wants.map((index) => entries[index]!)
  let [files, bytes, ofBytes] = [0, 0, wanted.reduce((sum, { size }) => sum + size, 0)]
  const ahead = readAhead(root, wanted)
  for await (const opened of ahead) {
    const index = wants[files]!
    if (opened === null) await outlet.write(goneFrame(index))
    else {
      const { first, found, rest } = opened
      // It may have grown, or shrunk, since it was listed.
      ofBytes += found.size - wanted[files]!.size
      await outlet.write(fileFrame({ index, mode: found.mode & 0o7777, mtimeMs: found.mtimeMs }))
      const pass = async (part: Buffer) => {
        for (const piece of bytesFrame(part)) await outlet.write(piece)
        bytes += part.length
        tell({ files, ofFiles: wanted.length, bytes, ofBytes })
      }
      await pass(first)
      for await (const part of rest) await pass(part)
      await outlet.write(endFrame)
    }
    files += 1
  }
  await outlet.write(doneFrame)
  await outlet.flush()
  tell({ files, ofFiles: wanted.length, bytes, ofBytes })
}

/** `target` as in `placedAt`: relative to the node's home, or absolute. Rejects with a `MachineError`. */
export const send = async (
  line: Duplex,
  node: NodeRef,
  list: FileList,
  target: string,
  { onProgress = () => {}, signal }: SendOptions
): Promise<Received> => {
  const input = new Input(line)
  const outlet = new Outlet(line)
  const giveUp = () => void line.destroy()
  line.on("error", () => {})
  signal.addEventListener("abort", giveUp)
  const header = { version: receiveVersion, node: { tags: node.tags, rank: node.rank, node: node.node }, target, lone: list.lone ?? false }
  // Said while we still write, when it is an error: what is not written any more does not matter then.
  const answers = async () => {
    const first = await readLine(input)
    if (!("wants" in first)) throw transient("NoSense", "The machine answered before it was asked.")
    if (!first.wants.every((index) => list.entries[index]?.kind === "file"))
      throw transient("NoSense", "The machine wants what it was not told of.")
    told(first.wants)
    const last = await readLine(input)
    if (!("ok" in last)) throw transient("NoSense", "The machine asked twice.")
    return last.ok
  }
  let told: (wants: ReadonlyArray<number>) => void = () => {}
  const wants = new Promise<ReadonlyArray<number>>((resolve) => (told = resolve))
  const answered = answers()
  const work = async () => {
    await sendList(outlet, { ...header, entries: list.entries.length }, list)
    await sendFiles(outlet, list, await Promise.race([wants, answered.then(() => [])]), onProgress)
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
