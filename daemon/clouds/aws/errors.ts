/**
 * What EC2's errors mean for who launches: how far away they reach, and whether asking again helps. What the cloud said is kept in its own
 * words. Pure.
 */
import type { RefusalScope, RefusalWant } from "../../../events/values.ts"
import { inner } from "../../../task/sentence.ts"
import { passingBy, scopeUnknown } from "../../rented/errors.ts"
import { CloudError } from "../Cloud.ts"
import { notTaken } from "./not-taken.ts"
import { notAws } from "./own-answers.ts"
import { asThrown, codeOf, isForeign } from "./thrown.ts"

/** There is none of it now, of this type, in this zone. */
const noCapacity = [
  "InsufficientInstanceCapacity",
  "InsufficientHostCapacity",
  "InsufficientReservedInstanceCapacity",
  "InsufficientCapacity",
  "InsufficientVolumeCapacity",
  "ReservationCapacityExceeded",
  "UnfulfillableCapacity",
  "InsufficientFreeAddressesInSubnet",
  "SpotMaxPriceTooLow",
  "SpotInstanceTermination"
]
const notInZone = ["Unsupported"]
/** What the account may have of it in this region is used up. */
const noQuota = [
  "VcpuLimitExceeded",
  "InstanceLimitExceeded",
  "MaxSpotInstanceCountExceeded",
  "MaxSpotFleetRequestCountExceeded",
  "VolumeLimitExceeded",
  "MaxIOPSLimitExceeded",
  "SecurityGroupLimitExceeded",
  "SecurityGroupsPerInstanceLimitExceeded",
  "RulesPerSecurityGroupLimitExceeded"
]
/** AWS looks at an account that is new in a region, and gives it nothing there until then: another time helps. */
const unverified = "PendingVerification"
/** A type that no zone of the region has: EC2 does not say it by a code. */
export const noSuchType = "NoSuchType"
/** Of the region, or, as it says, of the account, or of what the image comes from. */
const optIn = "OptInRequired"
/** The key that this region's disks are encrypted by. */
const noKey = ["InvalidKMSKey.NotFound", "InvalidKMSKey.InvalidState"]
const notInRegion = [
  noSuchType,
  ...noKey,
  "UnsupportedOperation",
  "InvalidAMIID.NotFound",
  "InvalidAMIID.Unavailable",
  "InvalidAMIID.Malformed",
  "InvalidSnapshot.NotFound",
  "VPCIdNotSpecified",
  "DefaultVpcDoesNotExist",
  "InvalidVpcID.NotFound",
  optIn
]
/** The first spot machine of an account takes a role, which EC2 makes where whoever asks may make it. */
export const noSpotRole = "AuthFailure.ServiceLinkedRoleCreationNotPermitted"
/** The whole account, whoever asks. */
export const blocked = "Blocked"
const notAllowed = [
  ...notTaken,
  "UnauthorizedOperation",
  "AccessDenied",
  "AccessDeniedException",
  blocked,
  "MarketplaceSubscription",
  "InvalidUserID.NotFound"
]
/** It wants to be asked more slowly: nothing was done. */
const throttled = [
  "RequestLimitExceeded",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "TooManyRequestsException",
  "BandwidthLimitExceeded",
  "EC2ThrottledException",
  "RequestResourceCountExceeded"
]
/** The same call may go well in a while. */
const passing = [
  ...throttled,
  "ConcurrentTagAccess",
  "InternalError",
  "InternalFailure",
  "ServerInternal",
  "ServiceUnavailable",
  "Unavailable",
  "IncorrectInstanceState",
  "InvalidGroup.NotFound",
  "InvalidInstanceID.NotFound",
  "DependencyViolation",
  "InvalidSnapshot.InUse",
  "ResourceCountExceeded"
]
/** The wish itself is wrong, wherever it goes. */
const wrong = /^Invalid(Parameter|BlockDeviceMapping|UserData|Tag)|^(Missing|Unknown)Parameter$|^TagLimitExceeded$/

