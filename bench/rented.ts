/** How long a look at a thousand machines of a cloud takes, beside the plain list of them, and what its SDK takes of a daemon's memory. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { openCatalogs } from "../daemon/catalog/Catalogs.ts"
import * as AwsCloud from "../daemon/clouds/aws/AwsCloud.ts"
import * as GcpCloud from "../daemon/clouds/gcp/GcpCloud.ts"
import { Connections } from "../daemon/remote/Connections.ts"
import { makeTags, makeToken } from "../test/contract/cloud-nodes.ts"
import { Gce, gceProject } from "../test/tools/gce.ts"
import { Moto } from "../test/tools/moto.ts"
import { Home, rssMb } from "./Home.ts"
import { type Bench, inTurns, ms } from "./measure.ts"

const count = 1000
const root = resolve(import.meta.dirname, "..")

interface Api {
  readonly env: Readonly<Record<string, string>>
  readonly end: () => Promise<void>
  /** All pages of what carries the tag of a log, and nothing done with them. */
  readonly list: (log: string) => Promise<void>
}
interface Rented {
  readonly name: "aws" | "gcp"
  readonly make: typeof AwsCloud.make | typeof GcpCloud.make
  readonly place: string
  readonly start: () => Promise<Api>
  readonly timesMax: number
  readonly mbMax: number
}

const startEc2 = async (): Promise<Api> => {
  const moto = await Moto.start()
  const client = moto.client("us-east-1")
  const list = async (log: string) => {
    const filter = { Filters: [{ Name: "tag:skyd-log", Values: [log] }], MaxResults: 1000 }
    for (let token: string | undefined; ; ) {
      const { NextToken } = await client.describeInstances({ ...filter, ...(token !== undefined && { NextToken: token }) })
      if (NextToken === undefined) return
      token = NextToken
    }
  }
  return { env: moto.env, end: () => moto.end(), list }
}

const startGce = async (): Promise<Api> => {
  const gce = await Gce.start()
  const list = async (log: string) => {
    const filter = encodeURIComponent(`labels.skyd-log = "${log.toLowerCase()}"`)
    const page = `${gce.url}/compute/v1/projects/${gceProject}/aggregated/instances?filter=${filter}`
    for (let token = ""; ; ) {
      const answer = (await (await fetch(`${page}&pageToken=${token}`)).json()) as { readonly nextPageToken?: string }
      if (answer.nextPageToken === undefined) return
      token = answer.nextPageToken
    }
  }
  return { env: gce.env, end: () => gce.end(), list }
}

const lookAt = ({ make, name, place }: Rented, api: Api, home: string) =>
  Effect.gen(function* () {
    const connections = Context.get(yield* Layer.build(Connections.layer({ timeoutMs: 1000 })), Connections)
    const lists = openCatalogs(join(root, "daemon/catalog"), join(root, "none"))
    const cloud = yield* make({ home, agentPath: join(root, "dist/agent.cjs"), connections, catalog: () => lists.of(name) })
    const { offers } = yield* cloud.offers({ resources: { infra: place } })
    const tags = makeTags()
    const ranks = Array.from({ length: count }, (_, rank) => rank)
    const nodes = yield* cloud.provision({ tags, token: makeToken(), ranks, offer: offers[0]! })
    const refs = nodes.map((node) => ({ tags, region: offers[0]!.region, zone: offers[0]!.zone, ...node }))
    const took = async (work: () => Promise<unknown>) => {
      const begunMs = performance.now()
      await work()
      return performance.now() - begunMs
    }
    const look = () => took(() => Effect.runPromise(cloud.query(refs)))
    return yield* Effect.promise(() => inTurns({ look, list: () => took(() => api.list(tags.log)) }))
  }).pipe(Effect.scoped, Effect.runPromise)

const benchOf = (rented: Rented): Bench => ({
  name: rented.name,
  run: async () => {
    const api = await rented.start()
    Object.assign(process.env, api.env)
    const home = new Home()
    const folder = mkdtempSync(join(tmpdir(), "skyd-bench-"))
    const called = rented.name.toUpperCase()
    try {
      // Of a daemon that has looked at the account and at what there is.
      home.sky("check", rented.name)
      const mb = rssMb(home.status().pid)
      const { list, look } = await lookAt(rented, api, folder)
      return [
        {
          what: `a look at 1,000 machines of ${called}`,
          value: look / list,
          budget: rented.timesMax,
          unit: "×",
          detail: `${ms(look)}, the plain list of them ${ms(list)}`
        },
        { what: `a daemon that has looked at ${called}`, value: mb, budget: rented.mbMax, unit: "MB", detail: "once, without clusters" }
      ]
    } finally {
      home.end(false)
      rmSync(folder, { recursive: true })
      await api.end()
    }
  }
})

export const aws = benchOf({
  name: "aws",
  make: AwsCloud.make,
  place: "aws/us-east-1/us-east-1a",
  start: startEc2,
  timesMax: 2,
  mbMax: 130
})
export const gcp = benchOf({
  name: "gcp",
  make: GcpCloud.make,
  place: "gcp/us-central1/us-central1-a",
  start: startGce,
  timesMax: 4,
  mbMax: 130
})
