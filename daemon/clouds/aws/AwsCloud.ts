/**
 * EC2, as a cloud: machines that are made for a cluster and end with it, found by their tags, and reached over ssh by a key of this state
 * folder.
 */
import * as Effect from "effect/Effect"
import { hostKeyFor } from "../../over-ssh/our-keys.ts"
import { askedNoMore } from "../../rented/asked-no-more.ts"
import { cleanedUp } from "../../rented/cleanup.ts"
import { whileCopying } from "../../rented/copying.ts"
import { eachTried } from "../../rented/each-tried.ts"
import { doubtful } from "../../rented/kept.ts"
import { asOffers, listedAs, offersOf } from "../../rented/offers.ts"
import { ownDisk } from "../../rented/own-disk.ts"
import { labelled, ownSettings, underWay, whyNotBy } from "../../rented/own-settings.ts"
import { makeRented, type RentedCloudOptions } from "../../rented/RentedCloud.ts"
import { inputAsOfNow } from "../../rented/run-as-of-now.ts"
import { proxyCommandIn } from "../../rented/settings.ts"
import { userData } from "../../rented/user-data.ts"
import { type Cloud, CloudError, type Tags } from "../Cloud.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import type { Rest } from "../Remnant.ts"
import { makeAccess } from "./access.ts"
import { makeAccountCatalog } from "./account-catalog.ts"
import { endByHand, lookByHand } from "./by-hand.ts"
import { makeAws } from "./client.ts"
import { makeClones } from "./clones.ts"
import { rootDiskUsdPerHour } from "./disk.ts"
import { isGone } from "./errors.ts"
import { makeGround } from "./ground.ts"
import { makeGroups } from "./groups.ts"
import { makeInstances } from "./Instances.ts"
import { makeImages, undrivenHere } from "./images.ts"
import { launchInput } from "./launch-input.ts"
import { leftOnce } from "./left-regions.ts"
import { makeArchOf } from "./machine-types.ts"
import { makeNetwork } from "./network.ts"
import { makeNodes } from "./nodes.ts"
import { makeOpenPorts } from "./open-ports.ts"
import { makeOwnNames } from "./own-names.ts"
import { makeOwned } from "./owned.ts"
import { makeProvision } from "./provision.ts"
import { makeNoQuota } from "./quotas.ts"
import { makeRemnants } from "./remnants.ts"
import { rootGib } from "./root-size.ts"
import { type AwsSettings, awsSettings } from "./settings.ts"
import { makeZoneNames } from "./zone-names.ts"

const endsWhenStopped = "AWS ends a spot machine when it stops"

