/** The program of a thread that reads a log and proves its chain: ahead.ts. It ends at the first event that it cannot prove. */
import { parentPort } from "node:worker_threads"
import type { Begin, Ends } from "./ahead.ts"
import { unpackNext } from "./chain.ts"
import type { Stored } from "./LogStore.ts"
import { dbIn, pages } from "./level-events.ts"

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

async function* proven({ location, pages: shared, said, ...begin }: Begin): AsyncGenerator<Ends> {
  let { at, hash } = begin
  let number = 0
  const put = (values: ReadonlyArray<Stored>) => putInto(shared[number++ % shared.length]!, values)
  const db = dbIn(location)
  await db.open({ createIfMissing: false, multithreading: true })
  try {
    for await (const page of pages(db, at + 1)) {
      for (const [i, stored] of page.entries()) {
        const next = unpackNext(at, hash, stored.seq, stored.value)
        if (next === undefined || (stored.seq === said.seq && !next.hash.equals(said.hash))) return yield put(page.slice(0, i))
        at = stored.seq
        hash = next.hash
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
