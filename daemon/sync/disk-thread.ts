/** A thread for `disk-work.ts`: one question at a time, one answer to each. */
import { parentPort } from "node:worker_threads"
import { pathError } from "../../machine/PathError.ts"
import { type Answered, type DiskAnswer, type DiskMethod, type DiskQuestion, diskWork } from "./disk-work.ts"
import type { BatchRead } from "./read-batch.ts"

const work = diskWork as { readonly [M in DiskMethod]: (asked: unknown, signal: { throwIfAborted: () => void }) => Answered<M> }

const answerTo = ({ asked, givenUp, method }: DiskQuestion): DiskAnswer => {
  const throwIfAborted = () => {
    if (Atomics.load(givenUp, 0) !== 0) throw new Error("It was given up.")
  }
  try {
    return { ok: work[method](asked, { throwIfAborted }) }
  } catch (error) {
    const { message, path } = pathError(method, error)
    return { path, message }
  }
}

parentPort!.on("message", (question: DiskQuestion) => {
  const answer = answerTo(question)
  // Bytes are handed over, not copied.
  const frames = "ok" in answer ? (answer.ok as Partial<BatchRead> | undefined)?.frames : undefined
  parentPort!.postMessage(answer, frames === undefined ? [] : [frames.buffer])
})
