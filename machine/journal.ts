/** An agent's journal as it lies on disk, for a node whose agent runs no more. A torn last line was never acknowledged to anyone. */
import { join } from "node:path"
import { nodeFiles } from "../sdk/agent/node-folder.ts"
import type { JournalEntry } from "../sdk/agent/protocol.ts"
import { readOrNull } from "./folder.ts"
import type { JournalAtRest } from "./shapes.ts"

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

/** Entries up to the first line that is not whole: what follows a gap proves nothing. */
const parseJournal = (text: string): JournalAtRest | null => {
  const lines = text.split("\n").slice(0, -1)
  const head = parse(lines[0] ?? "") as { readonly journal?: string } | null
  if (typeof head?.journal !== "string") return null
  const entries: Array<JournalEntry> = []
  for (const line of lines.slice(1)) {
    const entry = parse(line) as JournalEntry | null
    if (entry === null || typeof entry.n !== "number") break
    entries.push(entry)
  }
  return { journal: head.journal, entries }
}

export const readJournal = async (folder: string): Promise<JournalAtRest | null> => {
  const text = await readOrNull(join(folder, nodeFiles.journal))
  return text === null ? null : parseJournal(text)
}
