/**
 * What to do where AWS refuses who asks, or is not reached: its own words name neither the profile nor the endpoint, nor the way to a
 * right. Pure.
 */
import { withoutKeys } from "../../../task/without-keys.ts"
import { CloudError } from "../Cloud.ts"
import { blocked, noSpotRole } from "./errors.ts"
import { notAws } from "./own-answers.ts"

type Env = Readonly<Record<string, string | undefined>>

const restart = "restart the daemon (sky daemon restart)"
/** There are none, or none that can be read. */
const unfound = ["CredentialsProviderError", "TokenProviderError"]
const useless = [
  "AuthFailure",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "MissingAuthenticationToken",
  "RequestExpired",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException"
]
/** A right is missing, and the credentials are good. */
export const denied = ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"]
const endpoints = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"]
/** Of the system, and of an address that is none. */
const isUnreached = (code: string) => /^E[A-Z_]+$/.test(code) || code === "TypeError"

const makesSpotRole = "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"

/** A region that is mistyped is an address that nobody has. The SDK asks of no other place where its own region is from. */
const ofRegion = (message: string, env: Env): string => {
  const [, service, region] = /ENOTFOUND (\w+)\.([a-z0-9-]+)\.amazonaws\./.exec(message) ?? []
  const named = (["AWS_REGION", "AWS_DEFAULT_REGION"] as const).find((name) => env[name])
  if (region === undefined || (named === undefined ? service !== "sts" : env[named] !== region)) return "is this machine on the network?"
  const asks = `is this machine on the network, and is ${region} a region?`
  if (named !== undefined) return `${asks} ${named} says so: set it to another and ${restart}`
  const profile = env["AWS_PROFILE"]
  return `${asks} The profile '${profile || "default"}' says so: aws configure set region REGION${profile ? ` --profile ${profile}` : ""}`
}

const wayOn = ({ code, message }: CloudError, env: Env, right: string | undefined): string | undefined => {
  if (code === noSpotRole) return `spot machines take a role of the account, which is made once, by who may: ${makesSpotRole}`
  if (code === blocked) return "AWS alone lifts that: ask its support"
  if (denied.includes(code)) return right && `allow them ${right}; all that they may not: sky check aws`
  const profile = env["AWS_PROFILE"]
  const name = profile ? ` --profile ${profile}` : ""
  if (unfound.includes(code) || useless.includes(code)) {
    const isSet = !profile && env["AWS_ACCESS_KEY_ID"]
    const set = `set ${profile ? "another AWS_PROFILE" : `AWS_PROFILE or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY${env["AWS_SESSION_TOKEN"] ? " and AWS_SESSION_TOKEN" : ""}`} and ${restart}`
    return isSet ? `AWS_ACCESS_KEY_ID is set: ${set}` : `run aws configure${name} or aws sso login${name}, or ${set}`
  }
  if (!isUnreached(code) && code !== notAws) return undefined
  const endpoint = endpoints.find((one) => env[one])
  const onTheWay = code === notAws ? "is there a proxy or a login page on the way?" : ofRegion(message, env)
  return endpoint === undefined
    ? onTheWay
    : `${endpoint} is ${withoutKeys(env[endpoint]!)}: unset it, or set it to one that answers, and ${restart}`
}

/** `env`: of the daemon, which is the SDK's; `right`: what the call takes. */
export const withWayOn = (error: CloudError, env: Env, right?: string): CloudError => {
  const way = wayOn(error, env, right)
  const profile = env["AWS_PROFILE"]
  const which = profile && unfound.includes(error.code) ? `of the profile '${profile}' (AWS_PROFILE): ` : ""
  return way === undefined ? error : new CloudError({ ...error, message: `${which}${error.message}: ${way}` })
}
