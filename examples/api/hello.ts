/** A cluster, a job on it, another one, and its end. Run it with: node examples/api/hello.ts */
import * as sky from "skyd"

const clusterName = "hello-api"
const task = new sky.Task({ name: "hello", setup: "echo setting up", run: 'echo "hello from rank $SKYPILOT_NODE_RANK"' })
const { jobId } = await sky.launch(task, { clusterName, idleMinutesToAutostop: 10, down: true })
const statuses = await sky.jobStatus(clusterName, { jobIds: [jobId!] })
console.log(`job ${jobId}: ${statuses[jobId!]}`)

await sky.exec(new sky.Task({ run: "echo again" }), clusterName)
for (const { name, status, autostop } of await sky.status()) console.log(`${name} is ${status}, idle limit ${autostop} min`)
await sky.down(clusterName)
