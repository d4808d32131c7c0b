/**
 * The network of a region that machines are put into: the user's, the first that lets in what is needed, or one of our own. It is asked
 * anew after a while.
 */
import * as Effect from "effect/Effect"
import type { NodeToken } from "../../../events/ids.ts"
import { inTurn } from "../../in-turn.ts"
import { portOfSsh } from "../../remote/Target.ts"
import { misnamed, refusedForAny } from "../../rented/errors.ts"
import { keptOf } from "../../rented/kept.ts"
import type { MadeNetwork } from "../Made.ts"
import { type Firewall, lastPart, type Subnetwork } from "./api.ts"
import type { Gcp } from "./client.ts"
import { isNotThere, isThere } from "./errors.ts"
import { anywhere, inside, isOf, isShut, letsIn, lowestPriority, needs } from "./firewall-rules.ts"
import { requestIdOf } from "./names.ts"
import { begunAs, type Operations } from "./operations.ts"
import type { GcpSettings } from "./settings.ts"

export interface Place {
  /** Names, in the project itself. */
  readonly network: string
  readonly subnetwork: string
}

const own = "skyd-vpc"
const usual = "default"

const keptFor = "5 minutes"

const nameOf = (vpcName: string) => `of the name '${vpcName}' (gcp.vpc_name in config.yaml)`
const noVpc = (vpcName: string) => misnamed("VPC_NOT_FOUND", `the project has no VPC ${nameOf(vpcName)}`)

export const makeNetwork = Effect.fn("Network.make")(function* (gcp: Gcp, operations: Operations) {
  const subnets = (region: string) =>
    gcp.ask("subnetworks.list", region, async ({ project, subnetworks }, options) => {
      const found: Array<Subnetwork> = []
      for await (const one of (await subnetworks()).listAsync({ project, region }, options)) found.push(one)
      return found.filter(({ purpose }) => purpose == null || purpose === "PRIVATE")
    })
  const hasNetwork = (network: string) =>
    gcp
      .ask("networks.get", "", async ({ networks, project }, options) => (await networks()).get({ project, network }, options))
      .pipe(
        Effect.as(true),
        Effect.catchIf(
          ({ code }) => isNotThere(code),
          () => Effect.succeed(false)
        )
      )
  const effective = (network: string) =>
    gcp.ask("networks.getEffectiveFirewalls", "", async ({ networks, project }, options) => {
      const [found] = await (await networks()).getEffectiveFirewalls({ project, network }, options)
      return found
    })
  const insertRule = (rule: Firewall) =>
    operations.there(
      gcp.ask("firewalls.insert", "", async ({ firewalls, project }, options) => {
        const network = `projects/${project}/global/networks/${own}`
        return begunAs(await (await firewalls()).insert({ project, firewallResource: { ...rule, network } }, options))
      })
    )

  const turn = inTurn<typeof own>()
  /** Cut short anywhere it goes on where it was. Whether it was made for this request: asked for again under its id it still is. */
  const makeOwn = Effect.fn("Network.makeOwn")(function* (useInternalIps: boolean, token: NodeToken) {
    const isMade = yield* gcp
      .ask("networks.insert", "", async ({ networks, project }, options) => {
        const networkResource = { name: own, autoCreateSubnetworks: true, mtu: 1460, routingConfig: { routingMode: "GLOBAL" } }
        return begunAs(await (await networks()).insert({ project, networkResource, requestId: requestIdOf(`network ${token}`) }, options))
      })
      .pipe(
        Effect.flatMap(operations.done),
        Effect.as(true),
        Effect.catchIf(
          ({ code }) => isThere(code),
          () => Effect.succeed(false)
        )
      )
    const common = { direction: "INGRESS", priority: lowestPriority }
    const all = ["tcp", "udp", "icmp"].map((IPProtocol) => ({ IPProtocol }))
    yield* insertRule({ ...common, name: `${own}-internal`, sourceRanges: [inside], allowed: all })
    if (!useInternalIps)
      yield* insertRule({
        ...common,
        name: `${own}-ssh`,
        sourceRanges: [anywhere],
        allowed: [{ IPProtocol: "tcp", ports: [`${portOfSsh}`] }]
      })
    return isMade
  })

  const placeIn = (network: string, { name }: Subnetwork): Place => ({ network, subnetwork: name! })

  /** Null: none lets in what is needed. */
  const lookup = Effect.fn("Network.lookup")(function* (key: string) {
    const [region = "", vpcName = "", internal, proxied] = key.split(" ")
    const found = yield* subnets(region)
    const inIt = (network: string) => found.find((subnet) => isOf(network, subnet.network))
    if (vpcName !== "") {
      const subnet = inIt(vpcName)
      const words = nameOf(vpcName)
      if (subnet !== undefined && isShut(yield* effective(vpcName), internal === "true" || proxied === "true")) {
        const rule = `gcloud compute firewall-rules create ${vpcName}-ssh --network ${vpcName} --allow tcp:${portOfSsh} --source-ranges RANGE`
        return yield* misnamed(
          "NoSsh",
          `no rule of the VPC ${words} lets ssh in, so no machine there would be reached. From where you are it does so by: ${rule}`
        )
      }
      if (subnet !== undefined) return placeIn(vpcName, subnet)
      if (yield* hasNetwork(vpcName))
        return yield* refusedForAny("SUBNET_NOT_FOUND", `the VPC ${words} has no subnet in ${region}`, "region")
      return yield* noVpc(vpcName)
    }
    const useInternalIps = internal === "true"
    const networks = [...new Set(found.map(({ network }) => lastPart(network)))]
    for (const network of networks.toSorted((a, b) => Number(b === usual) - Number(a === usual) || (a < b ? -1 : 1)))
      if (letsIn(yield* effective(network), needs(useInternalIps))) return placeIn(network, inIt(network)!)
    return null
  })
  const places = yield* keptOf(gcp.fingerprint, lookup, (place) => (place === null ? 0 : keptFor))
  const networks = yield* keptOf(gcp.fingerprint, hasNetwork, (has) => (has ? keptFor : 0))
  return {
    /** For the request of a token; `made`: where one was made for it, and for no other. */
    placeFor: Effect.fn("Network.placeFor")(function* (
      { sshProxyCommand, useInternalIps, vpcName }: Pick<GcpSettings, "sshProxyCommand" | "vpcName" | "useInternalIps">,
      region: string,
      token: NodeToken
    ) {
      const place = yield* places.of(`${region} ${vpcName ?? ""} ${useInternalIps} ${sshProxyCommand !== null}`)
      if (place !== null) return { place, made: null }
      const isMade = yield* turn(own, makeOwn(useInternalIps, token))
      const open = useInternalIps ? "" : ", and ssh from anywhere"
      const words = `made the network ${own}, since none let in what is needed: it lets in its own machines${open}, and stays`
      const made: MadeNetwork | null = isMade ? { network: own, words } : null
      const subnet = (yield* subnets(region)).find(({ network }) => isOf(own, network))
      if (subnet === undefined) return yield* refusedForAny("SUBNET_NOT_FOUND", `the VPC ${own} has no subnet in ${region}`, "region")
      return { place: placeIn(own, subnet), made }
    }),
    /** Whether the VPC that the user names is one of the project's. Where nobody says, a launch finds out. */
    isThere: ({ vpcName }: Pick<GcpSettings, "vpcName">) =>
      vpcName === null
        ? Effect.void
        : Effect.flatMap(
            Effect.orElseSucceed(networks.of(vpcName), () => true),
            (has) => (has ? Effect.void : noVpc(vpcName))
          )
  }
})
