/**
 * Threads for work on the user's files: calls that are made one after another there take a fraction of the time that asking for each takes
 * here, and a disk that does not answer holds up nobody but who asked: a thread that is at one thing for long keeps no other from
 * beginning. They are made when they are needed and end when they were idle for a while.
 */
import { existsSync } from "node:fs"
import type { Worker } from "node:worker_threads"
import { PathError } from "../../machine/PathError.ts"
import type { Answered, Asked, DiskAnswer, DiskMethod, DiskQuestion } from "./disk-work.ts"

/** Of those that come back soon. */
const threadsMax = 8
/** Of those that do not. */
const slowMax = 56
const slowAfterMs = 3_000
const idleMs = 10_000

const beside = (name: string) => new URL(name, import.meta.url)
/** Of a bundle, or of the sources. */
const program = () => [beside("disk.cjs"), beside("disk-thread.ts")].find((url) => existsSync(url))!

class Thread {
  ended = false
  private readonly worker: Worker
  private answer = Promise.withResolvers<DiskAnswer>()

  constructor() {
    // Loaded only here: a daemon that sends nothing needs none.
    const threads = process.getBuiltinModule("node:worker_threads")
    // A file that one of them has opened is read on by another.
    this.worker = new threads.Worker(program(), { trackUnmanagedFds: false })
    const end = (error: Error) => {
      this.ended = true
      this.answer.reject(error)
    }
    this.worker.on("message", (answer: DiskAnswer) => this.answer.resolve(answer))
    this.worker.on("error", end).on("exit", () => end(new Error("A thread for the disk ended.")))
    this.answer.promise.catch(() => undefined)
  }

  async ask(question: DiskQuestion): Promise<DiskAnswer> {
    this.worker.ref()
    this.answer = Promise.withResolvers()
    const { memory } = question.asked as Partial<Asked<"read">>
    this.worker.postMessage(question, memory === undefined ? [] : [memory])
    try {
      return await this.answer.promise
    } finally {
      this.worker.unref()
    }
  }
  end(): void {
    void this.worker.terminate()
  }
}

interface Kept {
  readonly thread: Thread
  readonly timer: NodeJS.Timeout
}

const idle: Array<Kept> = []
const waiting: Array<() => void> = []
let busy = 0
let slow = 0

const enter = async () => {
  while (busy >= threadsMax) await new Promise<void>((resume) => waiting.push(resume))
  busy++
}

const leave = () => {
  busy--
  waiting.shift()?.()
}

const take = (): Thread => {
  for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
    clearTimeout(kept.timer)
    if (!kept.thread.ended) return kept.thread
  }
  return new Thread()
}

const keep = (thread: Thread) => {
  const timer = setTimeout(() => {
    idle.splice(
      idle.findIndex((kept) => kept.thread === thread),
      1
    )
    thread.end()
  }, idleMs).unref()
  idle.push({ thread, timer })
}

const ask = async (question: DiskQuestion): Promise<DiskAnswer> => {
  await enter()
  let isSlow = false
  const timer = setTimeout(() => {
    if (slow >= slowMax) return
    isSlow = true
    slow++
    leave()
  }, slowAfterMs).unref()
  try {
    const thread = take()
    return await thread.ask(question).finally(() => keep(thread))
  } finally {
    clearTimeout(timer)
    if (isSlow) slow--
    else leave()
  }
}

/**
 * Rejects with a `PathError`; once it is given up, with its reason, whatever the thread is still at: `late` is given what still comes of
 * that.
 */
export const onDisk = async <M extends DiskMethod>(
  method: M,
  asked: Asked<M>,
  signal?: AbortSignal,
  late: (answered: Answered<M>) => void = () => {}
): Promise<Answered<M>> => {
  signal?.throwIfAborted()
  const givenUp = new Int32Array(new SharedArrayBuffer(4))
  const over = Promise.withResolvers<never>()
  const giveUp = () => {
    Atomics.store(givenUp, 0, 1)
    over.reject(signal!.reason)
    asking.then(
      (answer) => "ok" in answer && late(answer.ok as Answered<M>),
      () => undefined
    )
  }
  signal?.addEventListener("abort", giveUp, { once: true })
  const asking = ask({ method, asked, givenUp })
  try {
    const answer = await Promise.race([asking, over.promise])
    if ("ok" in answer) return answer.ok as Answered<M>
    throw new PathError(answer.path, answer.message)
  } finally {
    signal?.removeEventListener("abort", giveUp)
  }
}
