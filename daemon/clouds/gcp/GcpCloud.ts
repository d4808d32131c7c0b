/**
 * Compute Engine, as a cloud: machines that are made for a cluster and end with it, found by their labels, and reached over ssh by a key of
 * this state folder.
 */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../../events/ids.ts"
import { namedImage } from "../../../task/images.ts"
import { notLaunched } from "../../optimizer/not-launched.ts"
import { hostKeyFor } from "../../over-ssh/our-keys.ts"
import { askedNoMore } from "../../rented/asked-no-more.ts"
import { cleanedUp } from "../../rented/cleanup.ts"
import { whileCopying } from "../../rented/copying.ts"
import { eachTried } from "../../rented/each-tried.ts"
import { doubtful } from "../../rented/kept.ts"
import { asOffers, listedAs, offersOf } from "../../rented/offers.ts"
import { labelled, lastGood, ownSettings, underWay, whyNotBy } from "../../rented/own-settings.ts"
import { makeRented, type RentedCloudOptions } from "../../rented/RentedCloud.ts"
import { inputAsOfNow } from "../../rented/run-as-of-now.ts"
import { loginUser, userData } from "../../rented/user-data.ts"
import type { Cloud, CloudError } from "../Cloud.ts"
import { Made, type MadeNetwork } from "../Made.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import { makeAccess } from "./access.ts"
import { endByHand, lookByHand } from "./by-hand.ts"
import { makeGcp } from "./client.ts"
import { makeClones } from "./clones.ts"
import { bootDiskUsdPerHour } from "./disk.ts"
import { isGone } from "./errors.ts"
import { makeInstances } from "./Instances.ts"
import { makeImages } from "./images.ts"
import type { Parts } from "./instance-body.ts"
import { makeArchOf } from "./machine-types.ts"
import { makeNetwork } from "./network.ts"
import { makeNodes } from "./nodes.ts"
import { computeApi } from "./open-clients.ts"
import { makeOpenPorts } from "./open-ports.ts"
import { makeOperations } from "./operations.ts"
import { makeOwned } from "./owned.ts"
import { makePorts } from "./ports.ts"
import { makeProvision } from "./provision.ts"
import { makeNoQuota } from "./quotas.ts"
import { makeRemnants } from "./remnants.ts"
import { selfDelete } from "./self-delete.ts"
import { gcpSettings, projectIn } from "./settings.ts"
import { ofImage } from "./way-on.ts"

