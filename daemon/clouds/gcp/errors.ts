/**
 * What Compute Engine's errors mean for who launches: how far away they reach, and whether asking again helps. They come as the answer to a
 * call, with a reason, or in an operation that was accepted and failed, with a code. What the cloud said is kept in its own words. Pure.
 */
import type { RefusalScope, RefusalWant } from "../../../events/values.ts"
import { inner } from "../../../task/sentence.ts"
import { passingBy, scopeUnknown } from "../../rented/errors.ts"
import { CloudError } from "../Cloud.ts"
import { notTaken } from "./not-taken.ts"
import { roleOf } from "./permissions.ts"

/** There is none of it now, of this type, in this zone. */
const noCapacity = [
  "ZONE_RESOURCE_POOL_EXHAUSTED",
  "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
  "RESOURCE_POOL_EXHAUSTED",
  "STOCKOUT",
  "GPU_STOCKOUT",
  "INSUFFICIENT_CAPACITY",
  "insufficientCapacity",
  "PREEMPTED",
  "VM_MIN_COUNT_NOT_REACHED"
]
const notInZone = ["UNSUPPORTED_OPERATION", "RESOURCE_NOT_FOUND"]
const noQuota = ["QUOTA_EXCEEDED", "quotaExceeded", "limitExceeded"]
const notInRegion = ["IP_SPACE_EXHAUSTED", "IP_SPACE_EXHAUSTED_WITH_DETAILS", "SUBNET_NOT_FOUND"]
const notAllowed = [
  ...notTaken,
  "VPC_NOT_FOUND",
  "PROJECT_NOT_FOUND",
  "IAM_PERMISSION_DENIED",
  "PERMISSIONS_ERROR",
  "forbidden",
  "accessNotConfigured",
  "SERVICE_DISABLED",
  "BILLING_DISABLED",
  "billingNotEnabled",
  "billingDisabled",
  "accountDisabled",
  "CONDITION_NOT_MET",
  "conditionNotMet",
  "ORG_POLICY",
  "Config"
]
export const ofTheImage = ["IMAGE_NOT_FOUND", "DISK_SMALLER_THAN_IMAGE"]
const notInCloud = [...notAllowed, ...ofTheImage, "labelInvalid"]
/** It wants to be asked more slowly: nothing was done. */
const throttled = [
  "rateLimitExceeded",
  "userRateLimitExceeded",
  "RATE_LIMIT_EXCEEDED",
  "RESOURCE_OPERATION_RATE_EXCEEDED",
  "OPERATION_RATE_EXCEEDED"
]
/** The same call may go well in a while. */
export const passing = [
  ...throttled,
  "backendError",
  "internalError",
  "resourceInUseByAnotherResource",
  "resourceInUse",
  "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
  "RESOURCE_IN_USE",
  "resourceNotReady"
]
/** The wish itself is wrong, wherever it goes. */
const wrong = ["invalid", "badRequest", "invalidParameter", "parseError", "INVALID_USAGE", "INVALID_FIELD_VALUE"]

const classes: ReadonlyArray<readonly [ReadonlyArray<string>, RefusalScope, RefusalWant?]> = [
  [noCapacity, "zone", "room"],
  [notInZone, "zone"],
  [["RESOURCE_NOT_READY"], "zone", "time"],
  [["REGION_RESOURCE_POOL_EXHAUSTED"], "region", "room"],
  [noQuota, "region", "quota"],
  [notInRegion, "region"],
  [notInCloud, "cloud"],
  [wrong, "everywhere"]
]
const classOf = (code: string) => classes.find(([codes]) => codes.includes(code))

/** There is no such thing (any more), as an answer or an operation says it; or there is one already. */
export const isNotThere = (code: string): boolean => code === "notFound" || code === "RESOURCE_NOT_FOUND"
export const isThere = (code: string): boolean => code === "alreadyExists" || code === "RESOURCE_ALREADY_EXISTS"

/** An image or a network that was there is not there any more. */
export const isGone = ({ code, message }: Pick<CloudError, "code" | "message">): boolean =>
  code === "IMAGE_NOT_FOUND" || networkGone.test(message)
export const isThrottled = (code: string): boolean => throttled.includes(code)

/** The refusals that are of the place as such: whatever machine is asked for there, it is not given. */
const ofThePlace = [...notAllowed, ...notInRegion]

