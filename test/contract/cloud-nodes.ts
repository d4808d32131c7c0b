/** Nodes for tests of clouds, and words with their agents. */
import type { Duplex } from "node:stream"
import { Effect } from "effect"
import { ulid } from "ulid"
import type { Cloud, NodeRef, Provisioned, Tags } from "../../daemon/clouds/Cloud.ts"
import type { ProvisionRequest } from "../../daemon/clouds/ProvisionRequest.ts"
import { ClusterId, ClusterName, NodeToken } from "../../events/ids.ts"
import type { AgentHello, JobSpec } from "../../sdk/agent/protocol.ts"

export const makeTags = (): Tags => ({ log: ulid(), cluster: ClusterId.make(ulid()), clusterName: ClusterName.make("train") })
export const makeToken = () => NodeToken.make(ulid())

/** As the next daemon finds it in the log. */
export const inherited = (request: ProvisionRequest): ProvisionRequest => ({ ...request, isInherited: true })

/** As the log would have them. */
const refsOf = ({ tags, offer: { region, zone } }: ProvisionRequest, nodes: ReadonlyArray<Provisioned>) =>
  nodes.map((node): NodeRef => ({ tags, region, zone, ...node }))

/** A gang of a token, taken down when the test's scope ends. */
export const makeNodes = (cloud: Cloud, ranks: ReadonlyArray<number>, tags = makeTags(), token = makeToken()) =>
  Effect.gen(function* () {
    const { offers } = yield* cloud.offers({})
    const request = { tags, token, ranks, offer: offers[0]! }
    const nodes = yield* Effect.acquireRelease(cloud.provision(request), (nodes) =>
      Effect.forEach(refsOf(request, nodes), cloud.terminate, { discard: true }).pipe(Effect.ignore)
    )
    return { request, nodes, refs: refsOf(request, nodes) }
  })

export const makeNode = (cloud: Cloud) => Effect.map(makeNodes(cloud, [0]), ({ refs }) => refs[0]!)

/** Asks the agent on a connection to it, and closes that. */
export const talk = <A>(socket: Duplex, method: string, params: object): Effect.Effect<A> =>
  Effect.promise(
    () =>
      new Promise<A>((resolve, reject) => {
        let text = ""
        socket.on("data", (chunk) => {
          text += chunk
          const end = text.indexOf("\n")
          if (end < 0) return
          const { type, data } = JSON.parse(text.slice(0, end))
          socket.destroy()
          if (type === "result") resolve(data.value)
          else reject(new Error(JSON.stringify(data)))
        })
        socket.on("close", () => reject(new Error("closed")))
        socket.write(`${JSON.stringify({ type: "request", data: { id: "t", method, params } })}\n`)
      })
  )

export const askAgent = <A>(cloud: Cloud, ref: NodeRef, method: string, params: object) =>
  Effect.flatMap(cloud.connectAgent(ref), (socket) => talk<A>(socket, method, params))

export const helloOf = (cloud: Cloud, ref: NodeRef) =>
  askAgent<AgentHello>(cloud, ref, "hello", { cluster: ref.tags.cluster, node: ref.node })

export const job = (id: number, run: string, numNodes = 1): JobSpec => ({
  id,
  name: null,
  runTimestamp: `sky-2026-11-25-00-00-00-${String(id).padStart(6, "0")}`,
  numNodes,
  accelerators: null,
  setup: null,
  run,
  envs: {},
  secrets: {}
})

/** Runs an agent on the only node of a cluster, and a job in it. */
export const startJob = (cloud: Cloud, ref: NodeRef, run: string) =>
  Effect.gen(function* () {
    const peer = yield* cloud.installAgent(ref)
    yield* askAgent(cloud, ref, "configure", { peers: [peer] })
    yield* askAgent(cloud, ref, "submit", { jobs: [job(1, run)] })
  })

export const until = <E>(holds: Effect.Effect<boolean, E>) =>
  holds.pipe(
    Effect.tap((done) => (done ? Effect.void : Effect.sleep("20 millis"))),
    Effect.repeat({ until: (done) => done }),
    Effect.timeout("20 seconds"),
    Effect.orDie
  )
