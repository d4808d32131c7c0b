/** The ports that a cluster opens: one rule of its own, which holds for the machines with its tag and goes with them. */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../../events/ids.ts"
import { portTexts } from "../../../task/ports.ts"
import { begunInTurn } from "../../in-turn.ts"
import type { Tags } from "../Cloud.ts"
import type { Gcp } from "./client.ts"
import { isThere } from "./errors.ts"
import { anywhere, lowestPriority } from "./firewall-rules.ts"
import { portsName, ruleWords } from "./names.ts"
import { begunAs, type Operations } from "./operations.ts"

export const makePorts = (gcp: Gcp, operations: Operations) => {
  /** A rule that is on its way would be there after it was removed. */
  const turn = begunInTurn<ClusterId>()
  const put = Effect.fn("Ports.open")(function* (tags: Tags, network: string, ports: ReadonlyArray<string>) {
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
    const insert = gcp.ask("firewalls.insert", "", async ({ firewalls, project }, options) =>
      begunAs(await (await firewalls()).insert({ project, firewallResource: body(project) }, options))
    )
    const patch = gcp.ask("firewalls.patch", "", async ({ firewalls, project }, options) =>
      begunAs(await (await firewalls()).patch({ project, firewall: name, firewallResource: body(project) }, options))
    )
    yield* Effect.flatMap(insert, operations.done).pipe(
      Effect.catchIf(
        ({ code }) => isThere(code),
        () => Effect.flatMap(patch, operations.done)
      )
    )
    return name
  })

  /**
   * What each was opened as by its search, which asks for it in every zone. Whatever becomes of a rule after that is seen when it is asked
   * for again, as it is of one that is forgotten here.
   */
  const opened = new Map<ClusterId, string>()
  const openedMax = 10_000
  const open = (tags: Tags, network: string, ports: ReadonlyArray<string>) => {
    const wish = JSON.stringify([network, ports])
    const once = Effect.gen(function* () {
      if (opened.get(tags.cluster) === wish) return portsName(tags.cluster)
      opened.delete(tags.cluster)
      const name = yield* put(tags, network, ports)
      if (opened.size >= openedMax) opened.clear()
      opened.set(tags.cluster, wish)
      return name
    })
    return turn(tags.cluster, once)
  }

  const openNow = (cluster: ClusterId) =>
    gcp.ask("firewalls.list", "", async ({ firewalls, project }, options) => {
      const found: Array<string> = []
      for await (const { allowed } of (await firewalls()).listAsync({ project, filter: `name = "${portsName(cluster)}"` }, options))
        found.push(...(allowed ?? []).flatMap(({ ports }) => ports ?? []))
      return found
    })

  const forget = (cluster: ClusterId) => Effect.sync(() => void opened.delete(cluster))

  return {
    open,
    /** Its search is over: it has its machines. */
    found: forget,
    /** Beside those that the rule has, which may be more than anybody knows. */
    add: Effect.fn("Ports.add")(function* (tags: Tags, network: string, ports: ReadonlyArray<string>) {
      const wish = portTexts([...(yield* openNow(tags.cluster)), ...ports])
      yield* turn(tags.cluster, Effect.andThen(forget(tags.cluster), put(tags, network, wish)))
    }),
    /** What is on its way is waited for. */
    opened: (cluster: ClusterId) => turn(cluster, openNow(cluster)),
    /** Of a cluster whose machines are gone, or that got none. */
    close: (cluster: ClusterId) =>
      turn(
        cluster,
        Effect.andThen(
          forget(cluster),
          operations.gone(
            gcp.ask("firewalls.delete", "", async ({ firewalls, project }, options) =>
              begunAs(await (await firewalls()).delete({ project, firewall: portsName(cluster) }, options))
            )
          )
        )
      )
  }
}
export type Ports = ReturnType<typeof makePorts>