const classes: ReadonlyArray<readonly [ReadonlyArray<string>, RefusalScope, RefusalWant?]> = [
  [noCapacity, "zone", "room"],
  [notInZone, "zone"],
  [noQuota, "region", "quota"],
  [[unverified], "region", "room"],
  [notInRegion, "region"],
  [[noSpotRole], "cloud", "mending"],
  [[blocked], "cloud", "mending"],
  [notAllowed, "cloud"]
]
/** What EC2 says of it more closely is not all known. */
const family = (code: string) => (code.startsWith("AuthFailure.") && code !== noSpotRole ? "AuthFailure" : code)
const classOf = (code: string) => classes.find(([codes]) => codes.includes(family(bare(code))))

/** Of a reason why a machine ended while it began: `Server.InsufficientInstanceCapacity`. */
export const bare = (code: string) => code.replace(/^(Server|Client)\./, "")

/** Null: nothing of the kind is known. */
const scopeOf = (code: string): RefusalScope | null => {
  const known = classOf(code)
  return known?.[1] ?? (wrong.test(bare(code)) ? "everywhere" : null)
}

/** EC2 looks at the token first: who is told this has nothing under it. */
export const provesNothingHeld = (code: string): boolean => [...noCapacity, ...notInZone, ...noQuota, unverified].includes(code)

export const isThrottled = (code: string): boolean => throttled.includes(code)

/** An image or a network that was there is not there any more. */
export const isGone = ({ code }: Pick<CloudError, "code">): boolean =>
  code.startsWith("InvalidAMIID") || code === "InvalidSubnetID.NotFound" || code === "InvalidVpcID.NotFound"

/**
 * The refusals that are of the place as such: whatever machine is asked for there, it is not given. An image, room and quota are those of a
 * kind.
 */
const ofThePlace = [
  "VPCIdNotSpecified",
  "DefaultVpcDoesNotExist",
  "InvalidVpcID.NotFound",
  optIn,
  unverified,
  ...noKey,
  ...notAllowed.filter((code) => code !== "MarketplaceSubscription" && code !== "InvalidUserID.NotFound")
]

const isPassing = (code: string, status: number | undefined): boolean => passing.includes(code) || (status ?? 500) >= 500

/** How far away what wants to be subscribed to is, which its text alone tells: an image of the Marketplace is refused as that. */
const asTold = (code: string, message: string): { readonly scope: RefusalScope; readonly isOfPlace: boolean } => {
  const said = bare(code)
  if (said === optIn && /marketplace/i.test(message)) return asTold("MarketplaceSubscription", message)
  const scope = said === optIn && /\baccount\b/i.test(message) ? "cloud" : (scopeOf(code) ?? scopeUnknown)
  return { scope, isOfPlace: ofThePlace.includes(family(said)) }
}

export const refusedBy = (code: string, message: string, left: CloudError["left"] = []): CloudError => {
  const want = classOf(code)?.[2]
  const { isOfPlace, scope } = asTold(code, message)
  return new CloudError({
    kind: "Refused",
    code,
    message,
    scope,
    ...(isOfPlace && { anyKind: true }),
    ...(want && { want }),
    ...(notTaken.includes(bare(code)) && { credentials: "invalid" }),
    ...(left.length > 0 && { left })
  })
}

/** `what`: the call, as EC2 names it. */
export const errorOf = (thrown: unknown, what: string, region: string): CloudError => {
  const error = asThrown(thrown)
  const code = codeOf(error)
  const status = error.$metadata?.httpStatusCode
  const where = region === "" ? what : `${what} in ${region}`
  if (isForeign(error)) {
    const kind = error.$response?.headers?.["content-type"]
    const said = kind ? `HTTP ${status}, ${inner(kind)}` : `HTTP ${status}`
    return passingBy(notAws, `what answered is not AWS: ${said} (${where})`)
  }
  const message = `${inner((error.message ?? code).trim())} (${code}, ${where})`
  // That there are no credentials is said by the SDK, which asked nobody, and is final all the same.
  if (scopeOf(code) === null && isPassing(code, status)) return passingBy(code, message)
  return refusedBy(code, message)
}