export const make = Effect.fn("AwsCloud.make")(function* ({ catalog, ...options }: RentedCloudOptions): Effect.fn.Return<Cloud> {
  const aws = makeAws()
  const settings = ownSettings(options.home, awsSettings)
  const { agents, folder, hostKeyOf, key, knownFolder, offersBy } = makeRented(options, { cloud: "aws", settings })
  const zoneNames = yield* makeZoneNames(aws)
  const access = makeAccess(aws, zoneNames.learn)
  const { doubting, regions, ...account } = access
  const accountCatalog = makeAccountCatalog(catalog, zoneNames.known, regions)
  const instances = makeInstances(aws)
  const groups = makeGroups(aws)
  const ground = makeGround(groups.remove)
  const nodes = makeNodes({ aws, groups, instances, settings })
  const openPorts = makeOpenPorts({ aws, folder, groups, nodes })
  const { doubt, fingerprint } = doubtful(aws.fingerprint)
  const forget = Effect.sync(doubt)
  const images = yield* makeImages({ ...aws, fingerprint })
  const clones = makeClones(aws)
  const remnants = makeRemnants(aws, groups, clones)
  const network = yield* makeNetwork({ ...aws, fingerprint })
  const ownNames = yield* makeOwnNames({ ...aws, fingerprint }, groups)
  const archOf = yield* makeArchOf(aws)

  /** Where a launch may go. */
  const openRegions = ({ sshProxyCommand }: Pick<AwsSettings, "sshProxyCommand">) =>
    (accountCatalog()?.regions ?? regions()).filter((region) => proxyCommandIn(sshProxyCommand, region) !== undefined)

  const inputOf = Effect.fn("AwsCloud.inputOf")(function* (request: ProvisionRequest) {
    const { machine = {}, offer, ranks, tags, token } = request
    const [region, zone] = [offer.region!, offer.zone!]
    const own = yield* settings
    const subnet = yield* network(own, { count: ranks.length, region, zone })
    const id = yield* folder
    const root =
      machine.clone === undefined
        ? yield* images.rootFor(region, machine.images, offer, yield* archOf(region, offer.instanceType!))
        : yield* whileCopying(request, machine.clone, {
            root: clones.rootFor(region, machine.clone, { tags, token, folder: id }),
            known: clones.known(region, tags),
            isThere: clones.isThere([machine.clone.region!, region], tags)
          })
    const ports = machine.ports ?? []
    const ownGroup = ports.length === 0 ? null : yield* groups.ofCluster(region, subnet.vpcId, { tags, folder: id, ports })
    const usual =
      own.securityGroupName === null
        ? Effect.tap(groups.ofFolder(region, subnet.vpcId, id), (group) => ground.laid(region, group))
        : groups.named(region, subnet.vpcId, own.securityGroupName)
    const login = yield* key
    const input = launchInput({
      request,
      root,
      subnet,
      groups: [yield* usual, ...(ownGroup === null ? [] : [ownGroup])],
      ownGroup,
      folder: id,
      userData: userData(login, hostKeyFor(login, token)),
      tags: own.labels,
      useInternalIps: own.useInternalIps
    })
    return input instanceof CloudError ? yield* input : input
  })

  const { asking, believed, maySent } = askedNoMore()
  const provisionOnce = makeProvision({
    aws,
    instances,
    maySent,
    inputOf: (request) => asking(request, inputAsOfNow({ inputNow: inputOf(request), isGone, forget })),
    settings,
    hostKeyOf,
    forgetGroups: groups.forget,
    forget
  })

  const leaveRegion = leftOnce(({ clone, ports = [] }, { cluster }, left) =>
    eachTried([
      ...(clone === undefined || left === clone.region ? [] : [remnants.removeCopies(left, cluster)]),
      ...(ports.length === 0 ? [] : [groups.removeOf(left, cluster)])
    ])
  )
  const provision = cleanedUp({
    provision: (request) =>
      leaveRegion(request).pipe(
        Effect.andThen(underWay(doubting(ground.given(believed(provisionOnce))(request)))),
        Effect.zipWith(rootGib(request, images, archOf), (nodes, gib) => nodes.map((node) => ownDisk(node, request.machine, gib)))
      ),
    removeCopies: ({ leftRegions = [], offer, tags }, clone) =>
      eachTried([...new Set([offer.region!, clone.region!, ...leftRegions])].map((region) => remnants.removeCopies(region, tags.cluster)))
  })
  const clear = ({ cluster }: Tags, regions: ReadonlyArray<string>, rest: ReadonlyArray<Rest> = ["copies", "ports"]) => {
    const clearers = { copies: remnants.removeCopies, ports: groups.removeOf }
    return eachTried(regions.flatMap((region) => rest.map((what) => clearers[what](region, cluster))))
  }

  return {
    name: "aws",
    lackOf: (feature, { useSpot }) => (useSpot && (feature === "STOP" || feature === "RESTART") ? endsWhenStopped : null),
    ...account,
    hasSigns: Effect.sync(account.hasSigns),
    ...whyNotBy(
      account.whyNot,
      Effect.flatMap(settings, (own) => Effect.andThen(labelled("aws", own), ownNames.areThere(own, openRegions(own))))
    ),
    warnings: Effect.flatMap(account.warnings, (lacks) =>
      settings.pipe(
        Effect.flatMap((own) => ownNames.warnings(own, openRegions(own))),
        Effect.match({ onSuccess: (some) => [...lacks, ...some], onFailure: () => lacks })
      )
    ),
    doubt: () => {
      account.doubt()
      doubt()
    },
    catalog: asOffers(accountCatalog),
    offers: ownNames.offersBy(
      settings,
      offersBy((task, mayUse) => offersOf({ cloud: "aws", task, catalog: accountCatalog(), list: catalog(), mayUse, ...undrivenHere }))
    ),
    noQuota: yield* makeNoQuota({ ...aws, fingerprint }),
    provision,
    diskUsdPerHour: (_, machine) => rootDiskUsdPerHour(machine),
    clonesDisks: true,
    query: nodes.query,
    ...makeOwned({
      access,
      aws,
      hostKeyOf,
      instances,
      remnants,
      settings,
      folder: knownFolder,
      offerOf: ({ InstanceLifecycle, InstanceType = null, Placement }, region, { accelerators }) =>
        listedAs("aws", accountCatalog(), {
          instanceType: InstanceType,
          useSpot: InstanceLifecycle === "spot",
          region,
          zone: Placement?.AvailabilityZone ?? null,
          accelerators
        })
    }),
    remove: remnants.remove,
    ...agents({ look: nodes.look, start: (ref) => doubting(nodes.start(ref)) }),
    stop: nodes.stop,
    terminate: nodes.terminate,
    clear,
    endByHand,
    lookByHand,
    endsItself: (refs, down) => underWay(nodes.endsItself(refs, down)),
    openedPorts: ({ cluster }, region) => groups.openedOf(region!, cluster),
    openPorts: (refs, ports) => underWay(doubting(openPorts(refs, ports)))
  }
})
