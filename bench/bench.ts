/**
 * `npm run bench [NAME…]`: how fast skyd is, each figure beside its budget and beside a floor taken in the same minute.
 * It reports and never fails: a figure of a shared machine is no test.
 */
import { cpus } from "node:os"
import { audit } from "./audit.ts"
import { client, manyClusters } from "./client.ts"
import { daemon } from "./daemon.ts"
import { fold, resting } from "./fold.ts"
import { jobs } from "./jobs.ts"
import { launch } from "./launch.ts"
import { log } from "./log.ts"
import { type Bench, printed } from "./measure.ts"
import { million } from "./million.ts"
import { nodes } from "./nodes.ts"
import { plan } from "./plan.ts"
import { aws, gcp } from "./rented.ts"
import { ssh } from "./ssh.ts"
import { start } from "./start.ts"
import { stream } from "./stream.ts"
import { sync } from "./sync.ts"

const all: ReadonlyArray<Bench> = [
  client,
  manyClusters,
  daemon,
  start,
  jobs,
  launch,
  log,
  fold,
  resting,
  stream,
  million,
  audit,
  ssh,
  sync,
  nodes,
  plan,
  aws,
  gcp
]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.some((bench) => bench.name === name))
if (unknown.length > 0) {
  process.stderr.write(`There is no ${unknown.join(", ")}. There are: ${all.map(({ name }) => name).join(", ")}\n`)
  process.exit(2)
}

const [cpu] = cpus()
process.stdout.write(`Node ${process.version}, ${cpus().length} × ${cpu?.model ?? "?"}. Medians of 15 unless it says otherwise.\n\n`)
for (const { name, run } of all) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  try {
    for (const figure of await run()) process.stdout.write(`${printed(figure)}\n`)
  } catch (error) {
    process.stdout.write(`${name.padEnd(46)}failed: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}
