/** The program of a thread that reads a log and proves its chain: ahead.ts. It ends at the first event that it cannot prove. */
import { parentPort } from "node:worker_threads"
import * as Result from "effect/Result"
import type { Begin, Run } from "./ahead.ts"
import { checkNext } from "./check-next.ts"
import type { Stored } from "./LogStore.ts"
import { dbIn, pages } from "./level-events.ts"

const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const packed = (values: ReadonlyArray<Stored>): Run => {
  const bytes = new Uint8Array(values.reduce((size, { value }) => size + value.length, 0))
  const ends = new Uint32Array(values.length)
  let end = 0
  for (const [i, { value }] of values.entries()) {
    bytes.set(value, end)
    end += value.length
    ends[i] = end
  }
  return { bytes, ends }
}

async function* proven({ at, hash, location, said }: Begin): AsyncGenerator<Run> {
  const head = { ...said, hash: bufferOf(said.hash) }
  let before = { at, hash: bufferOf(hash) }
  const db = dbIn(location)
  await db.open({ createIfMissing: false, multithreading: true })
  try {
    for await (const page of pages(db, at + 1)) {
      for (const [i, stored] of page.entries()) {
        const checked = checkNext(before, stored, head)
        if (Result.isFailure(checked)) return yield packed(page.slice(0, i))
        before = { at: stored.seq, hash: checked.success.hash }
      }
      yield packed(page)
    }
  } finally {
    await db.close()
  }
}

let runs: AsyncGenerator<Run> | undefined
const step = async () => {
  const run = await runs!.next().catch(() => ({ done: true as const, value: undefined }))
  const said: Run | undefined = run.done ? undefined : run.value
  parentPort?.postMessage(said, said === undefined ? [] : [said.bytes.buffer as ArrayBuffer])
}
/** Where to begin, then how many pages more. */
parentPort?.on("message", (message: Begin | number) => {
  if (typeof message !== "number") runs = proven(message)
  else for (let i = 0; i < message; i++) void step()
})
