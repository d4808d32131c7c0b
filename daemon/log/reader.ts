/** The program of a thread that reads a log and proves its chain: ahead.ts. It ends at the first event that it cannot prove. */
import { parentPort } from "node:worker_threads"
import * as Result from "effect/Result"
import type { Begin, Ends } from "./ahead.ts"
import { checkNext } from "./check-next.ts"
import type { Stored } from "./LogStore.ts"
import { dbIn, pages } from "./level-events.ts"

const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Puts them where the other thread finds them. */
const putInto = (page: SharedArrayBuffer, values: ReadonlyArray<Stored>): Ends => {
  const bytes = new Uint8Array(page)
  const ends = new Uint32Array(values.length)
  let end = 0
  for (const [i, { value }] of values.entries()) {
    bytes.set(value, end)
    end += value.length
    ends[i] = end
  }
  return ends
}

async function* proven({ at, hash, location, pages: shared, said }: Begin): AsyncGenerator<Ends> {
  const head = { ...said, hash: bufferOf(said.hash) }
  let before = { at, hash: bufferOf(hash) }
  let number = 0
  const put = (values: ReadonlyArray<Stored>) => putInto(shared[number++ % shared.length]!, values)
  const db = dbIn(location)
  await db.open({ createIfMissing: false, multithreading: true })
  try {
    for await (const page of pages(db, at + 1)) {
      for (const [i, stored] of page.entries()) {
        const checked = checkNext(before, stored, head)
        if (Result.isFailure(checked)) return yield put(page.slice(0, i))
        before = { at: stored.seq, hash: checked.success.hash }
      }
      yield put(page)
    }
  } finally {
    await db.close()
  }
}

let all: AsyncGenerator<Ends> | undefined
const step = async () => {
  const next = await all!.next().catch(() => ({ done: true as const, value: undefined }))
  parentPort?.postMessage(next.done ? undefined : next.value)
}
/** Where to begin, then how many pages more. */
parentPort?.on("message", (message: Begin | number) => {
  if (typeof message !== "number") all = proven(message)
  else for (let i = 0; i < message; i++) void step()
})
