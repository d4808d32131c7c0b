/** What to do where the account cannot be asked at all: AWS's own words name neither the profile nor the endpoint. Pure. */
import { withoutKeys } from "../../../task/without-keys.ts"
import { CloudError } from "../Cloud.ts"
import { notAws } from "./own-answers.ts"

type Env = Readonly<Record<string, string | undefined>>

const restart = "restart the daemon (sky daemon restart)"
/** There is an account, which may not do what it was asked. */
export const denied = ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"]
/** There are none, or none that can be read. */
const unfound = ["CredentialsProviderError", "TokenProviderError"]
const useless = [
  "AuthFailure",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException"
]
const endpoints = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"]
/** Of the system, and of an address that is none. */
const isUnreached = (code: string) => /^E[A-Z_]+$/.test(code) || code === "TypeError"

const wayOn = (code: string, env: Env): string | undefined => {
  const profile = env["AWS_PROFILE"]
  const name = profile ? ` --profile ${profile}` : ""
  if (unfound.includes(code) || useless.includes(code)) {
    const isSet = !profile && env["AWS_ACCESS_KEY_ID"]
    const set = `set ${profile ? "another AWS_PROFILE" : "AWS_PROFILE or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY"} and ${restart}`
    return isSet ? `AWS_ACCESS_KEY_ID is set: ${set}` : `run aws configure${name} or aws sso login${name}, or ${set}`
  }
  if (!isUnreached(code) && code !== notAws) return undefined
  const endpoint = endpoints.find((one) => env[one])
  const onTheWay = code === notAws ? "is there a proxy or a login page on the way?" : "is this machine on the network?"
  return endpoint === undefined
    ? onTheWay
    : `${endpoint} is ${withoutKeys(env[endpoint]!)}: unset it, or set it to one that answers, and ${restart}`
}

/** `call`: which was refused, and is what its permission is called. */
export const withRight = (error: CloudError, call: string): CloudError =>
  denied.includes(error.code) ? new CloudError({ ...error, message: `${error.message}: its credentials need ec2:${call}` }) : error

/** `env`: of the daemon, which is the SDK's. */
export const withWayOn = (error: CloudError, env: Env): CloudError => {
  const way = wayOn(error.code, env)
  const profile = env["AWS_PROFILE"]
  const which = profile && unfound.includes(error.code) ? `of the profile '${profile}' (AWS_PROFILE): ` : ""
  return way === undefined ? error : new CloudError({ ...error, message: `${which}${error.message}: ${way}` })
}
