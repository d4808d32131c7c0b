/** The ports that a cluster opens: one rule of its own, which holds for the machines with its tag and goes with them. */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../../events/ids.ts"
import type { Tags } from "../Cloud.ts"
import type { Operation } from "./api.ts"
import type { Gcp } from "./client.ts"
import { isNotThere, isThere } from "./errors.ts"
import { anywhere } from "./firewall-rules.ts"
import { portsName, ruleWords } from "./names.ts"
import type { Operations } from "./operations.ts"

const lowestPriority = 65_534

export const makePorts = (gcp: Gcp, operations: Operations) => ({
  open: Effect.fn("Ports.open")(function* (tags: Tags, network: string, ports: ReadonlyArray<string>) {
    const name = portsName(tags.cluster)
    const body = (project: string) => ({
      name,
      network: `projects/${project}/global/networks/${network}`,
      description: ruleWords(tags),
      direction: "INGRESS",
      priority: lowestPriority,
      sourceRanges: [anywhere],
      targetTags: [name],
      allowed: [{ IPProtocol: "tcp", ports: [...ports] }]
    })
    const insert = gcp.ask("firewalls.insert", "", async ({ firewalls, project }, options) => {
      const [made] = await (await firewalls()).insert({ project, firewallResource: body(project) }, options)
      return made.latestResponse as Operation
    })
    const patch = gcp.ask("firewalls.patch", "", async ({ firewalls, project }, options) => {
      const [made] = await (await firewalls()).patch({ project, firewall: name, firewallResource: body(project) }, options)
      return made.latestResponse as Operation
    })
    yield* Effect.flatMap(insert, operations.done).pipe(
      Effect.catchIf(
        ({ code }) => isThere(code),
        () => Effect.flatMap(patch, operations.done)
      )
    )
    return name
  }),
  /** Of a cluster whose machines are gone, or that got none. */
  close: (cluster: ClusterId) =>
    gcp
      .ask("firewalls.delete", "", async ({ firewalls, project }, options) => {
        const [made] = await (await firewalls()).delete({ project, firewall: portsName(cluster) }, options)
        return made.latestResponse as Operation
      })
      .pipe(
        Effect.flatMap(operations.done),
        Effect.asVoid,
        Effect.catchIf(
          ({ code }) => isNotThere(code),
          () => Effect.void
        )
      )
})
export type Ports = ReturnType<typeof makePorts>
