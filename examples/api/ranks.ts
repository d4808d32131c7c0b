/** A command of its own for each node: every one gets its share of the work and the head's address. Run it with: node examples/api/ranks.ts */
import * as sky from "skyd"

const clusterName = "ranks-api"
const files = ["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"]

const task = new sky.Task({
  name: "ranks",
  numNodes: 2,
  // Called here, when the nodes have their addresses: it may use what is around it.
  run: (rank, addresses) => {
    const share = files.filter((_, i) => i % addresses.length === rank)
    return `echo "${rank === 0 ? "head" : `worker of ${addresses[0]}`}: ${share.join(" ")}"`
  }
})
const { jobId } = await sky.launch(task, { clusterName, streamLogs: false })
for await (const { rank, text } of sky.tailLogs(clusterName, { jobId })) console.log(`rank ${rank} said: ${text.trim()}`)
await sky.down(clusterName)
