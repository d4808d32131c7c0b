/** Many jobs at once, followed by the facts of the log, and what each of them said. Run it with: node examples/api/sweep.ts */
import * as sky from "skyd"

const clusterName = "sweep-api"
const { handle } = await sky.launch(new sky.Task(), { clusterName, streamLogs: false })

const rates = ["0.1", "0.01", "bad"]
const trial = (rate: string) => new sky.Task({ name: `rate-${rate}`, envs: { RATE: rate }, run: 'echo "rate $RATE"; [ "$RATE" != bad ]' })
const submitted = await Promise.all(rates.map((rate) => sky.exec(trial(rate), clusterName, { detachRun: true, streamLogs: false })))
const open = new Set(submitted.map(({ jobId }) => jobId))

// From the beginning: a job may have ended before we look.
for await (const { event } of sky.events({ after: 0, follow: true })) {
  if (event._tag !== "JobEnded" || event["cluster"] !== handle!.clusterId) continue
  open.delete(event["job"] as number)
  if (open.size === 0) break
}

const jobs = await sky.queue(clusterName)
for (const { jobId } of submitted) {
  const { jobName, status } = jobs.find((job) => job.jobId === jobId)!
  let output = ""
  for await (const { text } of sky.tailLogs(clusterName, { jobId })) output += text
  console.log(`${jobName}: ${status}, said ${JSON.stringify(output)}`)
}
await sky.down(clusterName)