export const make = Effect.fn("GcpCloud.make")(function* ({ catalog, ...options }: RentedCloudOptions): Effect.fn.Return<Cloud> {
  const settings = ownSettings(options.home, gcpSettings)
  const gcp = makeGcp(lastGood(ownSettings(options.home, projectIn)))
  const { agents, folder, hostKeyOf, key, knownFolder, offersBy } = makeRented(options, { cloud: "gcp", settings })
  const { doubting, ...account } = makeAccess(gcp)
  const operations = makeOperations(gcp)
  const instances = makeInstances(gcp)
  const ports = makePorts(gcp, operations)
  const clones = makeClones(gcp, operations)
  const remnants = makeRemnants(gcp, operations, ports, clones)
  const nodes = makeNodes({ gcp, instances, operations, ports, settings })
  const openPorts = makeOpenPorts({ gcp, nodes, operations, ports })
  const { doubt, fingerprint } = doubtful(gcp.fingerprint)
  const forget = Effect.sync(doubt)
  const images = yield* makeImages({ ...gcp, fingerprint })
  const network = yield* makeNetwork({ ...gcp, fingerprint }, operations)
  const archOf = yield* makeArchOf(gcp)

  /** Networks that were made for a cluster whose request has not come to its end. Few are ever made, one in a project. */
  const untold = new Map<ClusterId, MadeNetwork>()
  const partsOf = Effect.fn("GcpCloud.partsOf")(function* (request: ProvisionRequest) {
    const { machine = {}, offer, tags, token } = request
    const [region, zone] = [offer.region!, offer.zone!]
    const own = yield* settings
    const { project } = yield* gcp.who
    const { made, place } = yield* network.placeFor(own, region, token)
    if (made !== null) untold.set(tags.cluster, made)
    const id = yield* folder
    const root =
      machine.clone === undefined
        ? yield* images.rootFor(region, machine.images, offer, yield* archOf(zone, offer.instanceType!))
        : yield* whileCopying(request, machine.clone, {
            root: clones.rootFor(machine.clone, tags, id),
            known: clones.known(tags),
            isThere: clones.isThere(tags)
          })
    const open = machine.ports ?? []
    const portsTag = open.length === 0 ? null : yield* ports.open(tags, place.network, open)
    const login = yield* key
    return {
      request,
      project,
      root,
      place,
      portsTag,
      folder: id,
      sshKeys: `${loginUser}:${login.public}`,
      userData: userData(login, hostKeyFor(login, token), own.selfDelete === null ? [] : [selfDelete(computeApi())]),
      serviceAccount: own.selfDelete,
      labels: own.labels,
      useInternalIps: own.useInternalIps
    } satisfies Parts
  })

  const { asking, believed } = askedNoMore()
  const provisionOnce = makeProvision({
    gcp,
    instances,
    operations,
    partsOf: (request) => asking(request, inputAsOfNow({ inputNow: partsOf(request), isGone, forget })),
    settings,
    hostKeyOf,
    forget
  })

  const orOfImage = ({ machine, offer }: ProvisionRequest, error: CloudError) => {
    const image = namedImage(machine?.images, offer.region!)
    if (image === null) return error
    return ofImage(
      error,
      image,
      Object.values(machine!.images!).every((id) => id === image)
    )
  }
  const tellMade = ({ tags }: ProvisionRequest) =>
    Effect.map(Made, (tell) => {
      const made = untold.get(tags.cluster)
      untold.delete(tags.cluster)
      if (made !== undefined) tell(made)
    })
  const provision = cleanedUp({
    provision: (request) =>
      underWay(doubting(believed(provisionOnce)(request))).pipe(
        Effect.tap(() => tellMade(request)),
        Effect.tap(() => ports.found(request.tags.cluster)),
        Effect.tapError(({ kind }) => (kind === "Refused" ? tellMade(request) : Effect.void)),
        Effect.mapError((error) => orOfImage(request, error))
      ),
    removeCopies: ({ tags }) => clones.removeOf(tags.cluster)
  })

  return {
    name: "gcp",
    lackOf: () => null,
    ...account,
    hasSigns: Effect.sync(account.hasSigns),
    ...whyNotBy(
      account.whyNot,
      Effect.tap(settings, (own) => Effect.andThen(labelled("gcp", own), network.isThere(own)))
    ),
    doubt: () => {
      account.doubt()
      doubt()
    },
    catalog: asOffers(catalog),
    offers: offersBy((task, mayUse) => offersOf({ cloud: "gcp", task, catalog: catalog(), mayUse, unable: notLaunched })),
    noQuota: yield* makeNoQuota({ ...gcp, fingerprint }),
    provision,
    query: nodes.query,
    ...makeOwned({
      instances,
      remnants,
      settings,
      hostKeyOf,
      folder: knownFolder,
      offerOf: (machine) => listedAs("gcp", catalog(), machine)
    }),
    remove: remnants.remove,
    clear: ({ cluster }, _, rest = ["copies", "ports"]) =>
      eachTried(rest.map((what) => (what === "copies" ? clones.removeOf(cluster) : ports.close(cluster)))),
    diskUsdPerHour: bootDiskUsdPerHour,
    clonesDisks: true,
    ...agents({ look: nodes.look, start: (ref) => doubting(nodes.start(ref)) }),
    stop: nodes.stop,
    terminate: nodes.terminate,
    endByHand: (machines) => endByHand(machines, gcp.lastProject()),
    lookByHand: (cluster) => lookByHand(cluster, gcp.lastProject()),
    endsItself: (refs, down) => underWay(nodes.endsItself(refs, down)),
    openedPorts: ({ cluster }) => ports.opened(cluster),
    openPorts: (refs, open) => underWay(doubting(openPorts(refs, open)))
  }
})
