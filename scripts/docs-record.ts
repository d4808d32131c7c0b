/** Writes the daemon's answers into docs/protocol.wire anew, by asking a real one: `npm run build && node scripts/docs-record.ts`, then `npm run docs`. */
import { writeFileSync } from "node:fs"
import { hostname, userInfo } from "node:os"
import { startDaemon } from "../test/docs/daemon.ts"
import { play } from "../test/docs/play.ts"
import { printWire, type WireExample, wireExamples, wireFile } from "./docs-wire.ts"

const daemon = await startDaemon()
const played: Array<WireExample> = []
for (const example of wireExamples()) played.push({ method: example.method, lines: await play(daemon, example) })
const text = printWire(played)
  .replaceAll(hostname(), "laptop")
  .replaceAll(/(\\?"uid\\?":)\d+/g, (_, key: string) => `${key}1000`)
  .replaceAll(`"user":"${userInfo().username}"`, '"user":"ann"')
writeFileSync(wireFile, text)
await daemon.remove()