const vague = ["notFound", "forbidden", "conditionNotMet", "CONDITION_NOT_MET", "RESOURCE_NOT_FOUND", "UNSUPPORTED_OPERATION"]
/** Words that say more than the reason they come with. */
const meant: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bpreempted\b|^STOPPING$/i, "PREEMPTED"],
  [/disk size.*(smaller|less) than/i, "DISK_SMALLER_THAN_IMAGE"],
  [/VM_EXTERNAL_IP_ACCESS_POLICY|vmExternalIpAccess|violates constraint|constraints\/[a-z]/i, "ORG_POLICY"],
  [/billing (account|has|is|to be)|BILLING_DISABLED/i, "BILLING_DISABLED"],
  [/has not been used in project|it is disabled|SERVICE_DISABLED/i, "SERVICE_DISABLED"],
  [
    /(machineTypes?|acceleratorTypes?|machine type|accelerator type)\b.*(does not exist|not found|cannot be found|not available|unknown)/i,
    "RESOURCE_NOT_FOUND"
  ],
  [/^(the resource 'projects\/[^/']+' was not found|failed to find project |unknown project)/i, "PROJECT_NOT_FOUND"],
  [/images?\b.*(not found|cannot be found|does not exist)/i, "IMAGE_NOT_FOUND"]
]
const networkGone = /\b(sub)?networks\/\S+.*(does not exist|not found|cannot be found)/i
const meaningOf = (code: string, message: string): string => {
  if (wrong.includes(code) && networkGone.test(message)) return "SUBNET_NOT_FOUND"
  const isVague = wrong.includes(code) || vague.includes(code)
  return (isVague ? meant.find(([words]) => words.test(message))?.[1] : undefined) ?? code
}

/** A quota that holds for all regions together. */
const isGlobalQuota = (code: string, message: string) =>
  (code === "QUOTA_EXCEEDED" || code === "quotaExceeded") && /ALL_REGIONS|\bglobally\b/.test(message)

export const refusedBy = (code: string, message: string): CloudError => {
  const meaning = meaningOf(code, message)
  const isOfAny = ofThePlace.includes(meaning) || (isGlobalQuota(code, message) && message.includes("CPUS_ALL_REGIONS"))
  const [, scope = scopeUnknown, want] = classOf(meaning) ?? []
  return new CloudError({
    kind: "Refused",
    code: meaning,
    message,
    scope: isGlobalQuota(code, message) ? "cloud" : scope,
    ...(isOfAny && { anyKind: true }),
    ...(want && { want }),
    ...(notTaken.includes(meaning) && { credentials: "invalid" })
  })
}

/** The body of an answer that is an error, as the REST API writes it; of it Google's client keeps the message alone. */
export interface ErrorBody {
  readonly error?: {
    readonly message?: string
    readonly errors?: ReadonlyArray<{ readonly reason?: string; readonly message?: string }>
    readonly details?: ReadonlyArray<{ readonly reason?: string }>
  }
}
interface Thrown {
  readonly code?: number | string
  readonly httpStatusCode?: number
  readonly message?: string
  readonly cause?: { readonly code?: string }
}

const usualReasons: Readonly<Record<number, string>> = {
  401: "authError",
  403: "forbidden",
  404: "notFound",
  409: "alreadyExists",
  429: "rateLimitExceeded"
}

/** Rights to the login itself, not to one thing. */
const loginIsOver =
  /invalid_grant|(invalid|unauthorized|deleted)_client|invalid_rapt|reauth|could not refresh access token|Could not load the default credentials/i

/** `what`: the call, as the API names it; `body`: what came with it. */
export const errorOf = (thrown: unknown, body: ErrorBody | undefined, what: string, where: string): CloudError => {
  const error = (typeof thrown === "object" && thrown !== null ? thrown : { message: String(thrown) }) as Thrown
  const status = error.httpStatusCode
  const [first] = body?.error?.errors ?? []
  const known = body?.error?.details?.find(({ reason }) => reason !== undefined && classOf(reason) !== undefined)?.reason
  // What is not in the API's words may come from anybody on the way, and refuses nothing.
  const isItsWord = body?.error !== undefined && status !== undefined
  const reason = known ?? first?.reason ?? (isItsWord ? usualReasons[status] : undefined)
  const code = reason ?? error.cause?.code ?? `${status ?? error.code ?? "Error"}`
  const isOver = loginIsOver.test(error.message ?? "")
  const foreign = status !== undefined && !isItsWord && !isOver ? `what answered for GCP is not its API: HTTP ${status}` : undefined
  const words = first?.message ?? body?.error?.message ?? foreign ?? error.message ?? code
  const role = roleOf(/'(compute\.[\w.]+)' permission/.exec(words)?.[1] ?? "")
  const said = `${inner(words.trim())} (${code}, ${what}${where === "" ? "" : ` in ${where}`}${role === undefined ? "" : `; ${role} brings it`})`
  const isUnreached = status === undefined && /^E[A-Z_]+$/.test(code)
  const message = isUnreached
    ? `GCP is not reached: ${said}`
    : status !== undefined && status >= 500
      ? `GCP answered ${status}: ${said}`
      : said
  if (isOver) return refusedBy("Credentials", message)
  // It has accepted other words under this id, and does not list the operation yet. The API tells nobody how it says that, so what names
  // the id is it.
  if (wrong.includes(code) && /\brequest ?id\b/i.test(words)) return passingBy("RequestIdUsed", message)
  if (passing.includes(code) || (reason === undefined && (!isItsWord || status >= 500))) return passingBy(code, message)
  return refusedBy(code, message)
}
