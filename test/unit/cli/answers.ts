/** Answers that a pretended daemon gives, in the shapes of the protocol. */
import type { Answers } from "./fake-daemon.ts"

export const handle = null
export const offer = {
  cloud: "local",
  region: null,
  zone: null,
  instanceType: null,
  cpus: 2,
  memoryGib: 23,
  accelerators: null,
  useSpot: false,
  usdPerHour: 0,
  catalog: null
}
export const cluster = (name: string, more: object = {}) => ({
  name,
  id: name,
  status: "UP",
  phase: null,
  reason: null,
  launchedAtMs: 0,
  lastUse: "sky launch",
  autostop: -1,
  toDown: false,
  numNodes: 1,
  resources: offer,
  nodes: [],
  headIp: "127.0.1.1",
  everUp: true,
  jobs: { pending: 0, running: 0 },
  operation: null,
  handle,
  metadata: {},
  ...more
})
export const clusters = (...names: Array<string>): Answers => ({
  status: ({ params }, reply) => {
    const asked = (params.clusterNames ?? names) as ReadonlyArray<string>
    reply.result({
      clusters: names.filter((name) => asked.includes(name)).map((name) => cluster(name)),
      notFound: asked.filter((name) => !names.includes(name))
    })
  }
})
export const submits: Answers = { exec: ({ params }, reply) => reply.result({ cluster: params.clusterName, jobId: 1, handle }) }
export const ended = { jobId: 1, status: "SUCCEEDED", returnCodes: [0], reason: null }
