/** The audit of real folders, in this process. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll } from "vitest"
import { diff, exportLog, head, verify } from "../../daemon/audit/answers.ts"
import { onDisk, withoutDaemon } from "../../daemon/audit/found.ts"
import { importLog } from "../../daemon/audit/import.ts"
import { Lines } from "../../daemon/audit/Lines.ts"
import { printLine } from "../../daemon/audit/line.ts"
import { genesis, link } from "../../daemon/log/chain.ts"
import type { AuditHead } from "../../sdk/protocol/audit.ts"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"

const folders: Array<string> = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export const fresh = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "skyd-a-"))
  folders.push(folder)
  return folder
}

export const golden = (name: string) => join(import.meta.dirname, "../golden/logs", `${name}.jsonl`)

const listening = () => {
  const texts: Array<string> = []
  const send = (frame: ServerFrame) =>
    Effect.sync(() => {
      if (frame.type === "log") texts.push(frame.data.text ?? "")
    })
  return { text: () => texts.join(""), reply: { send, push: () => {}, isFull: () => false, whenDrained: () => {} } }
}

const run = Effect.runPromise
export const verified = (home: string, told?: (folder: string | null) => void) =>
  run(withoutDaemon(home, (found) => verify(found, 1, listening().reply), told))
export const verifiedOnDisk = (home: string) => run(onDisk(home, (found) => verify(found, 1, listening().reply)))
export const headOf = (home: string, is: AuditHead["is"] = null) => run(withoutDaemon(home, (found) => head(found, { is })))
export const exported = async (home: string) => {
  const { reply, text } = listening()
  const answer = await run(withoutDaemon(home, (found) => exportLog(found, 1, reply)))
  return { text: text(), ...answer }
}
export const imported = (file: string, home = fresh()) =>
  run(
    importLog(home, Lines.of(file)).pipe(
      Effect.map((answer) => ({ home, answer, refused: undefined })),
      Effect.catch((error) => Effect.succeed({ home, answer: undefined, refused: error.message }))
    )
  )
export const differing = (home: string, file: string) => run(withoutDaemon(home, (found) => diff(found, { file })))

export const file = (text: string | Buffer): string => {
  const path = join(fresh(), "log.jsonl")
  writeFileSync(path, text)
  return path
}
export const linesOf = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => `${line}\n`)

/** An export of these records, numbered from 1. The first one begins a log. */
export const exportOf = (records: ReadonlyArray<object>): Buffer => {
  let hash = genesis((records[0] as { readonly event: { readonly log: string } }).event.log)
  return Buffer.concat(
    records.map((record, i) => {
      const json = Buffer.from(JSON.stringify({ ...record, seq: i + 1 }))
      hash = link(hash, json)
      return printLine({ hash, json })
    })
  )
}
