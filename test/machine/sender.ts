/** A program that sends a folder to a node, to be killed: `node sender.ts <agent.cjs> <base folder> <node, as JSON> <folder>`. */
import { spawn } from "node:child_process"
import { Duplex } from "node:stream"
import { Effect } from "effect"
import { listFiles } from "../../daemon/sync/list-files.ts"
import { send } from "../../daemon/sync/send.ts"

const [agentPath, base, ref, from] = process.argv.slice(2) as [string, string, string, string]
const { stdin, stdout } = spawn(process.execPath, [agentPath, "receive", base], { stdio: ["pipe", "pipe", "inherit"] })
const line = Duplex.from({ readable: stdout, writable: stdin })
const files = await Effect.runPromise(listFiles(from))
await send(line, JSON.parse(ref), { files, folder: "w" }, { signal: new AbortController().signal })
