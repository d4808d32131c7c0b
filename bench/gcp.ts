/** How long a look at a thousand machines of Compute Engine takes, beside the plain list of them, and what Google's client takes of a daemon's memory. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { openCatalogs } from "../daemon/catalog/Catalogs.ts"
import * as GcpCloud from "../daemon/clouds/gcp/GcpCloud.ts"
import { Connections } from "../daemon/remote/Connections.ts"
import { makeTags, makeToken } from "../test/contract/cloud-nodes.ts"
import { Gce, gceProject } from "../test/tools/gce.ts"
import { Home } from "./Home.ts"
import { type Bench, inTurns, ms } from "./measure.ts"

const count = 1000
const root = resolve(import.meta.dirname, "..")

const lookAt = (gce: Gce, home: string) =>
  Effect.gen(function* () {
    const connections = Context.get(yield* Layer.build(Connections.layer({ timeoutMs: 1000 })), Connections)
    const lists = openCatalogs(join(root, "daemon/catalog"), join(root, "none"))
    const cloud = yield* GcpCloud.make({ home, agentPath: join(root, "dist/agent.cjs"), connections, catalog: () => lists.of("gcp") })
    const { offers } = yield* cloud.offers({ resources: { infra: "gcp/us-central1/us-central1-a" } })
    const tags = makeTags()
    const ranks = Array.from({ length: count }, (_, rank) => rank)
    const nodes = yield* cloud.provision({ tags, token: makeToken(), ranks, offer: offers[0]! })
    const refs = nodes.map((node) => ({ tags, region: offers[0]!.region, zone: offers[0]!.zone, ...node }))
    const filter = encodeURIComponent(`labels.skyd-log = "${tags.log.toLowerCase()}"`)
    const page = `${gce.url}/compute/v1/projects/${gceProject}/aggregated/instances?filter=${filter}`
    const plain = async () => {
      for (let token = ""; ; ) {
        const answer = (await (await fetch(`${page}&pageToken=${token}`)).json()) as { readonly nextPageToken?: string }
        if (answer.nextPageToken === undefined) return
        token = answer.nextPageToken
      }
    }
    const took = async (work: () => Promise<unknown>) => {
      const begunMs = performance.now()
      await work()
      return performance.now() - begunMs
    }
    return yield* Effect.promise(() => inTurns({ look: () => took(() => Effect.runPromise(cloud.query(refs))), list: () => took(plain) }))
  }).pipe(Effect.scoped, Effect.runPromise)

/** Of a daemon that has looked at the account and at what there is. */
const residentMb = (home: Home): number => {
  home.sky("check", "gcp")
  const { pid } = home.status()
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1000
}

export const gcp: Bench = {
  name: "gcp",
  run: async () => {
    const gce = await Gce.start()
    Object.assign(process.env, gce.env)
    const home = new Home()
    const folder = mkdtempSync(join(tmpdir(), "skyd-bench-"))
    try {
      const { list, look } = await lookAt(gce, folder)
      const mb = residentMb(home)
      return [
        {
          what: "a look at 1,000 machines of GCP",
          value: look / list,
          budget: 4,
          unit: "×",
          detail: `${ms(look)}, the plain list of them ${ms(list)}`
        },
        { what: "a daemon that has looked at GCP", value: mb, budget: 230, unit: "MB", detail: "once, without clusters" }
      ]
    } finally {
      home.end(false)
      rmSync(folder, { recursive: true })
      await gce.end()
    }
  }
}
