/** What to do about a refusal, which Google says of hardly any. */
import { withoutKeys } from "../../../task/without-keys.ts"
import { butFor } from "../../rented/errors.ts"
import { CloudError } from "../Cloud.ts"
import { mending, type Project } from "./credentials.ts"
import { ofTheImage } from "./errors.ts"

const saying = (error: CloudError, more: string) => butFor(error, { message: `${error.message}: ${more}` })

const ofProject = (error: CloudError, project: Project | undefined) =>
  project === undefined ? error : saying(error, `the project's name is from ${project.from}`)

const endpoint = "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"
/** Nobody answers there, or somebody else does. */
const isOfEndpoint = ({ code, message }: CloudError, at: string): boolean => {
  if (/^\d{3}$/.test(code)) return true
  return /^E[A-Z_]+$/.test(code) && message.includes(URL.canParse(at) ? new URL(at).hostname : at)
}

/** `what`: the call, as the API names it. */
export const withWayOn = (error: CloudError, what: string, project: Project | undefined): CloudError => {
  const at = process.env[endpoint]
  if (at && isOfEndpoint(error, at))
    return saying(
      error,
      `${endpoint} is ${withoutKeys(at)}: unset it, or set it to one that answers, and restart the daemon (sky daemon restart)`
    )
  switch (error.code) {
    case "invalid":
      return /field 'project'/.test(error.message) ? ofProject(error, project) : error
    case "Credentials":
    case "authError":
    case "required":
      return saying(error, mending())
    case "accessNotConfigured":
    case "SERVICE_DISABLED":
      return project === undefined ? error : saying(error, `gcloud services enable compute.googleapis.com --project ${project.name}`)
    case "forbidden":
    case "IAM_PERMISSION_DENIED":
      // What a check asks for itself.
      return what === "projects.get" ? error : saying(error, "all that its credentials may not: sky check gcp")
    case "PROJECT_NOT_FOUND":
      return ofProject(error, project)
    default:
      return error
  }
}

const ofNoImage = "there is no image"

/** Of the image that was named for its region, in our words: GCP's are of a field. Where another region has another one, that may do. */
export const ofImage = (error: CloudError, id: string, isOnlyOne: boolean): CloudError => {
  const { code, kind, left, message } = error
  if (!ofTheImage.includes(code)) return error
  const isPlain = code !== "IMAGE_NOT_FOUND" || message.startsWith(ofNoImage)
  const words = isPlain ? message : `${ofNoImage} '${id}': name another one as image_id. ${message}`
  return new CloudError({ kind, code, message: words, scope: isOnlyOne ? "cloud" : "region", ...(left && { left }) })
}
