/** What can go wrong, and how a program tells it apart. Run it with: node examples/api/errors.ts */
import * as sky from "skyd"

const { ClusterDoesNotExist, CommandError, ResourcesUnavailableError } = sky.exceptions

const attempt = async (what: string, run: () => Promise<unknown>) => {
  try {
    await run()
  } catch (error) {
    if (error instanceof ResourcesUnavailableError) console.log(`${what}: no place, ${error.failoverHistory.length} were tried`)
    else if (error instanceof CommandError) console.log(`${what}: a command ended with ${error.returncode}`)
    else if (error instanceof ClusterDoesNotExist) console.log(`${what}: ${error.message}`)
    else throw error
  }
}

const quiet = { streamLogs: false } as const
const huge = new sky.Task({ run: "true" }).setResources(new sky.Resources({ cpus: "9999+" }))
await attempt("too large", () => sky.launch(huge, quiet))
await attempt("bad setup", () => sky.launch(new sky.Task({ setup: "exit 7", run: "true" }), { clusterName: "errors-api", ...quiet }))
await attempt("no cluster", () => sky.exec(new sky.Task({ run: "true" }), "nowhere", quiet))

// Leaving is no end: what was asked goes on.
const { jobId } = await sky.launch(new sky.Task({ run: "sleep 1" }), { clusterName: "errors-api", detachRun: true, ...quiet })
try {
  for await (const { text } of sky.tailLogs("errors-api", { jobId, signal: AbortSignal.timeout(100) })) process.stdout.write(text)
} catch (error) {
  console.log(error instanceof sky.exceptions.AbortError, (await sky.jobStatus("errors-api"))[jobId!])
}
await sky.down("errors-api")
