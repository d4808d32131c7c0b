/** A line on stdout at once, and what both ends of a program's stdio have in common. */
import { writeSync } from "node:fs"

const pauseMs = 5

/** Whoever gave us our stdio may have it so that nobody waits on it: we do. */
export const retried = <A>(call: () => A): A => {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
    }
  }
}

/** Where nobody listens any more there is nothing left to do. */
export const say = (line: object): void => {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  try {
    for (let at = 0; at < bytes.length; ) at += retried(() => writeSync(1, bytes, at))
  } catch {
    process.exit(1)
  }
}
